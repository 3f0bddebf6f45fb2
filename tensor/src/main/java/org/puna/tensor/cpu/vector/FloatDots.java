package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Dot products of float arrays. */
final class FloatDots {
  private static final int N = Lanes.N;

  private FloatDots() {}

  /** Returns {@code Σ a[aAt + i] · b[bAt + i]} over n numbers. */
  static float dot(float[] a, int aAt, float[] b, int bAt, int n) {
    FloatVector s0 = FloatVector.zero(Lanes.F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int i = 0;
    for (; i <= n - 4 * N; i += 4 * N) {
      s0 = at(a, aAt + i).fma(at(b, bAt + i), s0);
      s1 = at(a, aAt + i + N).fma(at(b, bAt + i + N), s1);
      s2 = at(a, aAt + i + 2 * N).fma(at(b, bAt + i + 2 * N), s2);
      s3 = at(a, aAt + i + 3 * N).fma(at(b, bAt + i + 3 * N), s3);
    }
    for (; i <= n - N; i += N) s0 = at(a, aAt + i).fma(at(b, bAt + i), s0);
    float sum = s0.add(s1).add(s2.add(s3)).reduceLanes(VectorOperators.ADD);
    for (; i < n; i++) sum = Math.fma(a[aAt + i], b[bAt + i], sum);
    return sum;
  }

  /**
   * Adds the dot products of one row with four: {@code y[yAt + j · yStep] += Σ w[i] · x[xAt + j ·
   * xStep + i]}.
   */
  static void addFour(
      float[] w, int n, float[] x, int xAt, int xStep, float[] y, int yAt, int yStep) {
    FloatVector s0 = FloatVector.zero(Lanes.F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int x1 = xAt + xStep;
    int x2 = x1 + xStep;
    int x3 = x2 + xStep;
    int i = 0;
    for (; i <= n - N; i += N) {
      FloatVector v = at(w, i);
      s0 = v.fma(at(x, xAt + i), s0);
      s1 = v.fma(at(x, x1 + i), s1);
      s2 = v.fma(at(x, x2 + i), s2);
      s3 = v.fma(at(x, x3 + i), s3);
    }
    float r0 = s0.reduceLanes(VectorOperators.ADD);
    float r1 = s1.reduceLanes(VectorOperators.ADD);
    float r2 = s2.reduceLanes(VectorOperators.ADD);
    float r3 = s3.reduceLanes(VectorOperators.ADD);
    for (; i < n; i++) {
      r0 = Math.fma(w[i], x[xAt + i], r0);
      r1 = Math.fma(w[i], x[x1 + i], r1);
      r2 = Math.fma(w[i], x[x2 + i], r2);
      r3 = Math.fma(w[i], x[x3 + i], r3);
    }
    y[yAt] += r0;
    y[yAt + yStep] += r1;
    y[yAt + 2 * yStep] += r2;
    y[yAt + 3 * yStep] += r3;
  }

  private static FloatVector at(float[] a, int i) {
    return FloatVector.fromArray(Lanes.F, a, i);
  }
}
