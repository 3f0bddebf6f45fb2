package org.puna.tensor;

/**
 * A named weight. The name is the canonical one (GGUF's), by which gradients, optimisers and error
 * messages speak of it.
 *
 * @param name such as {@code blk.0.attn_q.weight}
 * @param tensor its numbers
 */
public record Param(String name, Tensor tensor) {
  @Override
  public String toString() {
    return name + " " + tensor;
  }
}
