package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static org.puna.tensor.cpu.vector.Lanes.all;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rows of Q6_K: 210 bytes hold 256 low nibbles, 256 high pairs, sixteen signed scales and a
 * half-precision factor.
 */
final class Q6KRows implements StoredRows {
  private static final int BLOCK = 210;
  private static final int HIGH = 128;
  private static final int SCALES = 192;
  private static final int FACTOR = 208;

  /** The low four bits of four codes, and their two high bits. */
  private static final int LOW = 0x0f0f0f0f;

  private static final int PAIR = 0x30303030;

  /** The code of zero. */
  private static final byte ZERO = 32;

  private static final VectorSpecies<Float> F = Lanes.F;
  private static final VectorSpecies<Integer> I = Lanes.I;
  private static final int N = Lanes.N;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  /** The last eight words, twice. */
  private static final VectorShuffle<Integer> UPPER_TWICE =
      VectorShuffle.fromOp(I, i -> (8 + i % 8) % N);

  /** Where the high bits of a word are that go with it: further up in the last eight lanes. */
  private static final IntVector PAIR_OF =
      IntVector.zero(I).addIndex(1).lanewise(LSHR, 3).lanewise(LSHL, 1);

  // Four scales, each for four lanes.
  private static final VectorShuffle<Float> SCALES0 = fours(0);
  private static final VectorShuffle<Float> SCALES1 = fours(4);
  private static final VectorShuffle<Float> SCALES2 = fours(8);
  private static final VectorShuffle<Float> SCALES3 = fours(12);

  /** Numbers of a block's scales, each four times. */
  private static final int SPREAD = 64;

  // A fourth of a vector's scales, each for four lanes.
  private static final VectorShuffle<Float> SPREAD0 = fours(0);
  private static final VectorShuffle<Float> SPREAD1 = fours(N / 4);
  private static final VectorShuffle<Float> SPREAD2 = fours(N / 2);
  private static final VectorShuffle<Float> SPREAD3 = fours(3 * N / 4);

  private static VectorShuffle<Float> fours(int first) {
    return VectorShuffle.fromOp(F, i -> (first + i / 4) % N);
  }

  /**
   * For each scale of a block 1, or 1/16 where its codes are upper nibbles, left where they are.
   */
  private static final float[] SIXTEENTHS = new float[16];

  /** The same for codes that are moved down. */
  private static final float[] ONES = new float[16];

  static {
    Arrays.fill(ONES, 1);
    for (int i = 0; i < 16; i++) SIXTEENTHS[i] = (i & 4) == 0 ? 1 : 1 / 16f;
  }

  /** Reads the scales, for upper nibbles those of the sixteenfold codes. */
  @Override
  public void readScales(MemorySegment w, long offset, int n, RowScratch to) {
    readScales(w, offset, n, SIXTEENTHS, to);
  }

  private static void readScales(
      MemorySegment w, long offset, int n, float[] factors, RowScratch to) {
    to.reserve(n / 16);
    for (int b = 0; b < n / 256; b++) {
      long o = offset + (long) b * BLOCK;
      FloatVector d = all(Lanes.half(w, o + FACTOR));
      for (int u = 0; u < 16; u += Lanes.N) {
        FloatVector code = Lanes.signedBytes(w, o + SCALES + u);
        code.mul(d).mul(FloatVector.fromArray(F, factors, u)).intoArray(to.scales, 16 * b + u);
      }
    }
  }

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, RowScratch of) {
    float[] scales = of.scales;
    // Every second 32 numbers at a time: all four would be more than the compiler expands.
    for (int part = 0; part < 2; part++) {
      for (int half = 0; half < n / 128; half++) {
        long o = offset + (long) (half >> 1) * BLOCK;
        long lows = o + (half & 1) * 64L + part * 32L;
        long highs = o + HIGH + (half & 1) * 32L;
        for (int u = 0; u < 32; u += Lanes.N) {
          IntVector q =
              N < 8
                  ? Lanes.anyBytes(w, lows + u)
                  : (IntVector)
                      ByteVector.fromMemorySegment(Lanes.B, w, lows + u, LE).castShape(Lanes.I, 0);
          IntVector h =
              N < 8
                  ? Lanes.anyBytes(w, highs + u)
                  : (IntVector)
                      ByteVector.fromMemorySegment(Lanes.B, w, highs + u, LE).castShape(Lanes.I, 0);
          h = h.lanewise(LSHL, 4 - 2 * part);
          int to = at + half * 128 + part * 32 + u;
          int s = half * 8 + part * 2 + u / 16;
          IntVector lower = q.and(0xf).or(h.and(0x30)).sub(32);
          Lanes.floats(lower).mul(scales[s]).intoArray(dst, to);
          IntVector upper = q.and(0xf0).or(h.and(0x300)).sub(512);
          Lanes.floats(upper).mul(scales[s + 4]).intoArray(dst, to + 64);
        }
      }
    }
  }

  @Override
  public int prepared(int n) {
    return n + n / 16;
  }

  /**
   * Orders the activations and adds what codes are too much, whose zero is at 32: for each scale.
   */
  @Override
  public void prepare(float[] x, int n, float[] prepared) {
    Words.order(x, n, 64, Words.OF_BYTES, prepared);
    for (int g = 0; g < n / 16; g++) {
      float sum = 0;
      for (int i = 16 * g; i < 16 * g + 16; i++) sum += x[i];
      prepared[n + g] = -32 * sum;
    }
  }

  @Override
  public void dots(
      MemorySegment w,
      long first,
      long apart,
      float[] x,
      float[] prepared,
      int n,
      RowScratch room,
      float[] sums) {
    if (N == 16) wide(w, first, prepared, n, sums);
    else narrow(w, first, prepared, n, room, sums);
  }

  /** Half a block is a vector of words: a scale for four lanes. */
  private static void wide(MemorySegment w, long row, float[] prepared, int n, float[] sums) {
    FloatVector acc0 = FloatVector.zero(F);
    FloatVector acc1 = acc0;
    for (int b = 0; b < n / 256; b++) {
      long block = row + (long) b * BLOCK;
      int i = b * 256;
      FloatVector scales =
          (FloatVector)
              ByteVector.fromMemorySegment(ByteVector.SPECIES_128, w, block + SCALES, LE)
                  .castShape(F, 0);
      scales = scales.mul(Lanes.tableHalf(w, block + FACTOR));
      acc1 = scales.fma(FloatVector.fromArray(F, prepared, n + b * 16), acc1);
      // Pairs are read with what lies before them: what lies behind may be beyond the file.
      IntVector h = IntVector.fromMemorySegment(I, w, block + HIGH - 32, LE).rearrange(UPPER_TWICE);
      h = h.lanewise(LSHR, PAIR_OF);
      IntVector q = IntVector.fromMemorySegment(I, w, block, LE);
      IntVector low = q.and(Words.NIBBLES).or(h.lanewise(LSHL, 4).and(Words.PAIRS));
      IntVector high = q.lanewise(LSHR, 4).and(Words.NIBBLES).or(h.and(Words.PAIRS));
      FloatVector v = FloatVector.fromArray(F, prepared, i);
      FloatVector even = v.mul(low.and(Words.BYTE0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + N);
      even = v.fma(low.and(Words.BYTE1).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 2 * N);
      even = v.fma(low.and(Words.BYTE2).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 3 * N);
      even = v.fma(low.lanewise(LSHR, 24).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 4 * N);
      FloatVector odd = v.mul(high.and(Words.BYTE0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + 5 * N);
      odd = v.fma(high.and(Words.BYTE1).castShape(F, 0), odd);
      v = FloatVector.fromArray(F, prepared, i + 6 * N);
      odd = v.fma(high.and(Words.BYTE2).castShape(F, 0), odd);
      v = FloatVector.fromArray(F, prepared, i + 7 * N);
      odd = v.fma(high.lanewise(LSHR, 24).castShape(F, 0), odd);
      acc0 = even.fma(scales.rearrange(SCALES0), acc0);
      acc1 = odd.fma(scales.rearrange(SCALES1), acc1);
      i += 128;
      h = IntVector.fromMemorySegment(I, w, block + HIGH, LE).rearrange(UPPER_TWICE);
      h = h.lanewise(LSHR, PAIR_OF);
      q = IntVector.fromMemorySegment(I, w, block + 64, LE);
      low = q.and(Words.NIBBLES).or(h.lanewise(LSHL, 4).and(Words.PAIRS));
      high = q.lanewise(LSHR, 4).and(Words.NIBBLES).or(h.and(Words.PAIRS));
      v = FloatVector.fromArray(F, prepared, i);
      FloatVector even1 = v.mul(low.and(Words.BYTE0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + N);
      even1 = v.fma(low.and(Words.BYTE1).castShape(F, 0), even1);
      v = FloatVector.fromArray(F, prepared, i + 2 * N);
      even1 = v.fma(low.and(Words.BYTE2).castShape(F, 0), even1);
      v = FloatVector.fromArray(F, prepared, i + 3 * N);
      even1 = v.fma(low.lanewise(LSHR, 24).castShape(F, 0), even1);
      v = FloatVector.fromArray(F, prepared, i + 4 * N);
      FloatVector odd1 = v.mul(high.and(Words.BYTE0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + 5 * N);
      odd1 = v.fma(high.and(Words.BYTE1).castShape(F, 0), odd1);
      v = FloatVector.fromArray(F, prepared, i + 6 * N);
      odd1 = v.fma(high.and(Words.BYTE2).castShape(F, 0), odd1);
      v = FloatVector.fromArray(F, prepared, i + 7 * N);
      odd1 = v.fma(high.lanewise(LSHR, 24).castShape(F, 0), odd1);
      acc0 = even1.fma(scales.rearrange(SCALES2), acc0);
      acc1 = odd1.fma(scales.rearrange(SCALES3), acc1);
    }
    acc0.add(acc1).intoArray(sums, 0);
  }

  /** Two vectors of words at a time, eight or four lanes, whose high bits lie in one. */
  private static void narrow(
      MemorySegment w, long row, float[] prepared, int n, RowScratch room, float[] sums) {
    room.reserve(SPREAD + N);
    float[] kept = room.scales;
    Arrays.fill(kept, SPREAD, SPREAD + N, 0);
    FloatVector acc0 = FloatVector.zero(F);
    FloatVector acc1 = acc0;
    for (int j = 0; j < n; j += 16 * N) {
      int half = j >> 7 & 1;
      int at = j >> 2 & 31;
      long block = row + (long) (j >> 8) * BLOCK;
      if ((j & 255) == 0) begin(w, block, prepared, n + (j >> 4), kept);
      long lows = block + half * 64L + at;
      int i = (j & ~127) + 2 * at;
      int next = i + 64;
      int scale = half * 32 + at / 4;
      IntVector h = IntVector.fromMemorySegment(I, w, block + HIGH + half * 32L + at, LE);
      IntVector q = IntVector.fromMemorySegment(I, w, lows, LE);
      IntVector low = q.and(Words.NIBBLES).or(h.lanewise(LSHL, 4).and(Words.PAIRS));
      IntVector high = q.lanewise(LSHR, 4).and(Words.NIBBLES).or(h.and(Words.PAIRS));
      FloatVector v = FloatVector.fromArray(F, prepared, i);
      FloatVector even = v.mul(low.and(Words.BYTE0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + N);
      even = v.fma(low.and(Words.BYTE1).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 2 * N);
      even = v.fma(low.and(Words.BYTE2).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 3 * N);
      even = v.fma(low.lanewise(LSHR, 24).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 4 * N);
      FloatVector odd = v.mul(high.and(Words.BYTE0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + 5 * N);
      odd = v.fma(high.and(Words.BYTE1).castShape(F, 0), odd);
      v = FloatVector.fromArray(F, prepared, i + 6 * N);
      odd = v.fma(high.and(Words.BYTE2).castShape(F, 0), odd);
      v = FloatVector.fromArray(F, prepared, i + 7 * N);
      odd = v.fma(high.lanewise(LSHR, 24).castShape(F, 0), odd);
      acc0 = even.fma(FloatVector.fromArray(F, kept, scale), acc0);
      acc1 = odd.fma(FloatVector.fromArray(F, kept, scale + 16), acc1);
      h = h.lanewise(LSHR, 2);
      q = IntVector.fromMemorySegment(I, w, lows + 32, LE);
      low = q.and(Words.NIBBLES).or(h.lanewise(LSHL, 4).and(Words.PAIRS));
      high = q.lanewise(LSHR, 4).and(Words.NIBBLES).or(h.and(Words.PAIRS));
      v = FloatVector.fromArray(F, prepared, next);
      even = v.mul(low.and(Words.BYTE0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, next + N);
      even = v.fma(low.and(Words.BYTE1).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, next + 2 * N);
      even = v.fma(low.and(Words.BYTE2).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, next + 3 * N);
      even = v.fma(low.lanewise(LSHR, 24).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, next + 4 * N);
      odd = v.mul(high.and(Words.BYTE0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, next + 5 * N);
      odd = v.fma(high.and(Words.BYTE1).castShape(F, 0), odd);
      v = FloatVector.fromArray(F, prepared, next + 6 * N);
      odd = v.fma(high.and(Words.BYTE2).castShape(F, 0), odd);
      v = FloatVector.fromArray(F, prepared, next + 7 * N);
      odd = v.fma(high.lanewise(LSHR, 24).castShape(F, 0), odd);
      acc0 = even.fma(FloatVector.fromArray(F, kept, scale + 8), acc0);
      acc1 = odd.fma(FloatVector.fromArray(F, kept, scale + 24), acc1);
    }
    acc0.add(acc1).add(FloatVector.fromArray(F, kept, SPREAD)).intoArray(sums, 0);
  }

  /**
   * Begins a block where vectors have eight lanes or four: writes each of its scales four times,
   * and adds what is due to its zeros to the sums after them. As a call that takes no vector it
   * boxes none.
   */
  private static void begin(MemorySegment w, long block, float[] due, int at, float[] kept) {
    float d = Lanes.tableHalf(w, block + FACTOR);
    for (int u = 0; u < 16; u += N) {
      FloatVector scales = Lanes.signedBytes(w, block + SCALES + u).mul(d);
      FloatVector sum = FloatVector.fromArray(F, kept, SPREAD);
      scales.fma(FloatVector.fromArray(F, due, at + u), sum).intoArray(kept, SPREAD);
      scales.rearrange(SPREAD0).intoArray(kept, 4 * u);
      scales.rearrange(SPREAD1).intoArray(kept, 4 * u + N);
      scales.rearrange(SPREAD2).intoArray(kept, 4 * u + 2 * N);
      scales.rearrange(SPREAD3).intoArray(kept, 4 * u + 3 * N);
    }
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, RowScratch to) {
    readScales(w, offset, n, ONES, to);
    to.reserveCodes(n);
    readCodes(w, offset, n, to.codes);
  }

  /** Unpacks codes, a signed byte each. */
  private static void readCodes(MemorySegment w, long offset, int n, byte[] to) {
    if (N == 16) wideCodes(w, offset, n, to);
    else narrowCodes(w, offset, n, to);
  }

  private static void wideCodes(MemorySegment w, long offset, int n, byte[] to) {
    for (int half = 0; half < n / 128; half++) {
      long block = offset + (long) (half >> 1) * BLOCK;
      long pairs = block + HIGH - 32 + (half & 1) * 32L;
      IntVector h = IntVector.fromMemorySegment(I, w, pairs, LE).rearrange(UPPER_TWICE);
      h = h.lanewise(LSHR, PAIR_OF);
      IntVector q = IntVector.fromMemorySegment(I, w, block + (half & 1) * 64L, LE);
      IntVector low = q.and(Words.NIBBLES).or(h.lanewise(LSHL, 4).and(Words.PAIRS));
      IntVector high = q.lanewise(LSHR, 4).and(Words.NIBBLES).or(h.and(Words.PAIRS));
      low.reinterpretAsBytes().sub(ZERO).intoArray(to, half * 128);
      high.reinterpretAsBytes().sub(ZERO).intoArray(to, half * 128 + 64);
    }
  }

  private static void narrowCodes(MemorySegment w, long offset, int n, byte[] to) {
    for (int half = 0; half < n / 128; half++) {
      long o = offset + (long) (half >> 1) * BLOCK;
      long lows = o + (half & 1) * 64L;
      long highs = o + HIGH + (half & 1) * 32L;
      for (int u = 0; u < 32; u += 4 * Lanes.C.length()) {
        IntVector a = Lanes.codes(w, lows + u);
        IntVector b = Lanes.codes(w, lows + 32 + u);
        IntVector h = Lanes.codes(w, highs + u);
        int at = half * 128 + u;
        IntVector q0 = a.and(LOW).or(h.lanewise(LSHL, 4).and(PAIR));
        q0.reinterpretAsBytes().sub(ZERO).intoArray(to, at);
        IntVector q1 = b.and(LOW).or(h.lanewise(LSHL, 2).and(PAIR));
        q1.reinterpretAsBytes().sub(ZERO).intoArray(to, at + 32);
        IntVector q2 = a.lanewise(LSHR, 4).and(LOW).or(h.and(PAIR));
        q2.reinterpretAsBytes().sub(ZERO).intoArray(to, at + 64);
        IntVector q3 = b.lanewise(LSHR, 4).and(LOW).or(h.lanewise(LSHR, 2).and(PAIR));
        q3.reinterpretAsBytes().sub(ZERO).intoArray(to, at + 96);
      }
    }
  }

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, RowScratch of) {
    float scale = of.scales[i >> 4];
    if (N < 8) return Lanes.signedBytes(of.codes, i).mul(scale);
    ByteVector codes = ByteVector.fromArray(Lanes.B, of.codes, i);
    return ((FloatVector) codes.castShape(F, 0)).mul(scale);
  }
}
