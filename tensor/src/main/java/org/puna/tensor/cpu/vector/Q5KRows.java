package org.puna.tensor.cpu.vector;

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
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n) {
    long o = offset;
    for (int i = at; i < at + n; i += 256) {
      float d = Lanes.half(w, o);
      float dMin = Lanes.half(w, o + 2);
      long scales = Q4KRows.scales(w, o + 4);
      long mins = Q4KRows.mins(w, o + 4);
      for (int pair = 0; pair < 4; pair++) {
        FloatVector scale0 = broadcast(d * Q4KRows.byteOf(scales, 2 * pair));
        FloatVector scale1 = broadcast(d * Q4KRows.byteOf(scales, 2 * pair + 1));
        FloatVector min0 = broadcast(dMin * Q4KRows.byteOf(mins, 2 * pair));
        FloatVector min1 = broadcast(dMin * Q4KRows.byteOf(mins, 2 * pair + 1));
        int to = i + 64 * pair;
        long codes = o + CODES + (pair << 5);
        for (int u = 0; u < 32; u += Lanes.N) {
          IntVector q = Lanes.bytes(w, codes + u);
          IntVector f = Lanes.bytes(w, o + FIFTH + u).lanewise(VectorOperators.LSHR, 2 * pair);
          IntVector low = q.and(15).or(f.and(1).lanewise(VectorOperators.LSHL, 4));
          IntVector high =
              q.lanewise(VectorOperators.LSHR, 4).or(f.and(2).lanewise(VectorOperators.LSHL, 3));
          Lanes.floats(low).mul(scale0).sub(min0).intoArray(dst, to + u);
          Lanes.floats(high).mul(scale1).sub(min1).intoArray(dst, to + 32 + u);
        }
      }
      o += BLOCK;
    }
  }

  @Override
  public float dot(
      MemorySegment w, long offset, float[] x, int xAt, int n, float[] sums, Room room) {
    FloatVector acc = FloatVector.zero(Lanes.F);
    float below = 0;
    long o = offset;
    for (int i = xAt; i < xAt + n; i += 256) {
      float d = Lanes.half(w, o);
      float dMin = Lanes.half(w, o + 2);
      long scales = Q4KRows.scales(w, o + 4);
      long mins = Q4KRows.mins(w, o + 4);
      for (int pair = 0; pair < 4; pair++) {
        FloatVector even = FloatVector.zero(Lanes.F);
        FloatVector odd = even;
        int from = i + 64 * pair;
        long codes = o + CODES + (pair << 5);
        for (int u = 0; u < 32; u += Lanes.N) {
          IntVector q = Lanes.bytes(w, codes + u);
          IntVector f = Lanes.bytes(w, o + FIFTH + u).lanewise(VectorOperators.LSHR, 2 * pair);
          IntVector low = q.and(15).or(f.and(1).lanewise(VectorOperators.LSHL, 4));
          IntVector high =
              q.lanewise(VectorOperators.LSHR, 4).or(f.and(2).lanewise(VectorOperators.LSHL, 3));
          even = Lanes.floats(low).fma(FloatVector.fromArray(Lanes.F, x, from + u), even);
          odd = Lanes.floats(high).fma(FloatVector.fromArray(Lanes.F, x, from + 32 + u), odd);
        }
        acc = even.fma(broadcast(d * Q4KRows.byteOf(scales, 2 * pair)), acc);
        acc = odd.fma(broadcast(d * Q4KRows.byteOf(scales, 2 * pair + 1)), acc);
        below = Math.fma(dMin * Q4KRows.byteOf(mins, 2 * pair), sums[from / 32], below);
        below = Math.fma(dMin * Q4KRows.byteOf(mins, 2 * pair + 1), sums[from / 32 + 1], below);
      }
      o += BLOCK;
    }
    return LaneSum.of(acc) - below;
  }

  @Override
  public boolean needsSums() {
    return true;
  }

  private static FloatVector broadcast(float v) {
    return FloatVector.broadcast(Lanes.F, v);
  }
}
