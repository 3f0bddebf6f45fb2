package org.puna.tensor.cpu.scalar;

import java.util.Arrays;
import org.puna.tensor.AttentionShape;

/** One head of one sequence: its attention and the gradients of it. */
final class ScalarAttention {
  private final AttentionShape shape;
  private final int from;
  private final int to;
  private final int head;
  private final int d;
  private final float[] q;
  private final float[] k;
  private final float[] v;

  ScalarAttention(
      AttentionShape shape, int from, int to, int head, float[] q, float[] k, float[] v) {
    this.shape = shape;
    this.from = from;
    this.to = to;
    this.head = head;
    this.d = shape.headDim();
    this.q = q;
    this.k = k;
    this.v = v;
  }

  private int qAt(int row) {
    return row * shape.qCols() + head * d;
  }

  private int kvAt(int row) {
    return row * shape.kvCols() + head / (shape.nHeads() / shape.nKvHeads()) * d;
  }

  private float dot(float[] a, int aAt, float[] b, int bAt) {
    float sum = 0;
    for (int i = 0; i < d; i++) sum = Math.fma(a[aAt + i], b[bAt + i], sum);
    return sum;
  }

  private static void addScaled(float[] x, int xAt, float factor, float[] y, int yAt, int n) {
    for (int i = 0; i < n; i++) y[yAt + i] = Math.fma(factor, x[xAt + i], y[yAt + i]);
  }

  private float score(int row, int col) {
    float s = shape.scale() * dot(q, qAt(row), k, kvAt(col));
    return shape.softcap() > 0 ? (float) (shape.softcap() * Math.tanh(s / shape.softcap())) : s;
  }

  void forward(float[] y, float[] lse) {
    float[] scores = new float[to - from];
    for (int row = from; row < to; row++) {
      int first = from + shape.firstVisible(row - from);
      float max = Float.NEGATIVE_INFINITY;
      int end = from + shape.endVisible(row - from, to - from);
      for (int col = first; col < end; col++) {
        scores[col - first] = score(row, col);
        max = Math.max(max, scores[col - first]);
      }
      double sum = 0;
      for (int i = 0; i < end - first; i++) sum += Math.exp(scores[i] - max);
      double l = Math.log(sum) + max;
      lse[row * shape.nHeads() + head] = (float) l;
      Arrays.fill(y, qAt(row), qAt(row) + d, 0);
      for (int col = first; col < end; col++) {
        addScaled(v, kvAt(col), (float) Math.exp(scores[col - first] - l), y, qAt(row), d);
      }
    }
  }

  /**
   * Writes the queries' gradients and those of the keys and values.
   *
   * @param add whether another head of the group has written the keys' and values' already
   */
  void backward(
      float[] dy, float[] y, float[] lse, boolean add, float[] dq, float[] dk, float[] dv) {
    for (int row = from; row < to; row++) {
      Arrays.fill(dq, qAt(row), qAt(row) + d, 0);
      if (!add) {
        Arrays.fill(dk, kvAt(row), kvAt(row) + d, 0);
        Arrays.fill(dv, kvAt(row), kvAt(row) + d, 0);
      }
    }
    for (int row = from; row < to; row++) {
      float delta = dot(dy, qAt(row), y, qAt(row));
      int end = from + shape.endVisible(row - from, to - from);
      for (int col = from + shape.firstVisible(row - from); col < end; col++) {
        float s = score(row, col);
        float p = (float) Math.exp(s - lse[row * shape.nHeads() + head]);
        addScaled(dy, qAt(row), p, dv, kvAt(col), d);
        float ds = p * (dot(dy, qAt(row), v, kvAt(col)) - delta) * shape.scale();
        if (shape.softcap() > 0) ds *= 1 - s / shape.softcap() * (s / shape.softcap());
        addScaled(k, kvAt(col), ds, dq, qAt(row), d);
        addScaled(q, qAt(row), ds, dk, kvAt(col), d);
      }
    }
  }
}
