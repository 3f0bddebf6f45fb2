package org.puna.tensor.cpu.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.cpu.KvPages;

/**
 * Attention of many rows at once, for one thread: the queries of all heads that share keys are
 * multiplied with a run of keys, and the weights with the run of values, tile by tile; the weights'
 * sums are kept up to date from run to run.
 *
 * @see "Milakov and Gimelshein 2018, Online normalizer calculation for softmax; Dao et al. 2022,
 *     FlashAttention"
 */
final class TiledAttention {
  /** Queries of one block: enough to pay for packing the keys and values. */
  private static final int QUERIES = 96;

  private static final int[] NO_PAGES = {};
  private static final int N = Lanes.N;
  private static final int ROWS = Tile.ROWS;

  /** Positions of a run: as many as a tile is wide. */
  private static final int RUN = Tile.WIDTH;

  // What is worked on: fields, because a record of them for each piece of work would be allocated.
  private AttentionShape shape = new AttentionShape(1, 1, 1, 1, 0, 0, 0);
  private int[] pages = NO_PAGES;
  private int firstRow;
  private int firstPosition;
  private int length;
  private int kvHead;
  private int queries;

  private final float[] tile = new float[ROWS * RUN];
  private final float[] square = new float[256];
  private final float[] lanes = new float[N];
  private float[] scaled = new float[0];
  private float[] rows = new float[0];
  private float[] keys = new float[0];
  private float[] values = new float[0];
  private float[] out = new float[0];
  private float[] highest = new float[0];
  private float[] sums = new float[0];

  /** Returns the rows of a block. */
  static int blockRows(AttentionShape shape) {
    return Math.max(1, QUERIES / (shape.nHeads() / shape.nKvHeads()));
  }

  /** Returns how many queries of one key-value head some rows have. */
  static int queries(AttentionShape shape, int rows) {
    return rows * group(shape);
  }

  private static int group(AttentionShape shape) {
    return shape.nHeads() / shape.nKvHeads();
  }

  private int position(int query) {
    return firstPosition + query / group(shape);
  }

  /** Returns the position after the last that a query sees. */
  private int end(int query) {
    return shape.endVisible(position(query), length);
  }

  /** Returns where a query starts in the activations, and its result in the output. */
  private int at(int query) {
    int group = group(shape);
    return (firstRow + query / group) * shape.qCols()
        + (kvHead * group + query % group) * shape.headDim();
  }

  /**
   * Attends some rows of a sequence over all positions that one of them sees.
   *
   * @param row the first, counted from the part's first
   * @param rows at most {@link #blockRows}
   * @param kvHead the head of keys and values, and of a group of queries
   */
  void attend(
      AttentionShape shape,
      Batch.Part part,
      int row,
      int rows,
      int kvHead,
      float[] q,
      KvPages k,
      KvPages v,
      float[] y) {
    this.shape = shape;
    pages = part.pages();
    firstRow = part.firstRow() + row;
    firstPosition = part.firstPosition() + row;
    length = part.length();
    this.kvHead = kvHead;
    queries = queries(shape, rows);
    attend(q, k, v, y);
    pages = NO_PAGES;
  }

  private void attend(float[] q, KvPages k, KvPages v, float[] y) {
    int d = shape.headDim();
    int width = Math.ceilDiv(d, N) * N;
    int groups = Math.ceilDiv(queries, ROWS);
    reserve(groups * ROWS, d, width);
    scaleQueries(q);
    int first = shape.firstVisible(position(0));
    int end = end(queries - 1);
    // Turned keys come in whole vectors; weights of positions before the first are zero.
    int start = k.turned() ? first - first % N : first;
    for (int p = start; p < end; p += RUN) {
      int count = Math.min(RUN, end - p);
      if (k.turned()) {
        panel(k, p, count);
      } else {
        gather(k, p, count, rows);
        Turn.turn(rows, 0, d, count, d, keys, 0, RUN, square);
      }
      values(v, p, count, d, width);
      for (int g = 0; g < groups; g++) {
        int from = g * ROWS;
        Tile.multiply(scaled, from * d, d, 1, keys, 0, RUN, d, false, tile, 0, RUN, Tile.VECTORS);
        if (shape.softcap() > 0) Softcap.apply(tile, 0, tile.length, shape.softcap(), tile);
        weigh(g, p, count, width);
        for (int j = 0; j < width; j += RUN) {
          int vectors = Math.min(Tile.VECTORS, (width - j) / N);
          int to = from * width + j;
          Tile.multiply(tile, 0, RUN, 1, values, j, width, count, true, out, to, width, vectors);
        }
      }
    }
    for (int i = 0; i < queries; i++) {
      int from = i * width;
      int to = at(i);
      float inverse = 1 / sums[i];
      for (int j = 0; j < d; j++) y[to + j] = out[from + j] * inverse;
    }
  }

  private void reserve(int n, int d, int width) {
    if (scaled.length < n * d) scaled = new float[n * d];
    if (rows.length < RUN * d) {
      rows = new float[RUN * d];
      keys = new float[RUN * d];
    }
    if (values.length < RUN * width) values = new float[RUN * width];
    if (out.length < n * width) out = new float[n * width];
    if (sums.length < n) {
      sums = new float[n];
      highest = new float[n];
    }
    Arrays.fill(out, 0, n * width, 0);
    Arrays.fill(sums, 0, n, 0);
    Arrays.fill(highest, 0, n, Float.NEGATIVE_INFINITY);
  }

  private void scaleQueries(float[] q) {
    int d = shape.headDim();
    float scale = shape.scale();
    for (int i = 0; i < queries; i++) {
      int from = at(i);
      for (int j = 0; j < d; j++) scaled[i * d + j] = q[from + j] * scale;
    }
  }

  /** Copies a run's rows of keys or values together, decoded. */
  private void gather(KvPages cached, int p, int count, float[] dst) {
    int d = shape.headDim();
    int pageTokens = cached.pageTokens();
    for (int i = 0; i < count; ) {
      int page = pages[(p + i) / pageTokens];
      int in = (p + i) % pageTokens;
      int n = Math.min(pageTokens - in, count - i);
      int from = cached.at(kvHead, in);
      switch (cached.type()) {
        case F32 -> System.arraycopy(cached.floats(page), from, dst, i * d, n * d);
        case F16 -> CachedHalves.decode(cached, page, from, n * d, dst, i * d);
        case Q8_0 -> CachedBlocks.decode(cached, page, from, n * d, dst, i * d);
      }
      i += n;
    }
  }

  /** Copies a run of turned keys, decoded, whole vectors: they may be positions behind the run. */
  private void panel(KvPages cached, int p, int count) {
    int d = shape.headDim();
    int pageTokens = cached.pageTokens();
    for (int i = 0; i < count; i += N) {
      int page = pages[(p + i) / pageTokens];
      int in = (p + i) % pageTokens;
      int at = cached.at(kvHead, in);
      switch (cached.type()) {
        case F32 -> {
          float[] x = cached.floats(page);
          for (int j = 0; j < d; j++)
            FloatVector.fromArray(Lanes.F, x, at + j * pageTokens).intoArray(keys, j * RUN + i);
        }
        case F16 -> CachedHalves.decodeTurned(cached, page, at, d, keys, i, RUN);
        case Q8_0 -> CachedBlocks.decodeTurned(cached, page, kvHead, in, N, d, keys, i, RUN);
      }
    }
  }

  /** Copies a run's values into rows of whole vectors: mostly they have this length already. */
  private void values(KvPages cached, int p, int count, int d, int width) {
    if (width == d) {
      gather(cached, p, count, values);
      return;
    }
    gather(cached, p, count, rows);
    for (int i = 0; i < count; i++) System.arraycopy(rows, i * d, values, i * width, d);
  }

  /**
   * Turns a tile of scores into weights relative to each query's highest score so far, and brings
   * what was summed before to the same measure. As long as it is, this is compiled alone, see
   * {@link Tile}.
   */
  private void weigh(int g, int p, int count, int width) {
    for (int r = 0; r < ROWS; r++) {
      int i = g * ROWS + r;
      if (i >= queries) {
        Arrays.fill(tile, r * RUN, (r + 1) * RUN, 0);
        continue;
      }
      int at = r * RUN;
      int position = position(i);
      int visible = Math.clamp(end(i) - p, 0, count);
      int hidden = Math.clamp(shape.firstVisible(position) - p, 0, visible);
      Arrays.fill(tile, at, at + hidden, Float.NEGATIVE_INFINITY);
      Arrays.fill(tile, at + visible, at + RUN, Float.NEGATIVE_INFINITY);
      float before = highest[i];
      FloatVector max = FloatVector.fromArray(Lanes.F, tile, at);
      for (int j = at + N; j < at + RUN; j += N) {
        max = max.max(FloatVector.fromArray(Lanes.F, tile, j));
      }
      float now = Math.max(before, max.reduceLanes(VectorOperators.MAX));
      if (now == Float.NEGATIVE_INFINITY) {
        Arrays.fill(tile, at, at + RUN, 0);
        continue;
      }
      float sum = exponentiate(at, now);
      if (before < now) {
        float factor = (float) Math.exp(before - now);
        sums[i] *= factor;
        rescale(i * width, width, factor);
        highest[i] = now;
      }
      sums[i] += sum;
    }
  }

  private float exponentiate(int at, float max) {
    FloatVector sum = FloatVector.zero(Lanes.F);
    for (int j = at; j < at + RUN; j += N) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(Lanes.F, tile, j).sub(max));
      e.intoArray(tile, j);
      sum = sum.add(e);
    }
    // Through memory: a helper that takes a vector boxed it where this was part of a longer loop.
    sum.intoArray(lanes, 0);
    return LaneSum.of(lanes, 0);
  }

  private void rescale(int at, int n, float factor) {
    for (int j = at; j < at + n; j += N) {
      FloatVector.fromArray(Lanes.F, out, j).mul(factor).intoArray(out, j);
    }
  }
}
