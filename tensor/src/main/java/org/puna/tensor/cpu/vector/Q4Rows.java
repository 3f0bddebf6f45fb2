package org.puna.tensor.cpu.vector;

import static org.puna.tensor.cpu.vector.Lanes.all;
import static org.puna.tensor.cpu.vector.Lanes.at;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of Q4_0: 18 bytes hold a half-precision scale and 32 nibbles around 8. */
final class Q4Rows implements StoredRows {
  private static final int BLOCK = 18;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, Scales room) {
    for (int b = 0; b < n / 32; b++) {
      long o = offset + (long) b * BLOCK;
      FloatVector d = all(Lanes.tableHalf(w, o));
      for (int u = 0; u < 16; u += Lanes.N) {
        int to = at + b * 32 + u;
        IntVector q = Lanes.bytes(w, o + 2 + u);
        IntVector high = q.lanewise(VectorOperators.LSHR, 4);
        Lanes.floats(q.and(15).sub(8)).mul(d).intoArray(dst, to);
        Lanes.floats(high.sub(8)).mul(d).intoArray(dst, to + 16);
      }
    }
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
    FloatVector acc0 = FloatVector.zero(Lanes.F);
    FloatVector acc1 = acc0;
    for (int k = 0; k < n / 32; k++) {
      long o = first + (long) k * BLOCK;
      long p = second + (long) k * BLOCK;
      FloatVector block0 = at(sums, k * Lanes.N);
      FloatVector block1 = block0;
      for (int u = 0; u < 16; u += Lanes.N) {
        FloatVector low = at(x, k * 32 + u);
        FloatVector high = at(x, k * 32 + 16 + u);
        IntVector q = Lanes.bytes(w, o + 2 + u);
        block0 = Lanes.floats(q.and(15)).fma(low, block0);
        block0 = Lanes.floats(q.lanewise(VectorOperators.LSHR, 4)).fma(high, block0);
        IntVector r = Lanes.bytes(w, p + 2 + u);
        block1 = Lanes.floats(r.and(15)).fma(low, block1);
        block1 = Lanes.floats(r.lanewise(VectorOperators.LSHR, 4)).fma(high, block1);
      }
      acc0 = block0.fma(all(Lanes.tableHalf(w, o)), acc0);
      acc1 = block1.fma(all(Lanes.tableHalf(w, p)), acc1);
    }
    y[i] = LaneSum.of(acc0);
    y[j] = LaneSum.of(acc1);
  }

  @Override
  public int prepared(int n) {
    return n / 32 * Lanes.N;
  }

  /** Codes have their zero at eight: what they are too much, lane by lane. */
  @Override
  public void prepare(float[] x, int n, float[] sums) {
    for (int b = 0; b < n / 32; b++) {
      FloatVector sum = FloatVector.zero(Lanes.F);
      for (int u = 0; u < 32; u += Lanes.N) sum = sum.add(at(x, b * 32 + u));
      sum.mul(-8).intoArray(sums, b * Lanes.N);
    }
  }
}
