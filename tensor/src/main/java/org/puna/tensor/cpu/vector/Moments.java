package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;

/** What a layer norm needs to know of a row, summed lane by lane. */
final class Moments {
  private static final int N = Lanes.N;

  private Moments() {}

  /** Returns the mean of n numbers. */
  static float mean(float[] x, int at, int n) {
    FloatVector sums = FloatVector.zero(Lanes.F);
    int i = 0;
    for (; i <= n - N; i += N) sums = sums.add(FloatVector.fromArray(Lanes.F, x, at + i));
    float sum = LaneSum.of(sums);
    for (; i < n; i++) sum += x[at + i];
    return sum / n;
  }

  /** Returns 1 / √(variance + eps). */
  static float inverse(float[] x, int at, int n, float mean, float eps) {
    FloatVector sums = FloatVector.zero(Lanes.F);
    int i = 0;
    for (; i <= n - N; i += N) {
      FloatVector d = FloatVector.fromArray(Lanes.F, x, at + i).sub(mean);
      sums = d.fma(d, sums);
    }
    float sum = LaneSum.of(sums);
    for (; i < n; i++) sum = Math.fma(x[at + i] - mean, x[at + i] - mean, sum);
    return (float) (1 / Math.sqrt(sum / n + eps));
  }
}
