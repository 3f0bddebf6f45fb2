package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;

/** The product of two groups of {@link Interleaved} rows with some rows of activations. */
interface InterleavedProduct {
  /** Rows of activations at most: sixteen registers do not hold sixteen sums. */
  int MOST = Lanes.N == 8 ? 4 : 8;

  /**
   * What a loop over several rows of activations is defined for.
   *
   * @param sixBits whether codes have six bits, not four
   */
  record Rows(int rows, boolean sixBits, Interleaved.Parts parts) {}

  /** Returns how many rows of activations are multiplied. */
  int rows();

  /**
   * Adds the products of codes and scales to the sums.
   *
   * @param first bytes to the first group's codes
   * @param second bytes to the second group's codes
   * @param x [k, rows] from index {@code at}, as {@link Interleaved#prepare} ordered them
   * @param scales0 [parts, lanes] of the first group
   * @param scales1 [parts, lanes] of the second group
   * @param sums [2, rows, lanes]; holds what is due to the minima of codes
   */
  void multiply(
      MemorySegment w,
      long first,
      long second,
      float[] x,
      int at,
      float[] scales0,
      float[] scales1,
      int k,
      float[] sums);

  /**
   * Returns the number of rows of the loop that multiplies {@code rows} fastest: two rows one after
   * the other, for which weights come from the cache the second time.
   */
  static int together(int rows) {
    return rows <= 2 ? 1 : rows <= 4 ? 4 : MOST;
  }

  /** Returns the loop over words of nibbles for a number of rows, see {@link #together}. */
  static InterleavedProduct ofNibbles(int rows, Interleaved.Parts parts) {
    return rows == 1
        ? Specialised.of(InterleavedProduct.class, OneByNibbles.class, parts)
        : Specialised.of(
            InterleavedProduct.class, SeveralInterleaved.class, new Rows(rows, false, parts));
  }

  /** Returns the loop over codes of six bits for a number of rows, see {@link #together}. */
  static InterleavedProduct ofSixBits(int rows, Interleaved.Parts parts) {
    return rows == 1
        ? new OneBySixBits()
        : Specialised.of(
            InterleavedProduct.class, SeveralInterleaved.class, new Rows(rows, true, parts));
  }
}
