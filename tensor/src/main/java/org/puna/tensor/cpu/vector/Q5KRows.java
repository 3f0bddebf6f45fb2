package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static org.puna.tensor.cpu.vector.Lanes.all;
import static org.puna.tensor.cpu.vector.Lanes.at;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Rows of Q5_K: as Q4_K, with 32 bytes of fifth bits before the nibbles; a bit a sub-block. */
final class Q5KRows implements SixBitRows {
  private static final int BLOCK = 176;
  private static final int FIFTH = 16;
  private static final int CODES = 48;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, Scales of) {
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
        IntVector q = Lanes.anyBytes(w, codes + u);
        IntVector f = Lanes.anyBytes(w, o + FIFTH + u).lanewise(LSHR, bit);
        IntVector low = q.and(15).or(f.and(1).lanewise(LSHL, 4));
        IntVector high = q.and(0xf0).or(f.and(2).lanewise(LSHL, 7));
        Lanes.floats(low).mul(scale0).sub(min0).intoArray(dst, to);
        Lanes.floats(high).mul(scale1).sub(min1).intoArray(dst, to + 32);
      }
    }
  }

  @Override
  public int blockBytes() {
    return BLOCK;
  }

  @Override
  public void dots(
      MemorySegment w,
      long first,
      long apart,
      float[] x,
      float[] prepared,
      int n,
      Scales[] scales,
      float[] sums) {
    float[] of = scales[0].scales;
    FloatVector acc = at(sums, 0);
    for (int pair = 0; pair < n / 64; pair++) {
      long o = first + (long) (pair >> 2) * BLOCK;
      long codes = o + CODES + (pair & 3) * 32L;
      int bit = 2 * (pair & 3);
      FloatVector even = FloatVector.zero(Lanes.F);
      FloatVector odd = even;
      for (int u = 0; u < 32; u += Lanes.N) {
        int i = pair * 64 + u;
        IntVector q = Lanes.anyBytes(w, codes + u);
        IntVector f = Lanes.anyBytes(w, o + FIFTH + u).lanewise(LSHR, bit);
        IntVector low = q.and(15).or(f.and(1).lanewise(LSHL, 4));
        IntVector high = q.and(0xf0).or(f.and(2).lanewise(LSHL, 7));
        even = Lanes.floats(low).fma(at(x, i), even);
        odd = Lanes.floats(high).fma(at(x, i + 32), odd);
      }
      int s = pair * 2 + (pair >> 2) * 8;
      acc = even.fma(all(of[s]), acc);
      acc = odd.fma(all(of[s + 1]), acc);
    }
    acc.intoArray(sums, 0);
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, Scales to) {
    readScales(w, offset, n, to);
    to.reserveCodes(n);
    readCodes(w, offset, n, to.codes);
  }

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, Scales of) {
    int s = i >> 4 & ~0xf | i >> 5 & 7;
    float scale = of.scales[s] * (1 + (i >> 5 & 1) * 15);
    return Lanes.signedBytes(of.codes, i).fma(all(scale), all(-of.scales[s + 8]));
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
