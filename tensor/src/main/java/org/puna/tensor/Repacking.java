package org.puna.tensor;

/** What a backend does with copies of weights in a layout of its own. */
public enum Repacking {
  /** Makes none. */
  NONE,

  /** Products of few tokens use them, with activations as they are, in float32. */
  FLOAT32,

  /**
   * All products use them, with activations rounded to eight bits as in the format Q8_0: a factor
   * for each 32 numbers. Copies are made by the first product with their weight, so that no result
   * depends on how many came before.
   */
  INT8
}
