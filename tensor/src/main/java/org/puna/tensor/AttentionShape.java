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
 */
public record AttentionShape(
    int nHeads, int nKvHeads, int headDim, float scale, int window, int chunk, float softcap) {
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
}
