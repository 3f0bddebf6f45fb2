package org.puna.tensor;

/**
 * Sizes and options of an attention.
 *
 * @param nHeads query heads
 * @param nKvHeads key and value heads; query head h reads head {@code h · nKvHeads / nHeads}
 * @param headDim columns of a head
 * @param scale factor on the scores
 * @param window positions a query sees, its own included; 0 for all
 * @param chunk queries see only positions of their own chunk of this many; 0 for all
 * @param softcap cap of the scores, 0 for none
 * @param causal whether a query sees no later position; otherwise it sees all of its sequence
 */
public record AttentionShape(
    int nHeads,
    int nKvHeads,
    int headDim,
    float scale,
    int window,
    int chunk,
    float softcap,
    boolean causal) {
  /** Checks the sizes. */
  public AttentionShape {
    if (nHeads < 1 || nKvHeads < 1 || headDim < 1 || nHeads % nKvHeads != 0) {
      throw new IllegalArgumentException(
          "attention: bad shape: "
              + nHeads
              + " heads, "
              + nKvHeads
              + " key-value heads of "
              + headDim);
    }
    if (window < 0 || chunk < 0) throw new IllegalArgumentException("attention: negative span");
    if (!causal && (window > 0 || chunk > 0)) {
      throw new IllegalArgumentException("attention: a span of attention that is not causal");
    }
  }

  /** Causal attention. */
  public AttentionShape(
      int nHeads, int nKvHeads, int headDim, float scale, int window, int chunk, float softcap) {
    this(nHeads, nKvHeads, headDim, scale, window, chunk, softcap, true);
  }

  /** Returns the columns of all queries: nHeads · headDim. */
  public int qCols() {
    return nHeads * headDim;
  }

  /** Returns the columns of all keys, or of all values: nKvHeads · headDim. */
  public int kvCols() {
    return nKvHeads * headDim;
  }

  /** Returns the first position that a query at {@code position} sees. */
  public int firstVisible(int position) {
    int first = 0;
    if (window > 0) first = Math.max(first, position - window + 1);
    if (chunk > 0) first = Math.max(first, position - position % chunk);
    return first;
  }

  /**
   * Returns the position after the last that a query at {@code position} sees.
   *
   * @param length positions of its sequence
   */
  public int endVisible(int position, int length) {
    return causal ? position + 1 : length;
  }
}
