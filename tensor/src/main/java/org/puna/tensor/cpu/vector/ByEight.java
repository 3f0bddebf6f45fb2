package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Two rows of weights times eight rows of activations: sixteen sums in the 32 registers of AVX-512
 * or NEON, each decoded vector is used eight times. Defined once for each format, see {@link
 * Specialised}.
 */
final class ByEight implements PairProduct {
  /** Rows of activations. */
  static final int ROWS = 8;

  private static final StoredRows FORMAT = Specialised.format(MethodHandles.lookup());
  private static final int N = Lanes.N;

  @Override
  public int rows() {
    return ROWS;
  }

  @Override
  public void multiply(
      MemorySegment w,
      long first,
      long second,
      Scales[] scales,
      float[] x,
      int at,
      int n,
      float[] sums) {
    Scales scales0 = scales[0];
    Scales scales1 = scales[1];
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
    for (int i = 0; i < n; i += N) {
      FloatVector a = FORMAT.vector(w, first, i, scales0);
      FloatVector b = FORMAT.vector(w, second, i, scales1);
      int o = at + 8 * i;
      FloatVector v = Lanes.at(x, o);
      a0 = a.fma(v, a0);
      b0 = b.fma(v, b0);
      v = Lanes.at(x, o + N);
      a1 = a.fma(v, a1);
      b1 = b.fma(v, b1);
      v = Lanes.at(x, o + 2 * N);
      a2 = a.fma(v, a2);
      b2 = b.fma(v, b2);
      v = Lanes.at(x, o + 3 * N);
      a3 = a.fma(v, a3);
      b3 = b.fma(v, b3);
      v = Lanes.at(x, o + 4 * N);
      a4 = a.fma(v, a4);
      b4 = b.fma(v, b4);
      v = Lanes.at(x, o + 5 * N);
      a5 = a.fma(v, a5);
      b5 = b.fma(v, b5);
      v = Lanes.at(x, o + 6 * N);
      a6 = a.fma(v, a6);
      b6 = b.fma(v, b6);
      v = Lanes.at(x, o + 7 * N);
      a7 = a.fma(v, a7);
      b7 = b.fma(v, b7);
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
  }
}
