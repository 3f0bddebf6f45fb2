package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;

/**
 * The product of a few stored rows with some rows of activations. Weights are decoded in registers,
 * once for all rows; activations are read from memory where vectors lie one after the other.
 */
interface RowsProduct {
  /** Returns how many stored rows are multiplied. */
  int stored();

  /** Returns how many rows of activations are multiplied. */
  int rows();

  /**
   * Computes the lanes of the sums.
   *
   * @param first bytes to the first stored row
   * @param apart bytes from each to the next, far where possible
   * @param scales for each row, what {@link StoredRows#readVectors} wrote
   * @param x [n / lanes, rows, lanes] float32
   * @param at where the activations start in {@code x}
   * @param n numbers of a row, whole vectors
   * @param sums receives [stored, rows, lanes]
   */
  void multiply(
      MemorySegment w,
      long first,
      long apart,
      RowScratch[] scales,
      float[] x,
      int at,
      int n,
      float[] sums);
}
