package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Rows of Q8_0: 34 bytes hold a half-precision scale and 32 signed bytes. */
final class Q8Rows implements StoredRows {
  private static final int BLOCK = 34;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n) {
    long o = offset;
    for (int i = at; i < at + n; i += 32) {
      FloatVector d = FloatVector.broadcast(Lanes.F, Lanes.half(w, o));
      for (int u = 0; u < 32; u += Lanes.N) {
        Lanes.signedBytes(w, o + 2 + u).mul(d).intoArray(dst, i + u);
      }
      o += BLOCK;
    }
  }

  @Override
  public float dot(
      MemorySegment w, long offset, float[] x, int xAt, int n, float[] sums, Room room) {
    FloatVector acc = FloatVector.zero(Lanes.F);
    long o = offset;
    for (int i = xAt; i < xAt + n; i += 32) {
      FloatVector block = FloatVector.zero(Lanes.F);
      for (int u = 0; u < 32; u += Lanes.N) {
        FloatVector q = Lanes.signedBytes(w, o + 2 + u);
        block = q.fma(FloatVector.fromArray(Lanes.F, x, i + u), block);
      }
      acc = block.fma(FloatVector.broadcast(Lanes.F, Lanes.half(w, o)), acc);
      o += BLOCK;
    }
    return LaneSum.of(acc);
  }
}
