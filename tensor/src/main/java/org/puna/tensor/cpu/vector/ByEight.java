package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Three rows of weights times eight rows of activations: 24 sums in the 32 registers of AVX-512 or
 * NEON; each decoded vector is used eight times, each load three times. Defined once for each
 * format, see {@link Specialised}.
 */
final class ByEight implements RowsProduct {
  /** Rows of activations. */
  static final int ROWS = 8;

  /** Rows of weights. */
  static final int STORED = 3;

  private static final StoredRows FORMAT = Specialised.format(MethodHandles.lookup());
  private static final int N = Lanes.N;

  @Override
  public int stored() {
    return STORED;
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
    long third = second + apart;
    RowScratch scales0 = scales[0];
    RowScratch scales1 = scales[1];
    RowScratch scales2 = scales[2];
    FloatVector a0 = FloatVector.zero(Lanes.F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector a4 = a0;
    FloatVector a5 = a0;
    FloatVector a6 = a0;
    FloatVector a7 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    FloatVector b4 = a0;
    FloatVector b5 = a0;
    FloatVector b6 = a0;
    FloatVector b7 = a0;
    FloatVector c0 = a0;
    FloatVector c1 = a0;
    FloatVector c2 = a0;
    FloatVector c3 = a0;
    FloatVector c4 = a0;
    FloatVector c5 = a0;
    FloatVector c6 = a0;
    FloatVector c7 = a0;
    for (int i = 0; i < n; i += N) {
      FloatVector a = FORMAT.vector(w, first, i, scales0);
      FloatVector b = FORMAT.vector(w, second, i, scales1);
      FloatVector c = FORMAT.vector(w, third, i, scales2);
      int o = at + 8 * i;
      FloatVector v = FloatVector.fromArray(Lanes.F, x, o);
      a0 = a.fma(v, a0);
      b0 = b.fma(v, b0);
      c0 = c.fma(v, c0);
      v = FloatVector.fromArray(Lanes.F, x, o + N);
      a1 = a.fma(v, a1);
      b1 = b.fma(v, b1);
      c1 = c.fma(v, c1);
      v = FloatVector.fromArray(Lanes.F, x, o + 2 * N);
      a2 = a.fma(v, a2);
      b2 = b.fma(v, b2);
      c2 = c.fma(v, c2);
      v = FloatVector.fromArray(Lanes.F, x, o + 3 * N);
      a3 = a.fma(v, a3);
      b3 = b.fma(v, b3);
      c3 = c.fma(v, c3);
      v = FloatVector.fromArray(Lanes.F, x, o + 4 * N);
      a4 = a.fma(v, a4);
      b4 = b.fma(v, b4);
      c4 = c.fma(v, c4);
      v = FloatVector.fromArray(Lanes.F, x, o + 5 * N);
      a5 = a.fma(v, a5);
      b5 = b.fma(v, b5);
      c5 = c.fma(v, c5);
      v = FloatVector.fromArray(Lanes.F, x, o + 6 * N);
      a6 = a.fma(v, a6);
      b6 = b.fma(v, b6);
      c6 = c.fma(v, c6);
      v = FloatVector.fromArray(Lanes.F, x, o + 7 * N);
      a7 = a.fma(v, a7);
      b7 = b.fma(v, b7);
      c7 = c.fma(v, c7);
    }
    a0.intoArray(sums, 0);
    a1.intoArray(sums, N);
    a2.intoArray(sums, 2 * N);
    a3.intoArray(sums, 3 * N);
    a4.intoArray(sums, 4 * N);
    a5.intoArray(sums, 5 * N);
    a6.intoArray(sums, 6 * N);
    a7.intoArray(sums, 7 * N);
    b0.intoArray(sums, 8 * N);
    b1.intoArray(sums, 9 * N);
    b2.intoArray(sums, 10 * N);
    b3.intoArray(sums, 11 * N);
    b4.intoArray(sums, 12 * N);
    b5.intoArray(sums, 13 * N);
    b6.intoArray(sums, 14 * N);
    b7.intoArray(sums, 15 * N);
    c0.intoArray(sums, 16 * N);
    c1.intoArray(sums, 17 * N);
    c2.intoArray(sums, 18 * N);
    c3.intoArray(sums, 19 * N);
    c4.intoArray(sums, 20 * N);
    c5.intoArray(sums, 21 * N);
    c6.intoArray(sums, 22 * N);
    c7.intoArray(sums, 23 * N);
  }
}
