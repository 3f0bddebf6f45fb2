package org.puna.tensor.cpu.vector;

import java.util.Arrays;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.cpu.KvPages;

/**
 * Attention of one row over turned keys, for one thread: keys and values are read where they lie,
 * two pages at a time because memory delivers two streams faster than one.
 */
final class TurnedAttention {
  private float[] scores = new float[0];
  private float[] scaled = new float[0];

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
    int d = shape.headDim();
    int group = shape.nHeads() / shape.nKvHeads();
    int pageTokens = keys.pageTokens();
    int position = part.firstPosition() + row;
    int first = shape.firstVisible(position);
    int end = shape.endVisible(position, part.length());
    int firstPage = first / pageTokens;
    int base = firstPage * pageTokens;
    int endPage = Math.ceilDiv(end, pageTokens);
    // Not a power of two, which would share few lines of the cache.
    int step = (endPage - firstPage) * pageTokens + 16;
    int queries = heads * group;
    // Doubling: a growing context allocates rarely.
    if (scores.length < queries * step) {
      scores = new float[Math.max(queries * step, 2 * scores.length)];
    }
    if (scaled.length < queries * d) scaled = new float[queries * d];
    float[] s = scores;
    int qAt = (part.firstRow() + row) * shape.qCols() + kvHead * group * d;
    for (int i = 0; i < queries * d; i++) scaled[i] = q[qAt + i] * shape.scale();
    for (int p = firstPage; p < endPage; p += 2) {
      float[] k = keys.floats(part.pages()[p]);
      boolean two = p + 1 < endPage;
      float[] far = two ? keys.floats(part.pages()[p + 1]) : k;
      for (int h = 0; h < heads; h++) {
        int at = keys.at(kvHead + h, 0);
        int to = h * group * step + p * pageTokens - base;
        int x = h * group * d;
        for (int j = 0; j < pageTokens; j += Strip.WIDTH) {
          int c = to + j;
          if (two) {
            int cFar = c + pageTokens;
            Strip.beside(scaled, x, d, group, k, far, at + j, pageTokens, d, s, c, cFar, step);
          } else {
            Strip.multiply(scaled, x, d, group, k, at + j, pageTokens, d, false, s, c, step);
          }
        }
      }
    }
    for (int i = 0; i < queries; i++) {
      AttentionWeights.softmax(s, i * step + first - base, end - first, shape.softcap());
    }
    Arrays.fill(y, qAt, qAt + queries * d, 0);
    for (int p = firstPage; p < endPage; ) {
      int from = Math.max(first, p * pageTokens);
      int run = Math.min(end, (p + 1) * pageTokens) - from;
      float[] v = values.floats(part.pages()[p]);
      boolean two = run == pageTokens && (p + 2) * pageTokens <= end;
      float[] far = two ? values.floats(part.pages()[p + 1]) : v;
      for (int h = 0; h < heads; h++) {
        int vAt = values.at(kvHead + h, from - p * pageTokens);
        int sAt = h * group * step + from - base;
        int to = qAt + h * group * d;
        mix(sAt, two ? pageTokens : 0, step, group, v, far, vAt, run, d, y, to);
      }
      p += two ? 2 : 1;
    }
  }

  /**
   * Adds what a run of positions of one head gives its queries.
   *
   * @param apart distance of the weights of a second run, in {@code far}, or 0 for none
   */
  private void mix(
      int sAt,
      int apart,
      int step,
      int group,
      float[] v,
      float[] far,
      int vAt,
      int run,
      int d,
      float[] y,
      int to) {
    float[] s = scores;
    int sFar = sAt + apart;
    int whole = d - d % Strip.WIDTH;
    for (int j = 0; j < whole; j += Strip.WIDTH) {
      if (apart > 0) {
        Strip.addBoth(s, sAt, sFar, step, group, v, far, vAt + j, d, run, y, to + j, d);
      } else {
        Strip.multiply(s, sAt, step, group, v, vAt + j, d, run, true, y, to + j, d);
      }
    }
    for (int h = 0; h < group && whole < d; h++) {
      AttentionWeights.mix(s, h * step + sAt, run, v, vAt, whole, d, y, to + h * d);
      if (apart > 0)
        AttentionWeights.mix(s, h * step + sFar, run, far, vAt, whole, d, y, to + h * d);
    }
  }
}
