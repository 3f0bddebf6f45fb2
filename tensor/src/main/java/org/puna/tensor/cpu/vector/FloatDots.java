package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;

/**
 * Dot products of float arrays. Calls the Vector API alone: the compiler leaves a helper a call
 * where the profile has seen it seldom, however small it is, and then boxes vectors.
 */
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
      s0 =
          FloatVector.fromArray(Lanes.F, a, aAt + i)
              .fma(FloatVector.fromArray(Lanes.F, b, bAt + i), s0);
      s1 =
          FloatVector.fromArray(Lanes.F, a, aAt + i + N)
              .fma(FloatVector.fromArray(Lanes.F, b, bAt + i + N), s1);
      s2 =
          FloatVector.fromArray(Lanes.F, a, aAt + i + 2 * N)
              .fma(FloatVector.fromArray(Lanes.F, b, bAt + i + 2 * N), s2);
      s3 =
          FloatVector.fromArray(Lanes.F, a, aAt + i + 3 * N)
              .fma(FloatVector.fromArray(Lanes.F, b, bAt + i + 3 * N), s3);
    }
    for (; i <= n - N; i += N)
      s0 =
          FloatVector.fromArray(Lanes.F, a, aAt + i)
              .fma(FloatVector.fromArray(Lanes.F, b, bAt + i), s0);
    // The sum of lanes, written out: a helper may be left a call, which takes a vector in a box.
    FloatVector s = s0.add(s1).add(s2.add(s3));
    if (N > 8) s = s.add(s.rearrange(LaneSum.EIGHT));
    if (N > 4) s = s.add(s.rearrange(LaneSum.FOUR));
    if (N > 2) s = s.add(s.rearrange(LaneSum.TWO));
    if (N > 1) s = s.add(s.rearrange(LaneSum.ONE));
    float sum = s.lane(0);
    for (; i < n; i++) sum = Math.fma(a[aAt + i], b[bAt + i], sum);
    return sum;
  }
}
