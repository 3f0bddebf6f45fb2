package org.puna.tensor.cpu.vector;

import java.util.Arrays;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.KvType;
import org.puna.tensor.cpu.KvPages;

/**
 * Attention of one row over turned keys, for one thread: keys and values are read where they lie,
 * two pages at a time because memory delivers two streams faster than one. Those in half precision
 * are decoded, a head of a page at a time: it stays in the first-level cache.
 */
final class TurnedAttention {
  private static final int[] NO_PAGES = {};

  private float[] scores = new float[0];
  private float[] scaled = new float[0];

  // A head of a page, and of the next, decoded.
  private float[] near = new float[0];
  private float[] far = new float[0];

  // What is worked on: fields, because a record of them for each piece of work would be allocated.
  private int[] pages = NO_PAGES;
  private int pageTokens;
  private int kvHead;
  private int heads;
  private int group;
  private int headDim;

  /** Positions that are seen: the first, and the one after the last. */
  private int first;

  private int end;

  /** Page of the first position, and the page after the last. */
  private int firstPage;

  private int endPage;

  /** Distance of rows of scores: not a power of two, which would share few lines of the cache. */
  private int step;

  /**
   * Attends one row of a sequence with the query heads of some heads of keys and values. Heads are
   * neighbours within a page: page by page, memory delivers longer runs than head by head.
   *
   * @param row counted from the part's first
   * @param kvHead the first head of keys and values
   * @param heads how many of them
   */
  void attend(
      AttentionShape shape,
      Batch.Part part,
      int row,
      int kvHead,
      int heads,
      float[] q,
      KvPages keys,
      KvPages values,
      float[] y) {
    pages = part.pages();
    pageTokens = keys.pageTokens();
    this.kvHead = kvHead;
    this.heads = heads;
    group = shape.nHeads() / shape.nKvHeads();
    headDim = shape.headDim();
    int position = part.firstPosition() + row;
    first = shape.firstVisible(position);
    end = shape.endVisible(position, part.length());
    firstPage = first / pageTokens;
    endPage = Math.ceilDiv(end, pageTokens);
    step = (endPage - firstPage) * pageTokens + 16;
    int queries = heads * group;
    int numbers = queries * headDim;
    // Doubling: a growing context allocates rarely.
    if (scores.length < queries * step) {
      scores = new float[Math.max(queries * step, 2 * scores.length)];
    }
    if (scaled.length < numbers) scaled = new float[numbers];
    int qAt = (part.firstRow() + row) * shape.qCols() + kvHead * group * headDim;
    for (int i = 0; i < numbers; i++) scaled[i] = q[qAt + i] * shape.scale();
    boolean blocks = keys.type() == KvType.Q8_0;
    int head = pageTokens * headDim;
    if (keys.type() == KvType.F16 && near.length < head) {
      near = new float[head];
      far = new float[head];
    }
    if (blocks) scoreBlocks(keys);
    else score(keys);
    for (int i = 0; i < queries; i++) {
      int at = i * step + place(first);
      if (shape.softcap() > 0) {
        Softcap.apply(scores, at, at + end - first, shape.softcap(), scores);
      }
      AttentionWeights.softmax(scores, at, end - first);
    }
    Arrays.fill(y, qAt, qAt + numbers, 0);
    if (blocks) mixBlocks(values, y, qAt);
    else mix(values, y, qAt);
    pages = NO_PAGES;
  }

  /** Returns where in a row of scores a position is. */
  private int place(int position) {
    return position - firstPage * pageTokens;
  }

  private void score(KvPages keys) {
    boolean halves = keys.type() == KvType.F16;
    for (int p = firstPage; p < endPage; p += 2) {
      boolean two = p + 1 < endPage;
      float[] k = halves ? near : keys.floats(pages[p]);
      float[] next = !two ? k : halves ? far : keys.floats(pages[p + 1]);
      for (int h = 0; h < heads; h++) {
        int from = h * group * headDim;
        int to = h * group * step + place(p * pageTokens);
        int at = keys.at(kvHead + h, 0);
        if (halves) {
          decode(keys, p, at, pageTokens, two);
          at = 0;
        }
        for (int j = 0; j < pageTokens; j += Strip.WIDTH) {
          score(from, k, next, at + j, to + j, two);
        }
      }
    }
  }

  /**
   * Decodes positions of a head of a page to {@link #near}, and of the next page to {@link #far}.
   */
  private void decode(KvPages cached, int p, int at, int positions, boolean two) {
    int n = positions * headDim;
    CachedHalves.decode(cached, pages[p], at, n, near, 0);
    if (two) CachedHalves.decode(cached, pages[p + 1], at, n, far, 0);
  }

  private void score(int from, float[] k, float[] next, int at, int to, boolean two) {
    float[] a = scaled;
    int d = headDim;
    if (two) {
      int toFar = to + pageTokens;
      Strip.beside(a, from, d, group, k, next, at, pageTokens, d, scores, to, toFar, step);
    } else {
      Strip.multiply(a, from, d, group, k, at, pageTokens, d, false, scores, to, step);
    }
  }

  private void scoreBlocks(KvPages keys) {
    int d = headDim;
    for (int p = firstPage; p < endPage; p++) {
      for (int h = 0; h < heads; h++) {
        int from = h * group * d;
        int to = h * group * step + place(p * pageTokens);
        int head = kvHead + h;
        for (int j = 0; j < pageTokens; j += Strip.WIDTH) {
          BlockStrip.scores(
              scaled, from, d, group, keys, pages[p], head, j, d, scores, to + j, step);
        }
      }
    }
  }

  private void mix(KvPages values, float[] y, int yAt) {
    boolean halves = values.type() == KvType.F16;
    for (int p = firstPage; p < endPage; ) {
      int from = Math.max(first, p * pageTokens);
      int run = Math.min(end, (p + 1) * pageTokens) - from;
      boolean two = run == pageTokens && (p + 2) * pageTokens <= end;
      float[] v = halves ? near : values.floats(pages[p]);
      float[] next = !two ? v : halves ? far : values.floats(pages[p + 1]);
      for (int h = 0; h < heads; h++) {
        int at = values.at(kvHead + h, from - p * pageTokens);
        if (halves) {
          decode(values, p, at, run, two);
          at = 0;
        }
        int weights = h * group * step + place(from);
        mix(weights, v, next, at, run, two, y, yAt + h * group * headDim);
      }
      p += two ? 2 : 1;
    }
  }

  private void mix(
      int weights, float[] v, float[] next, int at, int run, boolean two, float[] y, int to) {
    float[] s = scores;
    int d = headDim;
    int weightsNext = weights + pageTokens;
    int whole = d - d % Strip.WIDTH;
    for (int j = 0; j < whole; j += Strip.WIDTH) {
      if (two) {
        Strip.addBoth(s, weights, weightsNext, step, group, v, next, at + j, d, run, y, to + j, d);
      } else {
        Strip.multiply(s, weights, step, group, v, at + j, d, run, true, y, to + j, d);
      }
    }
    if (whole == d) return;
    for (int h = 0; h < group; h++) {
      int row = h * step;
      AttentionWeights.mix(s, row + weights, run, v, at, whole, d, y, to + h * d);
      if (two) AttentionWeights.mix(s, row + weightsNext, run, next, at, whole, d, y, to + h * d);
    }
  }

  private void mixBlocks(KvPages values, float[] y, int yAt) {
    int d = headDim;
    for (int p = firstPage; p < endPage; p++) {
      int from = Math.max(first, p * pageTokens);
      int run = Math.min(end, (p + 1) * pageTokens) - from;
      int in = from - p * pageTokens;
      for (int h = 0; h < heads; h++) {
        int weights = h * group * step + place(from);
        int to = yAt + h * group * d;
        int head = kvHead + h;
        for (int j = 0; j < d; j += Strip.WIDTH) {
          BlockStrip.add(
              scores, weights, step, group, values, pages[p], head, in, run, j, d, y, to + j, d);
        }
      }
    }
  }
}
