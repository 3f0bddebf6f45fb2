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

/** Rows of Q5_K: as Q4_K, with 32 bytes of fifth bits before the nibbles; a bit a sub-block. */
final class Q5KRows implements SixBitRows {
  private static final int BLOCK = 176;
  private static final int FIFTH = 16;
  private static final int CODES = 48;

  private static final VectorSpecies<Float> F = Lanes.F;
  private static final VectorSpecies<Integer> I = Lanes.I;
  private static final int N = Lanes.N;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  /** The first eight words, twice. */
  private static final VectorShuffle<Integer> TWICE = VectorShuffle.fromOp(I, i -> i & 7 & N - 1);

  /** The bits of the first pair of parts, and of the second in the upper half. */
  private static final IntVector BITS =
      IntVector.zero(I).addIndex(1).lanewise(LSHR, 3).lanewise(LSHL, 1);

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, RowScratch of) {
    float[] scales = of.scales;
    for (int pair = 0; pair < n / 64; pair++) {
      long o = offset + (long) (pair >> 2) * BLOCK;
      long codes = o + CODES + (pair & 3) * 32L;
      int bit = 2 * (pair & 3);
      int s = pair * 2 + (pair >> 2) * 8;
      FloatVector scale0 = all(scales[s]);
      FloatVector scale1 = all(scales[s + 1]);
      FloatVector min0 = all(scales[s + 8]);
      FloatVector min1 = all(scales[s + 9]);
      for (int u = 0; u < 32; u += Lanes.N) {
        int to = at + pair * 64 + u;
        IntVector q =
            N < 8
                ? Lanes.anyBytes(w, codes + u)
                : (IntVector)
                    ByteVector.fromMemorySegment(Lanes.B, w, codes + u, LE).castShape(Lanes.I, 0);
        IntVector f =
            N < 8
                ? Lanes.anyBytes(w, o + FIFTH + u)
                : (IntVector)
                    ByteVector.fromMemorySegment(Lanes.B, w, o + FIFTH + u, LE)
                        .castShape(Lanes.I, 0);
        f = f.lanewise(LSHR, bit);
        IntVector low = q.and(15).or(f.and(1).lanewise(LSHL, 4));
        IntVector high = q.and(0xf0).or(f.and(2).lanewise(LSHL, 7));
        Lanes.floats(low).mul(scale0).add(min0).intoArray(dst, to);
        Lanes.floats(high).mul(scale1).add(min1).intoArray(dst, to + 32);
      }
    }
  }

  @Override
  public int blockBytes() {
    return BLOCK;
  }

  @Override
  public void prepare(float[] x, int n, float[] prepared) {
    Words.order(x, n, 32, Words.OF_BYTES, prepared);
    SixBits.sums(x, n, prepared, n);
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

  /** Two vectors of words a block: the lower half of each is another pair of parts. */
  private static void wide(MemorySegment w, long row, float[] prepared, int n, float[] sums) {
    FloatVector acc0 = FloatVector.zero(F);
    FloatVector acc1 = acc0;
    for (int b = 0; b < n / 256; b++) {
      long block = row + (long) b * BLOCK;
      int i = b * 256;
      FloatVector scales = SixBits.factors(w, block);
      acc1 = scales.fma(FloatVector.fromArray(F, prepared, n + b * 16), acc1);
      // Fifth bits lie before the nibbles, thirty-two bytes for all parts: both halves read them.
      IntVector bits = IntVector.fromMemorySegment(I, w, block + FIFTH, LE).rearrange(TWICE);
      IntVector f = bits.lanewise(LSHR, BITS);
      IntVector q = IntVector.fromMemorySegment(I, w, block + CODES, LE);
      IntVector low = q.and(Words.NIBBLES).or(f.lanewise(LSHL, 4).and(Words.FIFTH));
      IntVector high = q.lanewise(LSHR, 4).and(Words.NIBBLES);
      high = high.or(f.lanewise(LSHL, 3).and(Words.FIFTH));
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
      acc0 = even.fma(scales.rearrange(SixBits.EVEN0), acc0);
      acc1 = odd.fma(scales.rearrange(SixBits.ODD0), acc1);
      i += 128;
      f = f.lanewise(LSHR, 4);
      q = IntVector.fromMemorySegment(I, w, block + CODES + 64, LE);
      low = q.and(Words.NIBBLES).or(f.lanewise(LSHL, 4).and(Words.FIFTH));
      high = q.lanewise(LSHR, 4).and(Words.NIBBLES);
      high = high.or(f.lanewise(LSHL, 3).and(Words.FIFTH));
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
      acc0 = even1.fma(scales.rearrange(SixBits.EVEN1), acc0);
      acc1 = odd1.fma(scales.rearrange(SixBits.ODD1), acc1);
    }
    acc0.add(acc1).intoArray(sums, 0);
  }

  /** A vector of words at a time, of one pair of parts. */
  private static void narrow(
      MemorySegment w, long row, float[] prepared, int n, RowScratch room, float[] sums) {
    room.reserve(SixBits.KEPT_NUMBERS);
    float[] kept = room.scales;
    Arrays.fill(kept, 0);
    FloatVector acc0 = FloatVector.zero(F);
    FloatVector acc1 = acc0;
    for (int i = 0; i < n; i += 8 * N) {
      int part = i >> 5 & 6;
      long block = row + (long) (i >> 8) * BLOCK;
      if ((i & 255) == 0) SixBits.begin(w, block, prepared, n + (i >> 4), kept);
      IntVector f = IntVector.fromMemorySegment(I, w, block + FIFTH + (i >> 1 & 31), LE);
      f = f.lanewise(LSHR, part);
      IntVector q = IntVector.fromMemorySegment(I, w, block + CODES + (i >> 1 & 127), LE);
      IntVector low = q.and(Words.NIBBLES).or(f.lanewise(LSHL, 4).and(Words.FIFTH));
      IntVector high = q.lanewise(LSHR, 4).and(Words.NIBBLES);
      high = high.or(f.lanewise(LSHL, 3).and(Words.FIFTH));
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
      acc0 = even.fma(FloatVector.broadcast(F, kept[part]), acc0);
      acc1 = odd.fma(FloatVector.broadcast(F, kept[part + 1]), acc1);
    }
    for (int u = 8; u < 16; u += N) acc0 = acc0.add(FloatVector.fromArray(F, kept, u));
    acc0.add(acc1).intoArray(sums, 0);
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, RowScratch to) {
    readScales(w, offset, n, to);
    to.reserveCodes(n);
    readCodes(w, offset, n, to.codes);
  }

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, RowScratch of) {
    int s = i >> 4 & ~0xf | i >> 5 & 7;
    float scale = of.scales[s] * (1 + (i >> 5 & 1) * 15);
    if (N < 8) return Lanes.signedBytes(of.codes, i).fma(scale, of.scales[s + 8]);
    ByteVector codes = ByteVector.fromArray(Lanes.B, of.codes, i);
    return ((FloatVector) codes.castShape(F, 0)).fma(scale, of.scales[s + 8]);
  }

  /** Unpacks codes, a byte each. */
  private static void readCodes(MemorySegment w, long offset, int n, byte[] to) {
    for (int pair = 0; pair < n / 64; pair++) {
      long o = offset + (long) (pair >> 2) * BLOCK;
      long codes = o + CODES + (pair & 3) * 32L;
      int bit = 2 * (pair & 3);
      for (int u = 0; u < 32; u += 4 * Lanes.C.length()) {
        IntVector q = Lanes.codes(w, codes + u);
        IntVector f = Lanes.codes(w, o + FIFTH + u).lanewise(LSHR, bit);
        int at = pair * 64 + u;
        IntVector low = q.and(0x0f0f0f0f).or(f.lanewise(LSHL, 4).and(0x10101010));
        low.reinterpretAsBytes().intoArray(to, at);
        IntVector high = q.lanewise(LSHR, 4).and(0x0f0f0f0f);
        high = high.or(f.lanewise(LSHL, 3).and(0x10101010));
        high.reinterpretAsBytes().intoArray(to, at + 32);
      }
    }
  }
}
