package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;
import org.puna.tensor.KvType;
import org.puna.tensor.cpu.KvPages;

/** Reads cached keys and values that are stored in blocks of Q8_0. */
final class CachedBlocks {
  private static final int BLOCK = KvType.BLOCK;

  private CachedBlocks() {}

  /**
   * Decodes one head's columns of consecutive positions.
   *
   * @param at index in the page of the first position's first column
   * @param run positions
   * @param d columns of the head, whole blocks
   * @param dst receives [run, d] from index {@code to}
   */
  static void decode(KvPages pages, int page, int at, int run, int d, float[] dst, int to) {
    byte[] codes = pages.codes(page);
    short[] scales = pages.scales(page);
    int step = pages.cols();
    for (int r = 0; r < run; r++) {
      int from = at + r * step;
      for (int i = 0; i < d; i += BLOCK) {
        float scale = Float.float16ToFloat(scales[(from + i) / BLOCK]);
        FloatVector by = FloatVector.broadcast(Lanes.F, scale);
        for (int u = i; u < i + BLOCK; u += Lanes.N) {
          Lanes.signedBytes(codes, from + u).mul(by).intoArray(dst, to + r * d + u);
        }
      }
    }
  }
}
