package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;

/**
 * The product of two groups of {@link Interleaved} rows with one row of {@link Int8Activations}. A
 * part of a row is summed in whole numbers, so that rows alone and in tiles give the same bits.
 */
interface Int8Product {
  /**
   * Adds the products of codes and scales to the sums.
   *
   * @param first bytes to the first group's codes
   * @param second bytes to the second group's codes
   * @param x [k / 2] pairs of activations from index {@code at}, and then [parts] words that take
   *     off the zero of codes
   * @param factors [parts] of the activations from index {@code factorsAt}
   * @param scales0 [parts, lanes] of the first group
   * @param scales1 [parts, lanes] of the second group
   * @param sums [2, lanes]; holds what is due to the minima of codes
   */
  void multiply(
      MemorySegment w,
      long first,
      long second,
      int[] x,
      int at,
      float[] factors,
      int factorsAt,
      float[] scales0,
      float[] scales1,
      int k,
      float[] sums);
}
