package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;
import org.puna.tensor.KvType;
import org.puna.tensor.cpu.KvPages;

/** Reads cached keys and values that are stored in blocks of Q8_0. */
final class CachedBlocks {
  private static final int BLOCK = KvType.BLOCK;

  private CachedBlocks() {}

  /**
   * Decodes consecutive numbers of a page.
   *
   * @param at index in the page of the first number
   * @param n numbers, whole blocks
   * @param dst receives them from index {@code to}
   */
  static void decode(KvPages pages, int page, int at, int n, float[] dst, int to) {
    byte[] codes = pages.codes(page);
    short[] scales = pages.scales(page);
    for (int i = 0; i < n; i += BLOCK) {
      float scale = Float.float16ToFloat(scales[(at + i) / BLOCK]);
      FloatVector by = FloatVector.broadcast(Lanes.F, scale);
      for (int u = i; u < i + BLOCK; u += Lanes.N) {
        Lanes.signedBytes(codes, at + u).mul(by).intoArray(dst, to + u);
      }
    }
  }
}
