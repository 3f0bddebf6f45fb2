package org.puna.tensor.cpu.scalar;

import org.jspecify.annotations.Nullable;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.Op;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.Kernels;
import org.puna.tensor.cpu.KvPages;
import org.puna.tensor.cpu.Team;

/** The kernels in plain loops, summed in float32 in index order. */
public final class ScalarKernels implements Kernels {
  /** Output columns that one piece of a product computes. */
  private static final int COLUMNS = 16;

  private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

  /** Makes the kernels; they keep no memory. */
  public ScalarKernels() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public String describe() {
    return "plain loops";
  }

  @Override
  public void linear(Team team, float[] x, int rows, Tensor w, float @Nullable [] bias, float[] y) {
    int n = Math.toIntExact(w.dim(0));
    int k = w.rowElements();
    long rowBytes = w.rowBytes();
    team.run(
        (n + COLUMNS - 1) / COLUMNS,
        (piece, _) -> {
          float[] row = new float[k];
          for (int j = piece * COLUMNS; j < Math.min(n, (piece + 1) * COLUMNS); j++) {
            w.format().decode(w.data(), j * rowBytes, row, 0, k);
            for (int t = 0; t < rows; t++) {
              float sum = 0;
              for (int i = 0; i < k; i++) sum = Math.fma(x[t * k + i], row[i], sum);
              y[t * n + j] = bias == null ? sum : sum + bias[j];
            }
          }
        });
  }

  @Override
  public void rmsNorm(
      Team team,
      float[] x,
      int groups,
      int group,
      float @Nullable [] weight,
      float eps,
      float[] y) {
    for (int g = 0; g < groups; g++) {
      int at = g * group;
      float sum = 0;
      for (int i = 0; i < group; i++) sum = Math.fma(x[at + i], x[at + i], sum);
      float r = (float) (1 / Math.sqrt(sum / group + eps));
      for (int i = 0; i < group; i++) {
        float v = x[at + i] * r;
        y[at + i] = weight == null ? v : v * weight[i];
      }
    }
  }

  @Override
  public void layerNorm(
      Team team,
      float[] x,
      int rows,
      int cols,
      float[] weight,
      float[] bias,
      float eps,
      float[] y) {
    for (int r = 0; r < rows; r++) {
      int at = r * cols;
      Moments m = Moments.of(x, at, cols, eps);
      for (int i = 0; i < cols; i++) {
        y[at + i] = (x[at + i] - m.mean()) * m.inverse() * weight[i] + bias[i];
      }
    }
  }

  @Override
  public void add(Team team, float[] a, float[] b, int n, float[] y) {
    for (int i = 0; i < n; i++) y[i] = a[i] + b[i];
  }

  @Override
  public void scale(Team team, float[] x, int n, float factor, float[] y) {
    for (int i = 0; i < n; i++) y[i] = x[i] * factor;
  }

  @Override
  public void softcap(Team team, float[] x, int n, float cap, float[] y) {
    for (int i = 0; i < n; i++) y[i] = (float) (cap * Math.tanh(x[i] / cap));
  }

  @Override
  public void gate(
      Team team, float[] gate, float[] up, int n, Op.Activation activation, float[] y) {
    for (int i = 0; i < n; i++) y[i] = activate(activation, gate[i]) * up[i];
  }

  @Override
  public void activate(Team team, float[] x, int n, Op.Activation activation, float[] y) {
    for (int i = 0; i < n; i++) y[i] = activate(activation, x[i]);
  }

  /** Returns a non-linearity of one number. */
  public static float activate(Op.Activation activation, float x) {
    return switch (activation) {
      case SILU -> (float) (x / (1 + Math.exp(-x)));
      case GELU_TANH ->
          (float) (0.5 * x * (1 + Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x))));
      case GELU -> (float) (0.5 * x * (1 + Erf.erf(x / Math.sqrt(2))));
    };
  }

  @Override
  public void rope(
      Team team,
      float[] x,
      int rows,
      int heads,
      int headDim,
      float[] cos,
      float[] sin,
      int pairs,
      boolean interleaved,
      float[] y) {
    for (int t = 0; t < rows; t++) {
      for (int h = 0; h < heads; h++) {
        int at = (t * heads + h) * headDim;
        for (int i = 0; i < pairs; i++) {
          int a = interleaved ? at + 2 * i : at + i;
          int b = interleaved ? a + 1 : a + pairs;
          float c = cos[t * pairs + i];
          float s = sin[t * pairs + i];
          float xa = x[a];
          float xb = x[b];
          y[a] = xa * c - xb * s;
          y[b] = xb * c + xa * s;
        }
        System.arraycopy(x, at + 2 * pairs, y, at + 2 * pairs, headDim - 2 * pairs);
      }
    }
  }

  @Override
  public void attention(
      Team team,
      AttentionShape shape,
      Batch batch,
      float[] q,
      KvPages keys,
      KvPages values,
      float[] y) {
    for (int p = 0; p < batch.parts(); p++) {
      Batch.Part part = batch.part(p);
      team.run(
          part.rows() * shape.nHeads(),
          (piece, _) ->
              attend(
                  shape, part, piece / shape.nHeads(), piece % shape.nHeads(), q, keys, values, y));
    }
  }

  private static void attend(
      AttentionShape shape,
      Batch.Part part,
      int row,
      int head,
      float[] q,
      KvPages keys,
      KvPages values,
      float[] y) {
    int d = shape.headDim();
    int position = part.firstPosition() + row;
    int first = shape.firstVisible(position);
    int qAt = (part.firstRow() + row) * shape.qCols() + head * d;
    int kvHead = head / (shape.nHeads() / shape.nKvHeads());
    float[] scores = new float[shape.endVisible(position, part.length()) - first];
    float[] cached = new float[d];
    int pageTokens = keys.pageTokens();
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < scores.length; i++) {
      int page = part.pages()[(first + i) / pageTokens];
      keys.read(page, kvHead, (first + i) % pageTokens, 1, cached, 0);
      float dot = 0;
      for (int j = 0; j < d; j++) dot = Math.fma(q[qAt + j], cached[j], dot);
      dot *= shape.scale();
      if (shape.softcap() > 0) {
        dot = (float) (shape.softcap() * Math.tanh(dot / shape.softcap()));
      }
      scores[i] = dot;
      max = Math.max(max, dot);
    }
    float sum = 0;
    for (int i = 0; i < scores.length; i++) {
      scores[i] = (float) Math.exp(scores[i] - max);
      sum += scores[i];
    }
    for (int j = 0; j < d; j++) y[qAt + j] = 0;
    for (int i = 0; i < scores.length; i++) {
      int page = part.pages()[(first + i) / pageTokens];
      values.read(page, kvHead, (first + i) % pageTokens, 1, cached, 0);
      float weight = scores[i] / sum;
      for (int j = 0; j < d; j++) y[qAt + j] = Math.fma(weight, cached[j], y[qAt + j]);
    }
  }

  @Override
  public void close() {}
}
