package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Scratch memory for one stored row: the scales of its blocks as floats, its numbers; of one
 * thread, used again and again.
 */
final class RowScratch {
  /** What the scales and minima of a block are multiplied by. */
  private static final float[] NIBBLES = new float[16];

  static {
    for (int i = 0; i < 16; i++) NIBBLES[i] = i >= 8 ? -1 : i % 2 == 1 ? 1 / 16f : 1;
  }

  /** A factor for each run of numbers that share one, and what else belongs to a block. */
  float[] scales = new float[0];

  /** Decoded numbers of the row, for those who cannot use them as they come. */
  float[] numbers = new float[0];

  /** Codes of the row's numbers, a byte each. */
  byte[] codes = new byte[0];

  /** Makes room for {@code n} codes. */
  void reserveCodes(int n) {
    if (codes.length < n) codes = new byte[n];
  }

  /** Makes room for {@code n} scales. */
  void reserve(int n) {
    if (scales.length < n) scales = new float[n];
  }

  /** Makes room for {@code n} decoded numbers. */
  void reserveNumbers(int n) {
    if (numbers.length < n) numbers = new float[n];
  }

  /**
   * Reads the scales and minima of blocks of 256 numbers in eight parts, as Q4_K and Q5_K have
   * them: two half-precision factors and twelve bytes of 6-bit codes, at each block's start. Writes
   * [blocks, 16]: eight scales, every second one divided by sixteen because the codes that it is
   * for are upper nibbles and left where they are, then eight minima, negative.
   *
   * @param step bytes of a block
   */
  void readSixBits(MemorySegment w, long offset, int step, int blocks) {
    reserve(16 * blocks);
    for (int b = 0; b < blocks; b++) {
      long block = offset + (long) b * step;
      if (Lanes.N == 16) {
        SixBits.factors(w, block)
            .mul(FloatVector.fromArray(Lanes.F, NIBBLES, 0))
            .intoArray(scales, 16 * b);
      } else {
        long codes = SixBits.scales(w, block);
        long minCodes = SixBits.mins(w, block);
        float d = Lanes.tableHalf(w, block);
        float dMin = Lanes.tableHalf(w, block + 2);
        for (int i = 0; i < 8; i++) {
          scales[16 * b + i] = NIBBLES[i] * d * (codes >>> 8 * i & 0xff);
          scales[16 * b + 8 + i] = -dMin * (minCodes >>> 8 * i & 0xff);
        }
      }
    }
  }
}
