package org.puna.tensor.cpu.vector;

import static org.puna.tensor.cpu.vector.Lanes.all;
import static org.puna.tensor.cpu.vector.Lanes.at;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
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
  public int rows() {
    return 4;
  }

  @Override
  public void dots(
      MemorySegment w,
      long first,
      long apart,
      float[] x,
      float[] prepared,
      int n,
      Scales room,
      float[] sums) {
    FloatVector acc0 = FloatVector.zero(Lanes.F);
    FloatVector acc1 = acc0;
    FloatVector acc2 = acc0;
    FloatVector acc3 = acc0;
    long second = first + apart;
    long third = second + apart;
    long fourth = third + apart;
    for (int k = 0; k < n / 32; k++) {
      long o = (long) k * BLOCK;
      FloatVector sum0 = FloatVector.zero(Lanes.F);
      FloatVector sum1 = sum0;
      FloatVector sum2 = sum0;
      FloatVector sum3 = sum0;
      for (int u = 0; u < 32; u += Lanes.N) {
        FloatVector v = at(x, k * 32 + u);
        sum0 = Lanes.signedBytes(w, first + o + 2 + u).fma(v, sum0);
        sum1 = Lanes.signedBytes(w, second + o + 2 + u).fma(v, sum1);
        sum2 = Lanes.signedBytes(w, third + o + 2 + u).fma(v, sum2);
        sum3 = Lanes.signedBytes(w, fourth + o + 2 + u).fma(v, sum3);
      }
      acc0 = sum0.fma(FloatVector.broadcast(Lanes.F, Lanes.tableHalf(w, first + o)), acc0);
      acc1 = sum1.fma(FloatVector.broadcast(Lanes.F, Lanes.tableHalf(w, second + o)), acc1);
      acc2 = sum2.fma(FloatVector.broadcast(Lanes.F, Lanes.tableHalf(w, third + o)), acc2);
      acc3 = sum3.fma(FloatVector.broadcast(Lanes.F, Lanes.tableHalf(w, fourth + o)), acc3);
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, Lanes.N);
    acc2.intoArray(sums, 2 * Lanes.N);
    acc3.intoArray(sums, 3 * Lanes.N);
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, Scales to) {}

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, Scales of) {
    long o = row + (long) (i >> 5) * BLOCK;
    float scale = Lanes.HALVES[w.get(Lanes.SHORT, o) & 0xffff];
    if (Lanes.N < 8) return Lanes.signedBytes(w, o + 2 + (i & 31)).mul(scale);
    ByteVector codes = ByteVector.fromMemorySegment(Lanes.B, w, o + 2 + (i & 31), Lanes.LE);
    return ((FloatVector) codes.castShape(Lanes.F, 0)).mul(scale);
  }
}
