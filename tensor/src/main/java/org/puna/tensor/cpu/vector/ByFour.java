package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Two rows of weights times four rows of activations: eight sums, for few rows and for machines of
 * sixteen registers. Defined once for each format, see {@link Specialised}.
 */
final class ByFour implements RowsProduct {
  /** Rows of activations. */
  static final int ROWS = 4;

  private static final StoredRows FORMAT = Specialised.format(MethodHandles.lookup());
  private static final int N = Lanes.N;

  @Override
  public int stored() {
    return 2;
  }

  @Override
  public int rows() {
    return ROWS;
  }

  @Override
  public void multiply(
      MemorySegment w,
      long first,
      long apart,
      RowScratch[] scales,
      float[] x,
      int at,
      int n,
      float[] sums) {
    long second = first + apart;
    RowScratch scales0 = scales[0];
    RowScratch scales1 = scales[1];
    FloatVector a0 = FloatVector.zero(Lanes.F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    for (int i = 0; i < n; i += N) {
      FloatVector a = FORMAT.vector(w, first, i, scales0);
      FloatVector b = FORMAT.vector(w, second, i, scales1);
      int o = at + 4 * i;
      FloatVector v = FloatVector.fromArray(Lanes.F, x, o);
      a0 = a.fma(v, a0);
      b0 = b.fma(v, b0);
      v = FloatVector.fromArray(Lanes.F, x, o + N);
      a1 = a.fma(v, a1);
      b1 = b.fma(v, b1);
      v = FloatVector.fromArray(Lanes.F, x, o + 2 * N);
      a2 = a.fma(v, a2);
      b2 = b.fma(v, b2);
      v = FloatVector.fromArray(Lanes.F, x, o + 3 * N);
      a3 = a.fma(v, a3);
      b3 = b.fma(v, b3);
    }
    a0.intoArray(sums, 0);
    a1.intoArray(sums, N);
    a2.intoArray(sums, 2 * N);
    a3.intoArray(sums, 3 * N);
    b0.intoArray(sums, 4 * N);
    b1.intoArray(sums, 5 * N);
    b2.intoArray(sums, 6 * N);
    b3.intoArray(sums, 7 * N);
  }
}
