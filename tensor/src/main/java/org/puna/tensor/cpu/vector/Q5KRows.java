package org.puna.tensor.cpu.vector;

import static org.puna.tensor.cpu.vector.Lanes.all;
import static org.puna.tensor.cpu.vector.Lanes.at;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of Q5_K: as Q4_K, with 32 bytes of fifth bits before the nibbles; a bit a sub-block. */
final class Q5KRows implements StoredRows {
  private static final int BLOCK = 176;
  private static final int FIFTH = 16;
  private static final int CODES = 48;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, Scales room) {
    room.readSixBits(w, offset, BLOCK, n / 256);
    float[] scales = room.scales;
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
        IntVector q = Lanes.bytes(w, codes + u);
        IntVector f = Lanes.bytes(w, o + FIFTH + u).lanewise(VectorOperators.LSHR, bit);
        IntVector low = q.and(15).or(f.and(1).lanewise(VectorOperators.LSHL, 4));
        IntVector high =
            q.lanewise(VectorOperators.LSHR, 4).or(f.and(2).lanewise(VectorOperators.LSHL, 3));
        Lanes.floats(low).mul(scale0).sub(min0).intoArray(dst, to);
        Lanes.floats(high).mul(scale1).sub(min1).intoArray(dst, to + 32);
      }
    }
  }

  @Override
  public void readScales(MemorySegment w, long offset, int n, Scales to) {
    to.readSixBits(w, offset, BLOCK, n / 256);
  }

  @Override
  public void dots(
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
      int j) {
    // One call: expanded twice it would be more than the compiler expands.
    for (int r = 0; r < 2; r++) {
      boolean one = r == 0;
      y[one ? i : j] = dot(w, one ? first : second, x, sums, n, (one ? a : b).scales);
    }
  }

  private static float dot(
      MemorySegment w, long offset, float[] x, float[] sums, int n, float[] scales) {
    FloatVector acc = FloatVector.zero(Lanes.F);
    for (int k = 0; k < n / 16; k += Lanes.N) {
      FloatVector sum = at(sums, k);
      acc = at(scales, k).fma(sum, acc);
    }
    for (int pair = 0; pair < n / 64; pair++) {
      long o = offset + (long) (pair >> 2) * BLOCK;
      long codes = o + CODES + (pair & 3) * 32L;
      int bit = 2 * (pair & 3);
      FloatVector even = FloatVector.zero(Lanes.F);
      FloatVector odd = even;
      for (int u = 0; u < 32; u += Lanes.N) {
        int i = pair * 64 + u;
        IntVector q = Lanes.bytes(w, codes + u);
        IntVector f = Lanes.bytes(w, o + FIFTH + u).lanewise(VectorOperators.LSHR, bit);
        IntVector low = q.and(15).or(f.and(1).lanewise(VectorOperators.LSHL, 4));
        IntVector high =
            q.lanewise(VectorOperators.LSHR, 4).or(f.and(2).lanewise(VectorOperators.LSHL, 3));
        even = Lanes.floats(low).fma(at(x, i), even);
        odd = Lanes.floats(high).fma(at(x, i + 32), odd);
      }
      int s = pair * 2 + (pair >> 2) * 8;
      acc = even.fma(all(scales[s]), acc);
      acc = odd.fma(all(scales[s + 1]), acc);
    }
    return LaneSum.of(acc);
  }

  @Override
  public int prepared(int n) {
    return n / 16;
  }

  @Override
  public void prepare(float[] x, int n, float[] sums) {
    Scales.sumParts(x, n, sums);
  }
}
