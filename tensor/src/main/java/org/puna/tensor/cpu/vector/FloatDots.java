package org.puna.tensor.cpu.vector;

import static org.puna.tensor.cpu.vector.Lanes.at;

import jdk.incubator.vector.FloatVector;

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
    float sum = LaneSum.of(s0.add(s1).add(s2.add(s3)));
    for (; i < n; i++) sum = Math.fma(a[aAt + i], b[bAt + i], sum);
    return sum;
  }
}
