package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The weights of one query: from scores, and applied to values. */
final class AttentionWeights {
  private static final int N = Lanes.N;

  private AttentionWeights() {}

  /**
   * Turns scores into weights that sum to 1. As long as it is, this is compiled alone, see {@link
   * Tile}: together with {@link Softcap} it would pass the compiler's limit of nodes.
   */
  static void softmax(float[] s, int at, int n) {
    FloatVector highest = FloatVector.broadcast(Lanes.F, Float.NEGATIVE_INFINITY);
    float max = Float.NEGATIVE_INFINITY;
    int i = 0;
    for (; i <= n - N; i += N) highest = highest.max(FloatVector.fromArray(Lanes.F, s, at + i));
    for (; i < n; i++) max = Math.max(max, s[at + i]);
    max = Math.max(max, highest.reduceLanes(VectorOperators.MAX));
    FloatVector sums = FloatVector.zero(Lanes.F);
    float sum = 0;
    for (i = 0; i <= n - N; i += N) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(Lanes.F, s, at + i).sub(max));
      e.intoArray(s, at + i);
      sums = sums.add(e);
    }
    for (; i < n; i++) {
      s[at + i] = (float) Math.exp(s[at + i] - max);
      sum += s[at + i];
    }
    // As LaneSum has it: with a helper in its place this would be short enough to become part of a
    // caller, and box.
    if (N > 8) sums = sums.add(sums.rearrange(LaneSum.EIGHT));
    if (N > 4) sums = sums.add(sums.rearrange(LaneSum.FOUR));
    if (N > 2) sums = sums.add(sums.rearrange(LaneSum.TWO));
    if (N > 1) sums = sums.add(sums.rearrange(LaneSum.ONE));
    float inverse = 1 / (sum + sums.lane(0));
    for (i = 0; i <= n - N; i += N) {
      FloatVector.fromArray(Lanes.F, s, at + i).mul(inverse).intoArray(s, at + i);
    }
    for (; i < n; i++) s[at + i] *= inverse;
  }

  /** Adds {@code weights · v} of a run of positions to an output, numbers {@code first} to d. */
  static void mix(
      float[] weights, int from, int run, float[] v, int at, int first, int d, float[] y, int to) {
    int j = first;
    for (; j <= d - 4 * N; j += 4 * N) {
      FloatVector a = FloatVector.fromArray(Lanes.F, y, to + j);
      FloatVector b = FloatVector.fromArray(Lanes.F, y, to + j + N);
      FloatVector c = FloatVector.fromArray(Lanes.F, y, to + j + 2 * N);
      FloatVector e = FloatVector.fromArray(Lanes.F, y, to + j + 3 * N);
      int o = at + j;
      for (int r = 0; r < run; r++) {
        FloatVector w = FloatVector.broadcast(Lanes.F, weights[from + r]);
        a = w.fma(FloatVector.fromArray(Lanes.F, v, o), a);
        b = w.fma(FloatVector.fromArray(Lanes.F, v, o + N), b);
        c = w.fma(FloatVector.fromArray(Lanes.F, v, o + 2 * N), c);
        e = w.fma(FloatVector.fromArray(Lanes.F, v, o + 3 * N), e);
        o += d;
      }
      a.intoArray(y, to + j);
      b.intoArray(y, to + j + N);
      c.intoArray(y, to + j + 2 * N);
      e.intoArray(y, to + j + 3 * N);
    }
    for (; j <= d - N; j += N) {
      FloatVector a = FloatVector.fromArray(Lanes.F, y, to + j);
      for (int r = 0; r < run; r++) {
        FloatVector w = FloatVector.broadcast(Lanes.F, weights[from + r]);
        a = w.fma(FloatVector.fromArray(Lanes.F, v, at + r * d + j), a);
      }
      a.intoArray(y, to + j);
    }
    for (; j < d; j++) {
      float sum = y[to + j];
      for (int r = 0; r < run; r++) sum = Math.fma(weights[from + r], v[at + r * d + j], sum);
      y[to + j] = sum;
    }
  }
}
