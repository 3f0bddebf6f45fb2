package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;

/**
 * How the kernels read the rows of one block format. Stateless. Segments are native or mapped
 * memory: a hot loop that sees heap arrays as well loses its inlining.
 */
interface StoredRows {
  /**
   * Decodes {@code n} numbers, whole blocks, to the same bits as the format's own decoding.
   *
   * @param offset bytes to the first block
   */
  void decode(MemorySegment w, long offset, float[] dst, int at, int n);

  /**
   * Returns the dot product of {@code n} stored numbers, whole blocks, with {@code x}.
   *
   * @param sums sums of 32 consecutive numbers of {@code x} each, from index {@code xAt / 32}; read
   *     only by formats that say so in {@link #needsSums}
   * @param room scratch memory of this thread
   */
  float dot(MemorySegment w, long offset, float[] x, int xAt, int n, float[] sums, Room room);

  /** Returns whether {@link #dot} reads the sums of {@code x}. */
  default boolean needsSums() {
    return false;
  }
}
