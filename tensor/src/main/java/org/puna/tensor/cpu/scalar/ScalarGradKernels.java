package org.puna.tensor.cpu.scalar;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Op;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;

/** The derivatives in plain loops: the oracle of every faster version. */
public final class ScalarGradKernels implements GradKernels {
  /** Columns of a gradient that one piece of work computes. */
  private static final int COLUMNS = 16;

  private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

  private final ScalarKernels forward = new ScalarKernels();

  /** Makes the kernels; they keep no memory. */
  public ScalarGradKernels() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public void linear(Team team, float[] x, int rows, Tensor w, float[] y) {
    forward.linear(team, x, rows, w, null, y);
  }

  @Override
  public void linearInput(Team team, float[] dy, int rows, Tensor w, boolean add, float[] dx) {
    int n = Math.toIntExact(w.dim(0));
    int k = w.rowElements();
    float[] m = w.toFloats();
    team.run(
        rows,
        (t, _) -> {
          if (!add) Arrays.fill(dx, t * k, (t + 1) * k, 0);
          for (int j = 0; j < n; j++) {
            float d = dy[t * n + j];
            for (int i = 0; i < k; i++) dx[t * k + i] = Math.fma(d, m[j * k + i], dx[t * k + i]);
          }
        });
  }

  @Override
  public void linearWeight(
      Team team, float[] dy, float[] x, int rows, int n, int k, float[] dw, int at) {
    team.run(
        (n + COLUMNS - 1) / COLUMNS,
        (piece, _) -> {
          for (int j = piece * COLUMNS; j < Math.min(n, (piece + 1) * COLUMNS); j++) {
            int row = at + j * k;
            for (int t = 0; t < rows; t++) {
              float d = dy[t * n + j];
              for (int i = 0; i < k; i++) dw[row + i] = Math.fma(d, x[t * k + i], dw[row + i]);
            }
          }
        });
  }

  @Override
  public void bias(Team team, float[] dy, int rows, int n, float[] db) {
    for (int t = 0; t < rows; t++) {
      for (int j = 0; j < n; j++) db[j] += dy[t * n + j];
    }
  }

  @Override
  public void rmsNorm(
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
    for (int g = 0; g < groups; g++) {
      int at = g * group;
      float sum = 0;
      for (int i = 0; i < group; i++) sum = Math.fma(x[at + i], x[at + i], sum);
      float r = (float) (1 / Math.sqrt(sum / group + eps));
      float dot = 0;
      for (int i = 0; i < group; i++) {
        float d = weight == null ? dy[at + i] : dy[at + i] * weight[i];
        dot = Math.fma(d, x[at + i], dot);
        if (dweight != null) dweight[i] = Math.fma(dy[at + i], x[at + i] * r, dweight[i]);
      }
      if (dx == null) continue;
      float back = dot * r * r / group;
      for (int i = 0; i < group; i++) {
        float d = weight == null ? dy[at + i] : dy[at + i] * weight[i];
        float v = r * (d - x[at + i] * back);
        dx[at + i] = add ? dx[at + i] + v : v;
      }
    }
  }

  @Override
  public void layerNorm(
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
    for (int r = 0; r < rows; r++) {
      int at = r * cols;
      Moments m = Moments.of(x, at, cols, eps);
      float sum = 0;
      float dot = 0;
      for (int i = 0; i < cols; i++) {
        float d = dy[at + i];
        float unit = (x[at + i] - m.mean()) * m.inverse();
        if (dweight != null) dweight[i] = Math.fma(d, unit, dweight[i]);
        if (dbias != null) dbias[i] += d;
        sum += d * weight[i];
        dot = Math.fma(d * weight[i], unit, dot);
      }
      if (dx == null) continue;
      for (int i = 0; i < cols; i++) {
        float unit = (x[at + i] - m.mean()) * m.inverse();
        float v = m.inverse() * (dy[at + i] * weight[i] - sum / cols - unit * (dot / cols));
        dx[at + i] = add ? dx[at + i] + v : v;
      }
    }
  }

  @Override
  public void activate(
      Team team, float[] dy, float[] x, int n, Op.Activation activation, boolean add, float[] dx) {
    for (int i = 0; i < n; i++) {
      float v = dy[i] * slope(activation, x[i]);
      dx[i] = add ? dx[i] + v : v;
    }
  }

  @Override
  public void softcap(Team team, float[] dy, float[] x, int n, float cap, boolean add, float[] dx) {
    for (int i = 0; i < n; i++) {
      double t = Math.tanh(x[i] / cap);
      float v = (float) (dy[i] * (1 - t * t));
      dx[i] = add ? dx[i] + v : v;
    }
  }

  @Override
  public void gate(
      Team team,
      float[] dy,
      float[] gate,
      float[] up,
      int n,
      Op.Activation activation,
      boolean addGate,
      float @Nullable [] dgate,
      boolean addUp,
      float @Nullable [] dup) {
    for (int i = 0; i < n; i++) {
      float d = dy[i];
      float x = gate[i];
      if (dgate != null) {
        float v = d * up[i] * slope(activation, x);
        dgate[i] = addGate ? dgate[i] + v : v;
      }
      if (dup != null) {
        float v = d * ScalarKernels.activate(activation, x);
        dup[i] = addUp ? dup[i] + v : v;
      }
    }
  }

  /** Returns the derivative of a non-linearity. */
  public static float slope(Op.Activation activation, float x) {
    return switch (activation) {
      case SILU -> {
        double s = 1 / (1 + Math.exp(-x));
        yield (float) (s * (1 + x * (1 - s)));
      }
      case GELU_TANH -> {
        double t = Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x));
        double inner = SQRT_2_OVER_PI * (1 + 3 * 0.044715 * x * x);
        yield (float) (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner);
      }
      case GELU -> {
        double cdf = 0.5 * (1 + Erf.erf(x / Math.sqrt(2)));
        double pdf = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
        yield (float) (cdf + x * pdf);
      }
    };
  }

  @Override
  public void attend(
      Team team,
      AttentionShape shape,
      int[] bounds,
      int sequences,
      float[] q,
      float[] k,
      float[] v,
      float[] y,
      float[] lse) {
    team.run(
        sequences * shape.nHeads(),
        (piece, _) -> {
          int s = piece / shape.nHeads();
          int head = piece % shape.nHeads();
          new ScalarAttention(shape, bounds[s], bounds[s + 1], head, q, k, v).forward(y, lse);
        });
  }

  @Override
  public void attention(
      Team team,
      AttentionShape shape,
      int[] bounds,
      int sequences,
      float[] dy,
      float[] q,
      float[] k,
      float[] v,
      float[] y,
      float[] lse,
      float[] dq,
      float[] dk,
      float[] dv) {
    int group = shape.nHeads() / shape.nKvHeads();
    team.run(
        sequences * shape.nKvHeads(),
        (piece, _) -> {
          int s = piece / shape.nKvHeads();
          int kvHead = piece % shape.nKvHeads();
          for (int h = 0; h < group; h++) {
            new ScalarAttention(shape, bounds[s], bounds[s + 1], kvHead * group + h, q, k, v)
                .backward(dy, y, lse, h > 0, dq, dk, dv);
          }
        });
  }

  @Override
  public void crossEntropy(
      Team team,
      float[] logits,
      int rows,
      int vocab,
      int[] targets,
      float[] weights,
      float[] losses,
      int at) {
    team.run(
        rows,
        (r, _) -> {
          int from = r * vocab;
          int to = from + vocab;
          float max = Float.NEGATIVE_INFINITY;
          for (int i = from; i < to; i++) max = Math.max(max, logits[i]);
          double sum = 0;
          for (int i = from; i < to; i++) sum += Math.exp(logits[i] - max);
          int target = from + targets[at + r];
          losses[at + r] = (float) (Math.log(sum) + max - logits[target]);
          float weight = weights[at + r];
          for (int i = from; i < to; i++) {
            logits[i] = weight == 0 ? 0 : (float) (weight * Math.exp(logits[i] - max) / sum);
          }
          logits[target] -= weight;
        });
  }

  @Override
  public double sumOfSquares(Team team, float[] x, int at, int n) {
    double sum = 0;
    for (int i = at; i < at + n; i++) sum += (double) x[i] * x[i];
    return sum;
  }

  @Override
  public void adamW(Team team, float[] w, float[] g, float[] m, float[] v, int n, AdamStep s) {
    float scale = (float) s.gradScale();
    float keep = (float) (1 - s.lr() * s.decay());
    float one1 = (float) (1 - s.beta1());
    float beta2 = (float) s.beta2();
    float one2 = (float) (1 - s.beta2());
    float stepSize = (float) (s.lr() / s.correction1());
    float root2 = (float) Math.sqrt(s.correction2());
    float eps = (float) s.eps();
    for (int i = 0; i < n; i++) {
      float d = g[i] * scale;
      m[i] += one1 * (d - m[i]);
      v[i] = v[i] * beta2 + one2 * d * d;
      w[i] = w[i] * keep - stepSize * (m[i] / ((float) Math.sqrt(v[i]) / root2 + eps));
      g[i] = 0;
    }
  }

  @Override
  public void close() {
    forward.close();
  }
}
