package org.puna.tensor.cpu.vector;

import java.util.Arrays;

/** Attention of whole sequences, for one thread: six queries at a time over all they see. */
final class AttentionForward {
  private static final int N = Lanes.N;
  private static final int ROWS = Tile.ROWS;
  private static final int WIDTH = Tile.WIDTH;

  private final float[] square = new float[256];
  private final float[] lanes = new float[N];
  private float[] queries = new float[0];
  private float[] keys = new float[0];
  private float[] values = new float[0];
  private float[] scores = new float[0];
  private float[] out = new float[0];
  private final float[] inverse = new float[ROWS];

  /** Computes the results of a few heads; arguments as {@code GradKernels.attend} has them. */
  void run(AttentionHeads h, float[] q, float[] k, float[] v, float[] y, float[] lse) {
    int padded = h.panels() * WIDTH;
    queries = AttentionHeads.room(queries, h.groupedRows() * h.d());
    keys = AttentionHeads.room(keys, padded * h.d());
    values = AttentionHeads.room(values, padded * h.paddedD());
    // Rows of scores are apart by no power of two, which would share few lines of the cache.
    int step = padded + N;
    scores = AttentionHeads.room(scores, ROWS * step);
    out = AttentionHeads.room(out, ROWS * h.paddedD());
    h.panels(k, keys, square);
    h.straight(v, values);
    for (int i = 0; i < h.group(); i++) {
      h.queries(q, i, queries);
      // Scores are powers of two, but for a cap, which is one of those of e.
      float scale = h.shape().scale();
      if (h.shape().softcap() == 0) scale *= VectorMath.LOG2_E;
      for (int j = 0; j < h.rows() * h.d(); j++) queries[j] *= scale;
      for (int row = 0; row < h.rows(); row += ROWS) group(h, i, row, step, y, lse);
    }
  }

  private void group(AttentionHeads h, int i, int row, int step, float[] y, float[] lse) {
    int d = h.d();
    int dp = h.paddedD();
    int first = h.firstOfGroup(row) / WIDTH;
    int end = Math.ceilDiv(h.endOfGroup(row), WIDTH);
    for (int p = first; p < end; p++) {
      int to = (p - first) * WIDTH;
      Tile.multiply(
          queries,
          row * d,
          d,
          1,
          keys,
          p * d * WIDTH,
          WIDTH,
          d,
          false,
          scores,
          to,
          step,
          Tile.VECTORS);
    }
    int seen = h.endOfGroup(row) - first * WIDTH;
    int n = Math.ceilDiv(seen, N) * N;
    int rows = Math.min(ROWS, h.rows() - row);
    for (int r = 0; r < rows; r++) {
      int at = r * step;
      int low = h.first(row + r) - first * WIDTH;
      int high = h.end(row + r) - first * WIDTH;
      float cap = h.shape().softcap();
      if (cap > 0) Softcap.tanh(scores, at, at + n, cap, cap * VectorMath.LOG2_E, scores);
      hide(at, low, high, n, Float.NEGATIVE_INFINITY);
      float max = Largest.of(scores, at, n);
      float sum = VectorMath.powerSum(scores, at, n, max, lanes);
      // The power of minus infinity is a tiny number here, not zero.
      hide(at, low, high, n, 0);
      lse[(h.from() + row + r) * h.shape().nHeads() + h.head(i)] =
          (float) (Math.log(sum) + max * Math.log(2));
      inverse[r] = 1 / sum;
    }
    for (int j = 0; j < dp; j += WIDTH) {
      int vectors = Math.min(Tile.VECTORS, (dp - j) / N);
      int at = first * WIDTH * dp + j;
      Tile.multiply(scores, 0, step, 1, values, at, dp, seen, false, out, j, dp, vectors);
    }
    for (int r = 0; r < rows; r++) {
      int to = h.qAt(i, row + r);
      for (int j = 0; j < d; j++) y[to + j] = out[r * dp + j] * inverse[r];
    }
  }

  /** Overwrites what a query does not see of a row of n scores. */
  private void hide(int at, int low, int high, int n, float by) {
    if (low > 0) Arrays.fill(scores, at, at + low, by);
    if (high < n) Arrays.fill(scores, at + high, at + n, by);
  }
}
