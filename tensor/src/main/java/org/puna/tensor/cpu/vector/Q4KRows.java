package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHR;
import static org.puna.tensor.cpu.vector.Lanes.all;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rows of Q4_K: 144 bytes hold two half-precision factors, eight 6-bit scales and minima in twelve
 * bytes, and 256 nibbles.
 */
final class Q4KRows implements SixBitRows {
  private static final int BLOCK = 144;
  private static final int CODES = 16;

  private static final VectorSpecies<Float> F = Lanes.F;
  private static final VectorSpecies<Integer> I = Lanes.I;
  private static final int N = Lanes.N;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, RowScratch of) {
    float[] scales = of.scales;
    for (int pair = 0; pair < n / 64; pair++) {
      long codes = offset + CODES + pair * 32L + (pair >> 2) * 16L;
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
        Lanes.floats(q.and(15)).mul(scale0).add(min0).intoArray(dst, to);
        Lanes.floats(q.and(0xf0)).mul(scale1).add(min1).intoArray(dst, to + 32);
      }
    }
  }

  @Override
  public int blockBytes() {
    return BLOCK;
  }

  @Override
  public void prepare(float[] x, int n, float[] prepared) {
    Words.order(x, n, 32, Words.OF_NIBBLES, prepared);
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
      FloatVector v = FloatVector.fromArray(F, prepared, n + b * 16);
      acc1 = scales.fma(v, acc1);
      IntVector q = IntVector.fromMemorySegment(I, w, block + CODES, LE);
      v = FloatVector.fromArray(F, prepared, i);
      FloatVector even = v.mul(q.and(Words.LOWER0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + 4 * N);
      FloatVector odd = v.mul(q.and(Words.UPPER0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + N);
      even = v.fma(q.and(Words.LOWER1).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 5 * N);
      odd = v.fma(q.and(Words.UPPER1).castShape(F, 0), odd);
      q = q.lanewise(LSHR, 16);
      v = FloatVector.fromArray(F, prepared, i + 2 * N);
      even = v.fma(q.and(Words.LOWER0).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 6 * N);
      odd = v.fma(q.and(Words.UPPER0).castShape(F, 0), odd);
      v = FloatVector.fromArray(F, prepared, i + 3 * N);
      even = v.fma(q.and(Words.LOWER1).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 7 * N);
      odd = v.fma(q.and(Words.UPPER1).castShape(F, 0), odd);
      acc0 = even.fma(scales.rearrange(SixBits.EVEN0), acc0);
      acc1 = odd.fma(scales.rearrange(SixBits.ODD0), acc1);
      i += 128;
      q = IntVector.fromMemorySegment(I, w, block + CODES + 64, LE);
      v = FloatVector.fromArray(F, prepared, i);
      even = v.mul(q.and(Words.LOWER0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + 4 * N);
      odd = v.mul(q.and(Words.UPPER0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + N);
      even = v.fma(q.and(Words.LOWER1).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 5 * N);
      odd = v.fma(q.and(Words.UPPER1).castShape(F, 0), odd);
      q = q.lanewise(LSHR, 16);
      v = FloatVector.fromArray(F, prepared, i + 2 * N);
      even = v.fma(q.and(Words.LOWER0).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 6 * N);
      odd = v.fma(q.and(Words.UPPER0).castShape(F, 0), odd);
      v = FloatVector.fromArray(F, prepared, i + 3 * N);
      even = v.fma(q.and(Words.LOWER1).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 7 * N);
      odd = v.fma(q.and(Words.UPPER1).castShape(F, 0), odd);
      acc0 = even.fma(scales.rearrange(SixBits.EVEN1), acc0);
      acc1 = odd.fma(scales.rearrange(SixBits.ODD1), acc1);
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
    for (int i = 0; i < n; i += 16 * N) {
      long block = row + (long) (i >> 8) * BLOCK;
      if ((i & 255) == 0) SixBits.begin(w, block, prepared, n + (i >> 4), kept);
      int part = i >> 5 & 6;
      IntVector q = IntVector.fromMemorySegment(I, w, block + CODES + (i >> 1 & 127), LE);
      FloatVector v = FloatVector.fromArray(F, prepared, i);
      FloatVector even = v.mul(q.and(Words.LOWER0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + 4 * N);
      FloatVector odd = v.mul(q.and(Words.UPPER0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + N);
      even = v.fma(q.and(Words.LOWER1).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 5 * N);
      odd = v.fma(q.and(Words.UPPER1).castShape(F, 0), odd);
      q = q.lanewise(LSHR, 16);
      v = FloatVector.fromArray(F, prepared, i + 2 * N);
      even = v.fma(q.and(Words.LOWER0).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 6 * N);
      odd = v.fma(q.and(Words.UPPER0).castShape(F, 0), odd);
      v = FloatVector.fromArray(F, prepared, i + 3 * N);
      even = v.fma(q.and(Words.LOWER1).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, i + 7 * N);
      odd = v.fma(q.and(Words.UPPER1).castShape(F, 0), odd);
      acc0 = even.fma(FloatVector.broadcast(F, kept[part]), acc0);
      acc1 = odd.fma(FloatVector.broadcast(F, kept[part + 1]), acc1);
      int next = i + 8 * N;
      part = next >> 5 & 6;
      q = IntVector.fromMemorySegment(I, w, block + CODES + (next >> 1 & 127), LE);
      v = FloatVector.fromArray(F, prepared, next);
      even = v.mul(q.and(Words.LOWER0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, next + 4 * N);
      odd = v.mul(q.and(Words.UPPER0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, next + N);
      even = v.fma(q.and(Words.LOWER1).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, next + 5 * N);
      odd = v.fma(q.and(Words.UPPER1).castShape(F, 0), odd);
      q = q.lanewise(LSHR, 16);
      v = FloatVector.fromArray(F, prepared, next + 2 * N);
      even = v.fma(q.and(Words.LOWER0).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, next + 6 * N);
      odd = v.fma(q.and(Words.UPPER0).castShape(F, 0), odd);
      v = FloatVector.fromArray(F, prepared, next + 3 * N);
      even = v.fma(q.and(Words.LOWER1).castShape(F, 0), even);
      v = FloatVector.fromArray(F, prepared, next + 7 * N);
      odd = v.fma(q.and(Words.UPPER1).castShape(F, 0), odd);
      acc0 = even.fma(FloatVector.broadcast(F, kept[part]), acc0);
      acc1 = odd.fma(FloatVector.broadcast(F, kept[part + 1]), acc1);
    }
    for (int u = 8; u < 16; u += N) acc0 = acc0.add(FloatVector.fromArray(F, kept, u));
    acc0.add(acc1).intoArray(sums, 0);
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, RowScratch to) {
    readScales(w, offset, n, to);
  }

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, RowScratch of) {
    int block = i >> 8;
    int part = i >> 5 & 7;
    long at = row + (long) block * BLOCK + CODES + (part >> 1) * 32L + (i & 31);
    int mask = (part & 1) == 0 ? 0xf : 0xf0;
    int s = 16 * block + part;
    if (N < 8) {
      IntVector codes = Lanes.anyBytes(w, at).and(mask);
      return Lanes.floats(codes).fma(of.scales[s], of.scales[s + 8]);
    }
    ByteVector q = ByteVector.fromMemorySegment(Lanes.B, w, at, LE);
    IntVector codes = ((IntVector) q.castShape(I, 0)).and(mask);
    return ((FloatVector) codes.castShape(F, 0)).fma(of.scales[s], of.scales[s + 8]);
  }
}
