package org.puna.tensor;

/** What a backend does with copies of weights in a layout of its own. */
public enum Repacking {
  /** Makes none. */
  NONE,

  /** Products of few tokens use them, with activations as they are, in float32. */
  FLOAT32,

  /**
   * Activations are rounded to eight bits as in the format Q8_0, a factor for each 32 numbers,
   * where they are multiplied with weights in a format that may have copies. Products that gain by
   * copies use them; each is made by the first such product.
   */
  INT8
}
