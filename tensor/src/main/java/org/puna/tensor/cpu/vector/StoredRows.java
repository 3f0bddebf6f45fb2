package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;

/**
 * How the kernels read the rows of one block format. Stateless. Segments are native or mapped
 * memory: a hot loop that sees heap arrays as well loses its inlining.
 *
 * <p>A product with one row of activations multiplies two rows of weights at a time. Formats whose
 * scales are packed read those of both rows first, so that each loop stays short enough for the
 * compiler; formats with one scale a block take it as they go.
 */
interface StoredRows {
  /**
   * Decodes {@code n} numbers, whole blocks, to the same bits as the format's own decoding.
   *
   * @param offset bytes to the first block
   * @param room memory for scales
   */
  void decode(MemorySegment w, long offset, float[] dst, int at, int n, Scales room);

  /**
   * Reads the scales of {@code n} stored numbers, whole blocks. Formats without scales do nothing.
   *
   * @param to receives them, in the format's own order
   */
  default void readScales(MemorySegment w, long offset, int n, Scales to) {}

  /**
   * Computes the dot products of two stored rows with {@code x}; loads of {@code x} serve both. The
   * rows should be far apart: memory is then read as two streams that the processor recognises,
   * where neighbours look like one that jumps.
   *
   * @param first bytes to the first row, whose scales were read to {@code a}
   * @param second bytes to the second row, whose scales were read to {@code b}; may be the first
   * @param x numbers from index 0
   * @param sums what {@link #prepare} wrote
   * @param n numbers of a row, whole blocks
   * @param y receives the products at {@code i} and {@code j}
   */
  void dots(
      MemorySegment w,
      long first,
      long second,
      float[] x,
      float[] sums,
      int n,
      Scales a,
      Scales b,
      float[] y,
      int i,
      int j);

  /** Returns how many numbers {@link #prepare} writes for a row of {@code n}. */
  default int prepared(int n) {
    return 0;
  }

  /**
   * Computes what products need of a row of activations besides the row, once for all rows of
   * weights: mostly sums, for blocks whose zero is not at code zero.
   *
   * @param x numbers from index 0
   * @param n how many, whole blocks
   * @param sums receives {@link #prepared} numbers
   */
  default void prepare(float[] x, int n, float[] sums) {}
}
