package org.puna.tensor.cpu.vector;

import static org.puna.tensor.cpu.vector.Lanes.all;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Op;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.cpu.scalar.ScalarGradKernels;
import org.puna.tensor.cpu.scalar.ScalarKernels;

/**
 * The derivatives in the JDK's Vector API. Sums are taken in another order than the scalar ones, so
 * results differ by rounding.
 */
public final class VectorGradKernels implements GradKernels {
  /** Numbers of one piece of an element-wise operation. */
  private static final int PIECE = 16384;

  /** Numbers of a weight in another format that are decoded at a time. */
  private static final int SLAB = 1 << 22;

  private static final int N = Lanes.N;

  private final Gemm gemm = new Gemm();
  private final GradAttention attention = new GradAttention();
  private final RowSums sums = new RowSums();
  private float[] decoded = new float[0];

  /** Makes the kernels, without scratch memory yet. */
  public VectorGradKernels() {}

  @Override
  public String name() {
    return "vector";
  }

  /** The array of a weight that lies in one, or null. */
  private static float @Nullable [] array(Tensor w) {
    return w.data().heapBase().orElse(null) instanceof float[] f && w.format().name().equals("F32")
        ? f
        : null;
  }

  private static int offset(Tensor w) {
    return (int) (w.data().address() / Float.BYTES);
  }

  /** Decodes rows of a weight, on all members. */
  private float[] decode(Team team, Tensor w, int from, int rows) {
    int k = w.rowElements();
    if (decoded.length < rows * k) decoded = new float[rows * k];
    float[] to = decoded;
    int step = Math.max(1, PIECE / k);
    team.run(
        Math.ceilDiv(rows, step),
        (piece, _) -> {
          for (int r = piece * step; r < Math.min(rows, (piece + 1) * step); r++) {
            w.format().decode(w.data(), (from + r) * w.rowBytes(), to, r * k, k);
          }
        });
    return to;
  }

  @Override
  public void linear(Team team, float[] x, int rows, Tensor w, float[] y) {
    int n = Math.toIntExact(w.dim(0));
    int k = w.rowElements();
    Gemm.Matrix a = Gemm.Matrix.rows(x, 0, k);
    float[] f = array(w);
    if (f != null) {
      Gemm.Matrix b = Gemm.Matrix.rows(f, offset(w), k).transposed();
      gemm.run(team, rows, n, k, a, b, false, y, 0, n);
      return;
    }
    int slab = Math.max(1, SLAB / k);
    for (int from = 0; from < n; from += slab) {
      int some = Math.min(slab, n - from);
      Gemm.Matrix b = Gemm.Matrix.rows(decode(team, w, from, some), 0, k).transposed();
      gemm.run(team, rows, some, k, a, b, false, y, from, n);
    }
  }

  @Override
  public void linearInput(Team team, float[] dy, int rows, Tensor w, boolean add, float[] dx) {
    int n = Math.toIntExact(w.dim(0));
    int k = w.rowElements();
    float[] f = array(w);
    if (f != null) {
      Gemm.Matrix b = Gemm.Matrix.rows(f, offset(w), k);
      gemm.run(team, rows, k, n, Gemm.Matrix.rows(dy, 0, n), b, add, dx, 0, k);
      return;
    }
    int slab = Math.max(1, SLAB / k);
    for (int from = 0; from < n; from += slab) {
      int some = Math.min(slab, n - from);
      Gemm.Matrix b = Gemm.Matrix.rows(decode(team, w, from, some), 0, k);
      gemm.run(team, rows, k, some, Gemm.Matrix.rows(dy, from, n), b, add || from > 0, dx, 0, k);
    }
  }

  @Override
  public void linearWeight(
      Team team, float[] dy, float[] x, int rows, int n, int k, float[] dw, int at) {
    Gemm.Matrix a = Gemm.Matrix.rows(dy, 0, n).transposed();
    gemm.run(team, n, k, rows, a, Gemm.Matrix.rows(x, 0, k), true, dw, at, k);
  }

  @Override
  public void bias(Team team, float[] dy, int rows, int n, float[] db) {
    sums.bias(team, dy, rows, n, db);
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
    sums.rmsNorm(team, dy, x, groups, group, weight, eps, add, dx, dweight);
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
    sums.layerNorm(team, dy, x, rows, cols, weight, eps, add, dx, dweight, dbias);
  }

  @Override
  public void activate(
      Team team, float[] dy, float[] x, int n, Op.Activation activation, boolean add, float[] dx) {
    pieces(
        team,
        n,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            float v = dy[i] * ScalarGradKernels.slope(activation, x[i]);
            dx[i] = add ? dx[i] + v : v;
          }
        });
  }

  @Override
  public void softcap(Team team, float[] dy, float[] x, int n, float cap, boolean add, float[] dx) {
    pieces(
        team,
        n,
        (from, to) -> {
          int i = from;
          for (; i <= to - N; i += N) {
            FloatVector t = VectorMath.tanh(FloatVector.fromArray(Lanes.F, x, i).div(cap));
            FloatVector g = FloatVector.fromArray(Lanes.F, dy, i);
            FloatVector v = g.sub(g.mul(t).mul(t));
            (add ? v.add(FloatVector.fromArray(Lanes.F, dx, i)) : v).intoArray(dx, i);
          }
          for (; i < to; i++) {
            double t = Math.tanh(x[i] / cap);
            float v = (float) (dy[i] * (1 - t * t));
            dx[i] = add ? dx[i] + v : v;
          }
        });
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
    pieces(
        team,
        n,
        (from, to) -> {
          int i = from;
          boolean over = !addGate && !addUp && activation == Op.Activation.SILU;
          if (over && dgate != null && dup != null) {
            i = to - (to - from) % N;
            VectorMath.siluSlopes(dy, gate, up, from, i, dgate, dup);
          }
          for (; i < to; i++) {
            float g = dy[i];
            float x = gate[i];
            if (dgate != null) {
              float v = g * up[i] * ScalarGradKernels.slope(activation, x);
              dgate[i] = addGate ? dgate[i] + v : v;
            }
            if (dup != null) {
              float v = g * ScalarKernels.activate(activation, x);
              dup[i] = addUp ? dup[i] + v : v;
            }
          }
        });
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
    attention.forward(team, shape, bounds, sequences, q, k, v, y, lse);
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
    attention.backward(team, shape, bounds, sequences, dy, q, k, v, y, lse, dq, dk, dv);
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
    int step = Math.max(1, PIECE / vocab);
    team.run(
        Math.ceilDiv(rows, step),
        (piece, _) -> {
          for (int r = piece * step; r < Math.min(rows, (piece + 1) * step); r++) {
            int target = targets[at + r];
            losses[at + r] = entropy(logits, r * vocab, vocab, target, weights[at + r]);
          }
        });
  }

  private static float entropy(float[] x, int from, int n, int target, float weight) {
    FloatVector highest = all(Float.NEGATIVE_INFINITY);
    int to = from + n;
    int i = from;
    for (; i <= to - N; i += N) {
      FloatVector v = FloatVector.fromArray(Lanes.F, x, i);
      highest = highest.blend(v, v.compare(VectorOperators.GT, highest));
    }
    float max = Largest.of(highest);
    for (; i < to; i++) max = Math.max(max, x[i]);
    float right = x[from + target];
    i = to - n % N;
    double sum = VectorMath.expSum(x, from, i - from, max);
    for (; i < to; i++) {
      x[i] = (float) Math.exp(x[i] - max);
      sum += x[i];
    }
    float factor = (float) (weight / sum);
    for (i = from; i <= to - N; i += N) {
      FloatVector.fromArray(Lanes.F, x, i).mul(factor).intoArray(x, i);
    }
    for (; i < to; i++) x[i] *= factor;
    x[from + target] -= weight;
    return (float) (Math.log(sum) + max - right);
  }

  @Override
  public double sumOfSquares(Team team, float[] x, int at, int n) {
    int count = Math.ceilDiv(n, PIECE);
    double[] squares = new double[count];
    team.run(
        count,
        (piece, _) -> {
          int from = at + piece * PIECE;
          int length = Math.min(PIECE, at + n - from);
          squares[piece] = FloatDots.dot(x, from, x, from, length);
        });
    double sum = 0;
    for (double s : squares) sum += s;
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
    pieces(
        team,
        n,
        (from, to) -> {
          int i = from;
          for (; i <= to - N; i += N) {
            FloatVector d = FloatVector.fromArray(Lanes.F, g, i).mul(scale);
            FloatVector mean = FloatVector.fromArray(Lanes.F, m, i);
            mean = mean.add(d.sub(mean).mul(one1));
            FloatVector square =
                FloatVector.fromArray(Lanes.F, v, i).mul(beta2).add(d.mul(d).mul(one2));
            FloatVector root = square.lanewise(VectorOperators.SQRT).div(root2).add(eps);
            FloatVector.fromArray(Lanes.F, w, i)
                .mul(keep)
                .sub(mean.div(root).mul(stepSize))
                .intoArray(w, i);
            mean.intoArray(m, i);
            square.intoArray(v, i);
            FloatVector.zero(Lanes.F).intoArray(g, i);
          }
          for (; i < to; i++) {
            float d = g[i] * scale;
            m[i] += one1 * (d - m[i]);
            v[i] = v[i] * beta2 + one2 * (d * d);
            w[i] = w[i] * keep - stepSize * (m[i] / ((float) Math.sqrt(v[i]) / root2 + eps));
            g[i] = 0;
          }
        });
  }

  /** A range of an element-wise operation. */
  private interface Range {
    void run(int from, int to);
  }

  private static void pieces(Team team, int n, Range range) {
    team.run(
        Math.ceilDiv(n, PIECE),
        (piece, _) -> range.run(piece * PIECE, Math.min(n, (piece + 1) * PIECE)));
  }

  @Override
  public void close() {
    decoded = new float[0];
    sums.close();
  }
}
