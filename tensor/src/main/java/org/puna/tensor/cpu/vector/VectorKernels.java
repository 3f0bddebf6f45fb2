package org.puna.tensor.cpu.vector;

import java.util.List;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.Op;
import org.puna.tensor.Repacked;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.Kernels;
import org.puna.tensor.cpu.KvPages;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.cpu.scalar.ScalarKernels;

/**
 * The kernels in the JDK's Vector API, for whatever vector length the machine prefers. Sums are
 * taken lane by lane, so results differ from the scalar ones by rounding.
 */
public final class VectorKernels implements Kernels {
  /** Numbers of one piece of an element-wise operation: enough work to be worth a hand-over. */
  private static final int PIECE = 16384;

  private static final int N = Lanes.N;

  private final Products products;
  private final Attention attention = new Attention();

  /** Makes the kernels, without scratch memory yet. */
  public VectorKernels() {
    this(false);
  }

  /**
   * Makes the kernels, without scratch memory yet.
   *
   * @param int8 whether products with {@linkplain #repack copies of weights} round activations to
   *     eight bits
   */
  public VectorKernels(boolean int8) {
    products = new Products(int8);
  }

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public String describe() {
    return "Vector API, "
        + Lanes.F.vectorBitSize()
        + " bits"
        + (products.int8() ? ", 8-bit activations" : "");
  }

  @Override
  public Repacked repack(List<Tensor> weights, int after) {
    return products.repack(weights, after);
  }

  @Override
  public void linear(Team team, float[] x, int rows, Tensor w, float @Nullable [] bias, float[] y) {
    products.linear(team, x, rows, w, bias, y);
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
    int step = Math.max(1, PIECE / group);
    if (groups <= step) {
      for (int g = 0; g < groups; g++) normalise(x, g * group, group, weight, eps, y);
      return;
    }
    team.run(
        (groups + step - 1) / step,
        (piece, _) -> {
          for (int g = piece * step; g < Math.min(groups, (piece + 1) * step); g++) {
            normalise(x, g * group, group, weight, eps, y);
          }
        });
  }

  private static void normalise(
      float[] x, int at, int n, float @Nullable [] weight, float eps, float[] y) {
    float r = (float) (1 / Math.sqrt(FloatDots.dot(x, at, x, at, n) / n + eps));
    int i = 0;
    for (; i <= n - N; i += N) {
      FloatVector v = FloatVector.fromArray(Lanes.F, x, at + i).mul(r);
      (weight == null ? v : v.mul(FloatVector.fromArray(Lanes.F, weight, i))).intoArray(y, at + i);
    }
    for (; i < n; i++) {
      float v = x[at + i] * r;
      y[at + i] = weight == null ? v : v * weight[i];
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
    int step = Math.max(1, PIECE / cols);
    team.run(
        (rows + step - 1) / step,
        (piece, _) -> {
          for (int r = piece * step; r < Math.min(rows, (piece + 1) * step); r++) {
            int at = r * cols;
            float mean = Moments.mean(x, at, cols);
            float inverse = Moments.inverse(x, at, cols, mean, eps);
            int i = 0;
            for (; i <= cols - N; i += N) {
              FloatVector v = FloatVector.fromArray(Lanes.F, x, at + i).sub(mean).mul(inverse);
              v.fma(
                      FloatVector.fromArray(Lanes.F, weight, i),
                      FloatVector.fromArray(Lanes.F, bias, i))
                  .intoArray(y, at + i);
            }
            for (; i < cols; i++) {
              y[at + i] = (x[at + i] - mean) * inverse * weight[i] + bias[i];
            }
          }
        });
  }

  @Override
  public void add(Team team, float[] a, float[] b, int n, float[] y) {
    if (n <= PIECE) add(a, b, 0, n, y);
    else pieces(team, n, (from, to) -> add(a, b, from, to, y));
  }

  private static void add(float[] a, float[] b, int from, int to, float[] y) {
    int i = from;
    for (; i <= to - N; i += N)
      FloatVector.fromArray(Lanes.F, a, i)
          .add(FloatVector.fromArray(Lanes.F, b, i))
          .intoArray(y, i);
    for (; i < to; i++) y[i] = a[i] + b[i];
  }

  @Override
  public void scale(Team team, float[] x, int n, float factor, float[] y) {
    if (n <= PIECE) scale(x, 0, n, factor, y);
    else pieces(team, n, (from, to) -> scale(x, from, to, factor, y));
  }

  private static void scale(float[] x, int from, int to, float factor, float[] y) {
    int i = from;
    for (; i <= to - N; i += N) FloatVector.fromArray(Lanes.F, x, i).mul(factor).intoArray(y, i);
    for (; i < to; i++) y[i] = x[i] * factor;
  }

  @Override
  public void softcap(Team team, float[] x, int n, float cap, float[] y) {
    if (n <= PIECE) Softcap.apply(x, 0, n, cap, y);
    else pieces(team, n, (from, to) -> Softcap.apply(x, from, to, cap, y));
  }

  @Override
  public void gate(
      Team team, float[] gate, float[] up, int n, Op.Activation activation, float[] y) {
    if (n <= PIECE) gate(gate, up, 0, n, activation, y);
    else pieces(team, n, (from, to) -> gate(gate, up, from, to, activation, y));
  }

  private static void gate(
      float[] gate, float[] up, int from, int to, Op.Activation activation, float[] y) {
    int i = Activations.of(activation).gate(gate, up, from, to, y);
    for (; i < to; i++) y[i] = ScalarKernels.activate(activation, gate[i]) * up[i];
  }

  @Override
  public void activate(Team team, float[] x, int n, Op.Activation activation, float[] y) {
    pieces(
        team,
        n,
        (from, to) -> {
          int i = Activations.of(activation).activate(x, from, to, y);
          for (; i < to; i++) y[i] = ScalarKernels.activate(activation, x[i]);
        });
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
    int step = Math.max(1, PIECE / (heads * headDim));
    if (rows <= step) {
      for (int t = 0; t < rows; t++) {
        rotateRow(x, t, heads, headDim, cos, sin, pairs, interleaved, y);
      }
      return;
    }
    team.run(
        (rows + step - 1) / step,
        (piece, _) -> {
          for (int t = piece * step; t < Math.min(rows, (piece + 1) * step); t++) {
            rotateRow(x, t, heads, headDim, cos, sin, pairs, interleaved, y);
          }
        });
  }

  private static void rotateRow(
      float[] x,
      int row,
      int heads,
      int headDim,
      float[] cos,
      float[] sin,
      int pairs,
      boolean interleaved,
      float[] y) {
    for (int h = 0; h < heads; h++) {
      int at = (row * heads + h) * headDim;
      if (interleaved) rotatePairs(x, at, cos, sin, row * pairs, pairs, y);
      else rotateHalves(x, at, cos, sin, row * pairs, pairs, y);
      int rest = at + 2 * pairs;
      System.arraycopy(x, rest, y, rest, headDim - 2 * pairs);
    }
  }

  private static void rotateHalves(
      float[] x, int at, float[] cos, float[] sin, int angle, int pairs, float[] y) {
    int i = 0;
    for (; i <= pairs - N; i += N) {
      FloatVector a = FloatVector.fromArray(Lanes.F, x, at + i);
      FloatVector b = FloatVector.fromArray(Lanes.F, x, at + pairs + i);
      FloatVector c = FloatVector.fromArray(Lanes.F, cos, angle + i);
      FloatVector s = FloatVector.fromArray(Lanes.F, sin, angle + i);
      a.mul(c).sub(b.mul(s)).intoArray(y, at + i);
      b.mul(c).add(a.mul(s)).intoArray(y, at + pairs + i);
    }
    for (; i < pairs; i++) rotate(x, at + i, at + pairs + i, cos[angle + i], sin[angle + i], y);
  }

  private static void rotatePairs(
      float[] x, int at, float[] cos, float[] sin, int angle, int pairs, float[] y) {
    for (int i = 0; i < pairs; i++) {
      rotate(x, at + 2 * i, at + 2 * i + 1, cos[angle + i], sin[angle + i], y);
    }
  }

  private static void rotate(float[] x, int a, int b, float c, float s, float[] y) {
    float xa = x[a];
    float xb = x[b];
    y[a] = xa * c - xb * s;
    y[b] = xb * c + xa * s;
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
    attention.run(team, shape, batch, q, keys, values, y);
  }

  @Override
  public void close() {
    products.close();
  }

  /** A range of an element-wise operation. */
  private interface Range {
    void run(int from, int to);
  }

  private static void pieces(Team team, int n, Range range) {
    team.run(
        (n + PIECE - 1) / PIECE,
        (piece, _) -> range.run(piece * PIECE, Math.min(n, (piece + 1) * PIECE)));
  }
}
