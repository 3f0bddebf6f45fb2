package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * The first sixteen bytes of a block of Q4_K and Q5_K: half-precision factors of scales and of
 * minima, then eight 6-bit codes of each in twelve bytes.
 */
final class SixBits {
  private static final int N = Lanes.N;
  private static final boolean WIDE = N == 16;

  /** Where the bytes of a word lie, and the lanes of a second word. */
  private static final IntVector BYTES =
      IntVector.zero(Lanes.I).addIndex(1).and(3).lanewise(LSHL, 3);

  private static final VectorMask<Integer> LAST_FOUR =
      VectorMask.fromLong(Lanes.I, N == 8 ? 0xf0 : 0);

  // For each of sixteen lanes, eight scales and eight minima: the word its code begins in, where
  // there, and the upper two bits that the last four of each have elsewhere.
  private static final VectorShuffle<Integer> WORD = WIDE ? shuffle(0x2222222211111111L) : none();
  private static final VectorShuffle<Integer> LAST = WIDE ? shuffle(0x3333333333333333L) : none();
  private static final IntVector RIGHT = words(0, 8, 16, 24, 6, 14, 22, 30);
  private static final IntVector KEPT = words(63, 63, 63, 63, 3, 3, 3, 3);
  private static final IntVector UP = words(0, 0, 0, 0, 4, 4, 4, 4);
  private static final IntVector LAST_RIGHT = halves(new int[] {0, 0, 0, 0, 0, 8, 16, 24}, 4);
  private static final IntVector LAST_KEPT = words(0, 0, 0, 0, 15, 15, 15, 15);

  /** The lanes of minima. */
  private static final VectorMask<Float> MINIMA = VectorMask.fromLong(Lanes.F, WIDE ? 0xff00 : 0);

  // The scales of the parts that are lower nibbles, and of those that are upper ones, for the lanes
  // of the first vector of words and for those of the second.
  static final VectorShuffle<Float> EVEN0 = parts(0);
  static final VectorShuffle<Float> ODD0 = parts(1);
  static final VectorShuffle<Float> EVEN1 = parts(4);
  static final VectorShuffle<Float> ODD1 = parts(5);

  private SixBits() {}

  /** Returns a part in the first eight lanes, the part after the next in the others. */
  private static VectorShuffle<Float> parts(int first) {
    return VectorShuffle.fromOp(Lanes.F, i -> (first + i / 8 * 2) % Lanes.N);
  }

  private static VectorShuffle<Integer> none() {
    return VectorShuffle.fromOp(Lanes.I, i -> i);
  }

  /** Returns a shuffle whose lanes are the hexadecimal digits of a number, lowest first. */
  private static VectorShuffle<Integer> shuffle(long digits) {
    return VectorShuffle.fromOp(Lanes.I, i -> (int) (digits >>> 4 * i & 0xf));
  }

  private static IntVector words(int... ofEight) {
    return halves(ofEight, 0);
  }

  /** Returns eight numbers, and once more with {@code more} added to the last four. */
  private static IntVector halves(int[] ofEight, int more) {
    int[] lanes = new int[16];
    Arrays.setAll(lanes, i -> ofEight[i % 8] + (i >= 12 ? more : 0));
    return IntVector.fromArray(Lanes.I, lanes, 0);
  }

  /** Returns eight scales and eight minima; only where vectors have sixteen lanes. */
  static FloatVector factors(MemorySegment w, long block) {
    IntVector head =
        (IntVector)
            IntVector.fromMemorySegment(IntVector.SPECIES_128, w, block, ByteOrder.LITTLE_ENDIAN)
                .reinterpretShape(Lanes.I, 0);
    IntVector first = head.rearrange(WORD).lanewise(LSHR, RIGHT).and(KEPT).lanewise(LSHL, UP);
    IntVector codes = head.rearrange(LAST).lanewise(LSHR, LAST_RIGHT).and(LAST_KEPT).or(first);
    FloatVector of = FloatVector.broadcast(Lanes.F, Lanes.tableHalf(w, block));
    return ((FloatVector) codes.castShape(Lanes.F, 0))
        .mul(of.blend(Lanes.tableHalf(w, block + 2), MINIMA));
  }

  /**
   * Sums each 32 numbers to go with {@link #factors}: for each 256, eight zeros where the scales
   * are, and the eight sums, negative, where the minima are.
   */
  static void sums(float[] x, int n, float[] to, int at) {
    for (int b = 0; b < n / 32; b++) {
      float sum = 0;
      for (int i = b * 32; i < (b + 1) * 32; i++) sum += x[i];
      int part = at + b / 8 * 16 + b % 8;
      to[part] = 0;
      to[part + 8] = -sum;
    }
  }

  /** Numbers that {@link #begin} keeps: the scales of a block, and sums for the whole row. */
  static final int KEPT_NUMBERS = 16;

  /**
   * Begins a block where vectors have eight lanes or four: writes its eight scales, and adds what
   * is due to its minima to the eight sums after them. Loops over blocks read each scale from there
   * into all lanes; as a call that takes no vector it boxes none.
   *
   * @param sums what {@link #sums} wrote for the block, from index {@code at}
   */
  static void begin(MemorySegment w, long block, float[] sums, int at, float[] kept) {
    long scales = scales(w, block);
    long mins = mins(w, block);
    float d = Lanes.tableHalf(w, block);
    float dMin = Lanes.tableHalf(w, block + 2);
    for (int u = 0; u < 8; u += N) {
      IntVector codes = IntVector.broadcast(Lanes.I, (int) (scales >>> 8 * u));
      if (N == 8) codes = codes.blend((int) (scales >>> 32), LAST_FOUR);
      codes = codes.lanewise(LSHR, BYTES).and(0xff);
      ((FloatVector) codes.castShape(Lanes.F, 0)).mul(d).intoArray(kept, u);
      codes = IntVector.broadcast(Lanes.I, (int) (mins >>> 8 * u));
      if (N == 8) codes = codes.blend((int) (mins >>> 32), LAST_FOUR);
      codes = codes.lanewise(LSHR, BYTES).and(0xff);
      FloatVector due = FloatVector.fromArray(Lanes.F, sums, at + 8 + u).mul(dMin);
      due = due.fma(codes.castShape(Lanes.F, 0), FloatVector.fromArray(Lanes.F, kept, 8 + u));
      due.intoArray(kept, 8 + u);
    }
  }

  /** Returns the codes of eight scales, a byte each, lowest first. */
  static long scales(MemorySegment w, long block) {
    int a = Lanes.word(w, block + 4);
    int c = Lanes.word(w, block + 12);
    return join(a & 0x3f3f3f3f, c & 0x0f0f0f0f | a >>> 2 & 0x30303030);
  }

  /** Returns the codes of eight minima, a byte each, lowest first. */
  static long mins(MemorySegment w, long block) {
    int b = Lanes.word(w, block + 8);
    int c = Lanes.word(w, block + 12);
    return join(b & 0x3f3f3f3f, c >>> 4 & 0x0f0f0f0f | b >>> 2 & 0x30303030);
  }

  private static long join(int low, int high) {
    return low | (long) high << 32;
  }
}
