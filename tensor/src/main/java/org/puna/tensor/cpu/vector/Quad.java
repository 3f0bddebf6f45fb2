package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;

/**
 * Four rows of weights times four rows of activations, sixteen sums in registers, lanes along the
 * common dimension: for products with too few rows to be worth packing.
 */
final class Quad {
  /** Rows of either operand. */
  static final int ROWS = 4;

  /** Floats of the sixteen vectors of sums. */
  static final int SUMS = 16 * Lanes.N;

  private static final int N = Lanes.N;

  private Quad() {}

  /**
   * Adds the products of {@code n} numbers, a multiple of the lanes, lane by lane to the sums.
   * Written out at a length that the compiler never inlines: with it, its callers would outgrow
   * what the compiler expands, and lose their instructions.
   *
   * @param w four rows at distance {@code wStep} from index 0
   * @param x activations
   * @param x0 where row 0 starts; likewise the others, which may be the same row
   * @param sums [4 rows of w, 4 rows of x, lanes]
   */
  static void add(
      float[] w, int wStep, float[] x, int x0, int x1, int x2, int x3, int n, float[] sums) {
    FloatVector s00 = FloatVector.fromArray(Lanes.F, sums, 0);
    FloatVector s01 = FloatVector.fromArray(Lanes.F, sums, N);
    FloatVector s02 = FloatVector.fromArray(Lanes.F, sums, 2 * N);
    FloatVector s03 = FloatVector.fromArray(Lanes.F, sums, 3 * N);
    FloatVector s10 = FloatVector.fromArray(Lanes.F, sums, 4 * N);
    FloatVector s11 = FloatVector.fromArray(Lanes.F, sums, 5 * N);
    FloatVector s12 = FloatVector.fromArray(Lanes.F, sums, 6 * N);
    FloatVector s13 = FloatVector.fromArray(Lanes.F, sums, 7 * N);
    FloatVector s20 = FloatVector.fromArray(Lanes.F, sums, 8 * N);
    FloatVector s21 = FloatVector.fromArray(Lanes.F, sums, 9 * N);
    FloatVector s22 = FloatVector.fromArray(Lanes.F, sums, 10 * N);
    FloatVector s23 = FloatVector.fromArray(Lanes.F, sums, 11 * N);
    FloatVector s30 = FloatVector.fromArray(Lanes.F, sums, 12 * N);
    FloatVector s31 = FloatVector.fromArray(Lanes.F, sums, 13 * N);
    FloatVector s32 = FloatVector.fromArray(Lanes.F, sums, 14 * N);
    FloatVector s33 = FloatVector.fromArray(Lanes.F, sums, 15 * N);
    int w1 = wStep;
    int w2 = w1 + wStep;
    int w3 = w2 + wStep;
    for (int i = 0; i < n; i += N) {
      FloatVector v0 = FloatVector.fromArray(Lanes.F, x, x0 + i);
      FloatVector v1 = FloatVector.fromArray(Lanes.F, x, x1 + i);
      FloatVector v2 = FloatVector.fromArray(Lanes.F, x, x2 + i);
      FloatVector v3 = FloatVector.fromArray(Lanes.F, x, x3 + i);
      FloatVector r = FloatVector.fromArray(Lanes.F, w, i);
      s00 = r.fma(v0, s00);
      s01 = r.fma(v1, s01);
      s02 = r.fma(v2, s02);
      s03 = r.fma(v3, s03);
      r = FloatVector.fromArray(Lanes.F, w, w1 + i);
      s10 = r.fma(v0, s10);
      s11 = r.fma(v1, s11);
      s12 = r.fma(v2, s12);
      s13 = r.fma(v3, s13);
      r = FloatVector.fromArray(Lanes.F, w, w2 + i);
      s20 = r.fma(v0, s20);
      s21 = r.fma(v1, s21);
      s22 = r.fma(v2, s22);
      s23 = r.fma(v3, s23);
      r = FloatVector.fromArray(Lanes.F, w, w3 + i);
      s30 = r.fma(v0, s30);
      s31 = r.fma(v1, s31);
      s32 = r.fma(v2, s32);
      s33 = r.fma(v3, s33);
    }
    s00.intoArray(sums, 0);
    s01.intoArray(sums, N);
    s02.intoArray(sums, 2 * N);
    s03.intoArray(sums, 3 * N);
    s10.intoArray(sums, 4 * N);
    s11.intoArray(sums, 5 * N);
    s12.intoArray(sums, 6 * N);
    s13.intoArray(sums, 7 * N);
    s20.intoArray(sums, 8 * N);
    s21.intoArray(sums, 9 * N);
    s22.intoArray(sums, 10 * N);
    s23.intoArray(sums, 11 * N);
    s30.intoArray(sums, 12 * N);
    s31.intoArray(sums, 13 * N);
    s32.intoArray(sums, 14 * N);
    s33.intoArray(sums, 15 * N);
  }

  /** Adds up the lanes of one of the sixteen sums. */
  static float total(float[] sums, int row, int xRow) {
    int at = (row * ROWS + xRow) * N;
    return LaneSum.of(FloatVector.fromArray(Lanes.F, sums, at));
  }
}
