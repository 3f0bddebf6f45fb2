package org.puna.tensor.cpu.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.cpu.Team;

/**
 * The gradients that are sums over rows: of biases and of the weights of norms, and with those the
 * gradients by what is normed. Arguments are those of {@code GradKernels}. Slopes of norms call the
 * Vector API itself, see {@link Words}.
 */
final class RowSums {
  /** Pieces of a sum over rows, so many whatever the team, so that sums do not depend on it. */
  private static final int SUM_PIECES = 16;

  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int N = Lanes.N;

  private float[] partial = new float[0];

  /** Adds, for each piece of rows, a vector of n sums into partial memory, then all in order. */
  private void sums(Team team, int rows, int n, float[] to, Partial work) {
    if (partial.length < SUM_PIECES * n) partial = new float[SUM_PIECES * n];
    Arrays.fill(partial, 0, SUM_PIECES * n, 0);
    float[] p = partial;
    team.run(
        SUM_PIECES,
        (piece, _) -> {
          int from = (int) ((long) rows * piece / SUM_PIECES);
          int end = (int) ((long) rows * (piece + 1) / SUM_PIECES);
          work.run(from, end, p, piece * n);
        });
    for (int piece = 0; piece < SUM_PIECES; piece++) {
      for (int i = 0; i < n; i++) to[i] += p[piece * n + i];
    }
  }

  /** A sum over a range of rows. */
  private interface Partial {
    void run(int from, int to, float[] sums, int at);
  }

  void bias(Team team, float[] dy, int rows, int n, float[] db) {
    sums(
        team,
        rows,
        n,
        db,
        (from, to, s, at) -> {
          for (int t = from; t < to; t++) addTo(s, at, dy, t * n, n);
        });
  }

  private static void addTo(float[] y, int yAt, float[] x, int xAt, int n) {
    int i = 0;
    for (; i <= n - N; i += N)
      FloatVector.fromArray(F, y, yAt + i)
          .add(FloatVector.fromArray(F, x, xAt + i))
          .intoArray(y, yAt + i);
    for (; i < n; i++) y[yAt + i] += x[xAt + i];
  }

  void rmsNorm(
      Team team,
      float[] dy,
      float[] x,
      int groups,
      int group,
      float @Nullable [] weight,
      float eps,
      boolean add,
      float @Nullable [] dx,
      float @Nullable [] dweight) {
    float[] unused = new float[group];
    sums(
        team,
        groups,
        group,
        dweight == null ? unused : dweight,
        (from, to, s, sAt) -> {
          for (int g = from; g < to; g++) {
            normSlope(
                dy, x, g * group, group, weight, eps, add, dx, dweight == null ? null : s, sAt);
          }
        });
  }

  private static void normSlope(
      float[] dy,
      float[] x,
      int at,
      int n,
      float @Nullable [] weight,
      float eps,
      boolean add,
      float @Nullable [] dx,
      float @Nullable [] dweight,
      int dAt) {
    float r = (float) (1 / Math.sqrt(FloatDots.dot(x, at, x, at, n) / n + eps));
    FloatVector dots = FloatVector.zero(Lanes.F);
    int i = 0;
    for (; i <= n - N; i += N) {
      FloatVector g = FloatVector.fromArray(F, dy, at + i);
      FloatVector v = FloatVector.fromArray(F, x, at + i);
      if (dweight != null) {
        v.mul(r).fma(g, FloatVector.fromArray(F, dweight, dAt + i)).intoArray(dweight, dAt + i);
      }
      dots = (weight == null ? g : g.mul(FloatVector.fromArray(F, weight, i))).fma(v, dots);
    }
    float dot = LaneSum.of(dots);
    for (; i < n; i++) {
      float g = dy[at + i];
      if (dweight != null) dweight[dAt + i] += g * x[at + i] * r;
      dot += (weight == null ? g : g * weight[i]) * x[at + i];
    }
    if (dx == null) return;
    float back = dot * r * r / n;
    for (i = 0; i <= n - N; i += N) {
      FloatVector g = FloatVector.fromArray(F, dy, at + i);
      if (weight != null) g = g.mul(FloatVector.fromArray(F, weight, i));
      FloatVector v = g.sub(FloatVector.fromArray(F, x, at + i).mul(back)).mul(r);
      (add ? v.add(FloatVector.fromArray(F, dx, at + i)) : v).intoArray(dx, at + i);
    }
    for (; i < n; i++) {
      float g = weight == null ? dy[at + i] : dy[at + i] * weight[i];
      float v = r * (g - x[at + i] * back);
      dx[at + i] = add ? dx[at + i] + v : v;
    }
  }

  void layerNorm(
      Team team,
      float[] dy,
      float[] x,
      int rows,
      int cols,
      float[] weight,
      float eps,
      boolean add,
      float @Nullable [] dx,
      float @Nullable [] dweight,
      float @Nullable [] dbias) {
    float[] both = new float[2 * cols];
    sums(
        team,
        rows,
        2 * cols,
        both,
        (from, to, s, sAt) -> {
          for (int r = from; r < to; r++) {
            layerSlope(dy, x, r * cols, cols, weight, eps, add, dx, s, sAt);
          }
        });
    if (dweight != null) addTo(dweight, 0, both, 0, cols);
    if (dbias != null) addTo(dbias, 0, both, cols, cols);
  }

  /** Sums a row's gradients of weight and bias into two runs of n numbers. */
  private static void layerSlope(
      float[] dy,
      float[] x,
      int at,
      int n,
      float[] weight,
      float eps,
      boolean add,
      float @Nullable [] dx,
      float[] sums,
      int sAt) {
    float mean = Moments.mean(x, at, n);
    float r = Moments.inverse(x, at, n, mean, eps);
    FloatVector total = FloatVector.zero(Lanes.F);
    FloatVector dots = FloatVector.zero(Lanes.F);
    int i = 0;
    for (; i <= n - N; i += N) {
      FloatVector g = FloatVector.fromArray(F, dy, at + i);
      FloatVector unit = FloatVector.fromArray(F, x, at + i).sub(mean).mul(r);
      unit.fma(g, FloatVector.fromArray(F, sums, sAt + i)).intoArray(sums, sAt + i);
      g.add(FloatVector.fromArray(F, sums, sAt + n + i)).intoArray(sums, sAt + n + i);
      FloatVector w = g.mul(FloatVector.fromArray(F, weight, i));
      total = total.add(w);
      dots = w.fma(unit, dots);
    }
    float sum = LaneSum.of(total);
    float dot = LaneSum.of(dots);
    for (; i < n; i++) {
      float unit = (x[at + i] - mean) * r;
      sums[sAt + i] += dy[at + i] * unit;
      sums[sAt + n + i] += dy[at + i];
      sum += dy[at + i] * weight[i];
      dot += dy[at + i] * weight[i] * unit;
    }
    if (dx == null) return;
    float shift = sum / n;
    float back = dot / n;
    for (i = 0; i <= n - N; i += N) {
      FloatVector unit = FloatVector.fromArray(F, x, at + i).sub(mean).mul(r);
      FloatVector v =
          FloatVector.fromArray(F, dy, at + i)
              .mul(FloatVector.fromArray(F, weight, i))
              .sub(shift)
              .sub(unit.mul(back))
              .mul(r);
      (add ? v.add(FloatVector.fromArray(F, dx, at + i)) : v).intoArray(dx, at + i);
    }
    for (; i < n; i++) {
      float unit = (x[at + i] - mean) * r;
      float v = r * (dy[at + i] * weight[i] - shift - unit * back);
      dx[at + i] = add ? dx[at + i] + v : v;
    }
  }

  /** Lets go of scratch memory. */
  void close() {
    partial = new float[0];
  }
}
