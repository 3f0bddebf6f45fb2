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
   * Attends one row of a sequence with the query heads that share a head of keys and values.
   *
   * @param row counted from the part's first
   */
  void attend(
      AttentionShape shape,
      Batch.Part part,
      int row,
      int kvHead,
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
    // Doubling: a growing context allocates rarely.
    if (scores.length < group * step) {
      scores = new float[Math.max(group * step, 2 * scores.length)];
    }
    if (scaled.length < group * d) scaled = new float[group * d];
    float[] s = scores;
    int qAt = (part.firstRow() + row) * shape.qCols() + kvHead * group * d;
    for (int i = 0; i < group * d; i++) scaled[i] = q[qAt + i] * shape.scale();
    int at = keys.at(kvHead, 0);
    for (int p = firstPage; p < endPage; p += 2) {
      float[] k = keys.floats(part.pages()[p]);
      boolean two = p + 1 < endPage;
      float[] far = two ? keys.floats(part.pages()[p + 1]) : k;
      int to = p * pageTokens - base;
      for (int j = 0; j < pageTokens; j += Strip.WIDTH) {
        int c = to + j;
        if (two) {
          int cFar = c + pageTokens;
          Strip.beside(scaled, 0, d, group, k, far, at + j, pageTokens, d, s, c, cFar, step);
        } else {
          Strip.multiply(scaled, 0, d, group, k, at + j, pageTokens, d, false, s, c, step);
        }
      }
    }
    for (int h = 0; h < group; h++) {
      AttentionWeights.softmax(s, h * step + first - base, end - first, shape.softcap());
    }
    Arrays.fill(y, qAt, qAt + group * d, 0);
    int whole = d - d % Strip.WIDTH;
    for (int p = firstPage; p < endPage; ) {
      int from = Math.max(first, p * pageTokens);
      int run = Math.min(end, (p + 1) * pageTokens) - from;
      float[] v = values.floats(part.pages()[p]);
      int vAt = values.at(kvHead, from - p * pageTokens);
      int sAt = from - base;
      boolean two = run == pageTokens && (p + 2) * pageTokens <= end;
      float[] far = two ? values.floats(part.pages()[p + 1]) : v;
      int sFar = sAt + pageTokens;
      for (int j = 0; j < whole; j += Strip.WIDTH) {
        int to = qAt + j;
        if (two) Strip.addBoth(s, sAt, sFar, step, group, v, far, vAt + j, d, run, y, to, d);
        else Strip.multiply(s, sAt, step, group, v, vAt + j, d, run, true, y, to, d);
      }
      for (int h = 0; h < group && whole < d; h++) {
        AttentionWeights.mix(s, h * step + sAt, run, v, vAt, whole, d, y, qAt + h * d);
        if (two) AttentionWeights.mix(s, h * step + sFar, run, far, vAt, whole, d, y, qAt + h * d);
      }
      p += two ? 2 : 1;
    }
  }
}
