package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * How the kernels read the rows of one block format. Stateless. Segments are native or mapped
 * memory: a hot loop that sees heap arrays as well loses its inlining.
 *
 * <p>A product with one row of activations may multiply several rows of weights at a time, and
 * takes scales as it comes to a block. Where numbers are decoded for other products, the packed
 * scales of a row are read first.
 *
 * <p>Loops that differ in a load alone are written out in each format: one loop for all would call
 * the load, and the compiler would box the vectors that it returns.
 */
interface StoredRows {
  /** The most rows that {@link #dots} multiplies. */
  int MAX_ROWS = 4;

  /**
   * Reads the scales of {@code n} stored numbers, whole blocks, for {@link #decode} and {@link
   * #readVectors}. Formats that take them as they go do nothing.
   *
   * @param offset bytes to the first block
   * @param to receives them, in the format's own order
   */
  default void readScales(MemorySegment w, long offset, int n, RowScratch to) {}

  /**
   * Decodes {@code n} numbers, whole blocks, to the same bits as the format's own decoding.
   *
   * @param offset bytes to the first block
   * @param scales what {@link #readScales} read
   */
  void decode(MemorySegment w, long offset, float[] dst, int at, int n, RowScratch scales);

  /**
   * Returns how many rows {@link #dots} multiplies, at most {@link #MAX_ROWS}: it reads them in one
   * loop, so that a load of activations serves all, as many as registers hold.
   */
  default int rows() {
    return 1;
  }

  /**
   * Computes the dot products of {@link #rows} stored rows with {@code x}. They should be far
   * apart: memory is then read as streams that the processor recognises, where neighbours look like
   * one that jumps.
   *
   * @param first bytes to the first row
   * @param apart bytes from each row to the next
   * @param x numbers from index 0
   * @param prepared what {@link #prepare} wrote
   * @param n numbers of a row, whole blocks
   * @param room scratch memory
   * @param sums receives for each row the lanes whose sum is the product
   */
  void dots(
      MemorySegment w,
      long first,
      long apart,
      float[] x,
      float[] prepared,
      int n,
      RowScratch room,
      float[] sums);

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
   * @param prepared receives {@link #prepared} numbers
   */
  default void prepare(float[] x, int n, float[] prepared) {}

  /**
   * Reads what {@link #vector} needs of a row: the scales of a format whose vectors decode in a few
   * instructions, all numbers of another.
   *
   * @param offset bytes to the first block
   * @param n numbers of the row, whole blocks
   */
  default void readVectors(MemorySegment w, long offset, int n, RowScratch to) {
    to.reserveNumbers(n);
    readScales(w, offset, n, to);
    decode(w, offset, to.numbers, 0, n, to);
  }

  /**
   * Returns a vector of a row, to be multiplied with several rows of activations.
   *
   * @param row bytes to the row's first block
   * @param i the vector's first number, a multiple of the lanes
   * @param of what {@link #readVectors} wrote
   */
  default FloatVector vector(MemorySegment w, long row, int i, RowScratch of) {
    return FloatVector.fromArray(Lanes.F, of.numbers, i);
  }

  /**
   * Returns the product of the numbers of a row that fill no vector.
   *
   * @param offset bytes to the first of them
   * @param i where they start in {@code x}
   * @param n where they end
   * @param room memory for them
   */
  default float rest(MemorySegment w, long offset, float[] x, int i, int n, RowScratch room) {
    room.reserveNumbers(n - i);
    decode(w, offset, room.numbers, 0, n - i, room);
    return FloatDots.dot(room.numbers, 0, x, i, n - i);
  }
}
