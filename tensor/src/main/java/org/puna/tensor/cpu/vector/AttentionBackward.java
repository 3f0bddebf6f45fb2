package org.puna.tensor.cpu.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Gradients of attention of whole sequences, for one thread: panel of keys by panel of keys, over
 * blocks of the queries that see it. Products whose result has a row for each key are computed
 * turned, so that keys fill the lanes however narrow a head is.
 */
final class AttentionBackward {
  private static final int N = Lanes.N;
  private static final int ROWS = Tile.ROWS;
  private static final int WIDTH = Tile.WIDTH;

  /** Queries of a block: weights and their gradients stay in the first-level cache. */
  private static final int BLOCK = 8 * ROWS;

  private final float[] square = new float[256];
  private final float[] weights = new float[BLOCK * WIDTH];
  private final float[] slopes = new float[BLOCK * WIDTH];
  private float[] keys = new float[0];
  private float[] keyPanels = new float[0];
  private float[] valuePanels = new float[0];
  private float[] dKeys = new float[0];
  private float[] dValues = new float[0];
  private Queries[] queries = new Queries[0];

  /** One query head's numbers. Those read by columns have some behind them that are not used. */
  private static final class Queries {
    float[] q = new float[0];
    float[] dOut = new float[0];
    float[] dq = new float[0];
    float[] delta = new float[0];
    float[] lse = new float[0];

    void read(AttentionHeads h, int i, float[] dy, float[] x, float[] y, float[] sums) {
      int rows = h.groupedRows();
      q = AttentionHeads.room(q, rows * h.d() + ROWS);
      dOut = AttentionHeads.room(dOut, rows * h.d() + ROWS);
      h.queries(x, i, q);
      h.queries(dy, i, dOut);
      dq = AttentionHeads.room(dq, rows * h.paddedD());
      Arrays.fill(dq, 0, rows * h.paddedD(), 0);
      delta = AttentionHeads.room(delta, rows);
      lse = AttentionHeads.room(lse, rows);
      for (int r = 0; r < rows; r++) {
        boolean real = r < h.rows();
        int at = real ? h.qAt(i, r) : 0;
        delta[r] = real ? FloatDots.dot(dy, at, y, at, h.d()) : 0;
        lse[r] = real ? sums[(h.from() + r) * h.shape().nHeads() + h.head(i)] : 0;
      }
    }
  }

  private static int turnedRows(AttentionHeads h) {
    return Math.ceilDiv(h.d(), ROWS) * ROWS;
  }

  /** Computes the gradients of a few heads; arguments as {@code GradKernels.attention} has them. */
  void run(
      AttentionHeads h,
      float[] dy,
      float[] q,
      float[] k,
      float[] v,
      float[] y,
      float[] lse,
      float[] dq,
      float[] dk,
      float[] dv) {
    int d = h.d();
    int padded = h.panels() * WIDTH;
    keys = AttentionHeads.room(keys, padded * h.paddedD());
    keyPanels = AttentionHeads.room(keyPanels, padded * d);
    valuePanels = AttentionHeads.room(valuePanels, padded * d);
    h.straight(k, keys);
    h.panels(k, keyPanels, square);
    h.panels(v, valuePanels, square);
    int size = turnedRows(h) * WIDTH;
    dKeys = AttentionHeads.room(dKeys, size);
    dValues = AttentionHeads.room(dValues, size);
    if (queries.length < h.group()) {
      queries = new Queries[h.group()];
      Arrays.setAll(queries, _ -> new Queries());
    }
    for (int i = 0; i < h.group(); i++) queries[i].read(h, i, dy, q, y, lse);
    for (int panel = 0; panel < h.panels(); panel++) {
      Arrays.fill(dKeys, 0, size, 0);
      Arrays.fill(dValues, 0, size, 0);
      for (int i = 0; i < h.group(); i++) panel(h, panel, queries[i]);
      int at = h.kvAt(panel * WIDTH);
      int count = Math.min(WIDTH, h.rows() - panel * WIDTH);
      Turn.turn(dKeys, 0, WIDTH, d, count, dk, at, h.shape().kvCols(), square);
      Turn.turn(dValues, 0, WIDTH, d, count, dv, at, h.shape().kvCols(), square);
    }
    for (int i = 0; i < h.group(); i++) {
      for (int r = 0; r < h.rows(); r++) {
        System.arraycopy(queries[i].dq, r * h.paddedD(), dq, h.qAt(i, r), d);
      }
    }
  }

  /** Adds the part of a panel of keys, over all queries of a head that see one of them. */
  private void panel(AttentionHeads h, int panel, Queries x) {
    int key = panel * WIDTH;
    int begun = 0;
    int filled = 0;
    for (int row = 0; row < h.rows(); row += ROWS) {
      boolean sees = h.endOfGroup(row) > key && h.firstOfGroup(row) < key + WIDTH;
      if (sees) {
        if (filled == 0) begun = row;
        group(h, panel, x, row, filled);
        filled += ROWS;
      }
      if (filled == BLOCK || (!sees && filled > 0)) {
        flush(h, x, begun, filled);
        filled = 0;
      }
    }
    if (filled > 0) flush(h, x, begun, filled);
  }

  /** Computes the weights of six queries and what follows from them alone. */
  private void group(AttentionHeads h, int panel, Queries x, int row, int slot) {
    int d = h.d();
    int dp = h.paddedD();
    int key = panel * WIDTH;
    int seen = Math.min(WIDTH, h.endOfGroup(row) - key);
    int n = Math.ceilDiv(seen, N) * N;
    int at = slot * WIDTH;
    int keysAt = panel * d * WIDTH;
    Tile.multiply(
        x.q, row * d, d, 1, keyPanels, keysAt, WIDTH, d, false, weights, at, WIDTH, n / N);
    Tile.multiply(
        x.dOut, row * d, d, 1, valuePanels, keysAt, WIDTH, d, false, slopes, at, WIDTH, n / N);
    float scale = h.shape().scale();
    float cap = h.shape().softcap();
    for (int r = 0; r < ROWS; r++) {
      int i = at + r * WIDTH;
      float sum = x.lse[row + r];
      float delta = x.delta[row + r];
      if (cap > 0) capped(i, n, scale, cap, sum, delta);
      else VectorMath.softmaxSlopes(weights, slopes, i, n, scale, sum, delta);
      int low = Math.clamp(h.first(row + r) - key, 0, n);
      int high = Math.clamp(h.end(row + r) - key, low, n);
      clear(weights, i, low, high);
      clear(slopes, i, low, high);
    }
    for (int j = 0; j < dp; j += WIDTH) {
      int vectors = Math.min(Tile.VECTORS, (dp - j) / N);
      int from = key * dp + j;
      Tile.multiply(
          slopes, at, WIDTH, 1, keys, from, dp, seen, true, x.dq, row * dp + j, dp, vectors);
    }
  }

  /** Clears what a query does not see of a row. */
  private static void clear(float[] x, int at, int low, int high) {
    if (low > 0) Arrays.fill(x, at, at + low, 0);
    if (high < WIDTH) Arrays.fill(x, at + high, at + WIDTH, 0);
  }

  private void capped(int at, int n, float scale, float cap, float lse, float delta) {
    Softcap.tanh(weights, at, at + n, cap / scale, 1, weights);
    for (int j = at; j < at + n; j += N) {
      FloatVector t = FloatVector.fromArray(Lanes.F, weights, j);
      FloatVector w = VectorMath.exp(t.mul(cap).sub(lse));
      FloatVector g = FloatVector.fromArray(Lanes.F, slopes, j).sub(delta).mul(w).mul(scale);
      w.intoArray(weights, j);
      g.sub(g.mul(t).mul(t)).intoArray(slopes, j);
    }
  }

  /** Adds the gradients by keys and values of a block of queries. */
  private void flush(AttentionHeads h, Queries x, int row, int count) {
    int d = h.d();
    int all = Tile.VECTORS;
    for (int i = 0; i < d; i += ROWS) {
      int from = row * d + i;
      int to = i * WIDTH;
      Tile.multiply(x.dOut, from, 1, d, weights, 0, WIDTH, count, true, dValues, to, WIDTH, all);
      Tile.multiply(x.q, from, 1, d, slopes, 0, WIDTH, count, true, dKeys, to, WIDTH, all);
    }
  }
}
