package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The scales of one stored row's blocks as floats, and room for its numbers; memory of one thread,
 * used again and again.
 */
final class Scales {
  private static final VectorSpecies<Long> TWO_LONGS = LongVector.SPECIES_128;

  /** The upper eight lanes of sixteen. */
  private static final VectorMask<Float> UPPER =
      VectorMask.fromLong(Lanes.F, Lanes.N == 16 ? 0xff00 : 0);

  /** What the scales and minima of a block are multiplied by. */
  private static final float[] NIBBLES = new float[16];

  static {
    for (int i = 0; i < 16; i++) NIBBLES[i] = i < 8 && i % 2 == 1 ? 1 / 16f : 1;
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
   * for are upper nibbles and left where they are, then eight minima.
   *
   * @param step bytes of a block
   */
  void readSixBits(MemorySegment w, long offset, int step, int blocks) {
    reserve(16 * blocks);
    for (int b = 0; b < blocks; b++) {
      long o = offset + (long) b * step;
      long codes = Q4KRows.scales(w, o + 4);
      long minCodes = Q4KRows.mins(w, o + 4);
      float d = Lanes.tableHalf(w, o);
      float dMin = Lanes.tableHalf(w, o + 2);
      if (Lanes.N == 16) {
        LongVector both = LongVector.broadcast(TWO_LONGS, codes).withLane(1, minCodes);
        IntVector all =
            (IntVector)
                both.reinterpretAsBytes().convertShape(VectorOperators.ZERO_EXTEND_B2I, Lanes.I, 0);
        FloatVector factors = Lanes.all(d).blend(dMin, UPPER);
        Lanes.floats(all).mul(factors.mul(Lanes.at(NIBBLES, 0))).intoArray(scales, 16 * b);
      } else {
        for (int i = 0; i < 8; i++) {
          scales[16 * b + i] = NIBBLES[i] * d * (codes >>> 8 * i & 0xff);
          scales[16 * b + 8 + i] = dMin * (minCodes >>> 8 * i & 0xff);
        }
      }
    }
  }

  /** Writes, lane by lane, the sum of the first {@code n} scales times {@code x}. */
  void multiply(float[] x, int n, float[] sums, int at) {
    FloatVector sum = FloatVector.zero(Lanes.F);
    for (int i = 0; i < n; i += Lanes.N) sum = Lanes.at(scales, i).fma(Lanes.at(x, i), sum);
    sum.intoArray(sums, at);
  }

  /**
   * Sums each 32 numbers to go with {@link #readSixBits}: for each 256, eight zeros where the
   * scales are, and the eight sums, negative, where the minima are.
   */
  static void sumParts(float[] x, int n, float[] sums) {
    for (int b = 0; b < n / 32; b++) {
      float sum = 0;
      for (int i = b * 32; i < (b + 1) * 32; i++) sum += x[i];
      int at = b / 8 * 16 + b % 8;
      sums[at] = 0;
      sums[at + 8] = -sum;
    }
  }
}
