package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of Q4_0: 18 bytes hold a half-precision scale and 32 nibbles around 8. */
final class Q4Rows implements StoredRows {
  private static final int BLOCK = 18;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n) {
    long o = offset;
    for (int i = at; i < at + n; i += 32) {
      FloatVector d = FloatVector.broadcast(Lanes.F, Lanes.half(w, o));
      for (int u = 0; u < 16; u += Lanes.N) {
        IntVector q = Lanes.bytes(w, o + 2 + u);
        IntVector high = q.lanewise(VectorOperators.LSHR, 4);
        Lanes.floats(q.and(15).sub(8)).mul(d).intoArray(dst, i + u);
        Lanes.floats(high.sub(8)).mul(d).intoArray(dst, i + 16 + u);
      }
      o += BLOCK;
    }
  }

  @Override
  public float dot(
      MemorySegment w, long offset, float[] x, int xAt, int n, float[] sums, Room room) {
    FloatVector acc = FloatVector.zero(Lanes.F);
    float above = 0;
    long o = offset;
    for (int i = xAt; i < xAt + n; i += 32) {
      FloatVector block = FloatVector.zero(Lanes.F);
      for (int u = 0; u < 16; u += Lanes.N) {
        IntVector q = Lanes.bytes(w, o + 2 + u);
        IntVector high = q.lanewise(VectorOperators.LSHR, 4);
        block = Lanes.floats(q.and(15)).fma(FloatVector.fromArray(Lanes.F, x, i + u), block);
        block = Lanes.floats(high).fma(FloatVector.fromArray(Lanes.F, x, i + 16 + u), block);
      }
      float d = Lanes.half(w, o);
      acc = block.fma(FloatVector.broadcast(Lanes.F, d), acc);
      above = Math.fma(d, sums[i / 32], above);
      o += BLOCK;
    }
    return LaneSum.of(acc) - 8 * above;
  }

  @Override
  public boolean needsSums() {
    return true;
  }
}
