package org.puna.tensor.cpu.vector;

import static org.puna.tensor.cpu.vector.Lanes.all;
import static org.puna.tensor.cpu.vector.Lanes.at;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Rows of Q8_0: 34 bytes hold a half-precision scale and 32 signed bytes. */
final class Q8Rows implements StoredRows {
  private static final int BLOCK = 34;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, Scales room) {
    for (int b = 0; b < n / 32; b++) {
      long o = offset + (long) b * BLOCK;
      FloatVector d = all(Lanes.tableHalf(w, o));
      for (int u = 0; u < 32; u += Lanes.N) {
        Lanes.signedBytes(w, o + 2 + u).mul(d).intoArray(dst, at + b * 32 + u);
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
      FloatVector block0 = FloatVector.zero(Lanes.F);
      FloatVector block1 = block0;
      for (int u = 0; u < 32; u += Lanes.N) {
        FloatVector v = at(x, k * 32 + u);
        block0 = Lanes.signedBytes(w, o + 2 + u).fma(v, block0);
        block1 = Lanes.signedBytes(w, p + 2 + u).fma(v, block1);
      }
      acc0 = block0.fma(all(Lanes.tableHalf(w, o)), acc0);
      acc1 = block1.fma(all(Lanes.tableHalf(w, p)), acc1);
    }
    y[i] = LaneSum.of(acc0);
    y[j] = LaneSum.of(acc1);
  }
}
