package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;
import org.puna.tensor.KvType;
import org.puna.tensor.cpu.KvPages;

/** Reads cached keys and values that are stored in blocks of Q8_0. */
final class CachedBlocks {
  private static final int BLOCK = KvType.BLOCK;

  private CachedBlocks() {}

  /**
   * Decodes positions of one head of a turned page.
   *
   * @param in the first position's place in the page
   * @param n positions, whole vectors
   * @param headDim numbers of the head
   * @param dst receives [headDim, n] from index {@code to}
   * @param step distance of its rows
   */
  static void decodeTurned(
      KvPages pages,
      int page,
      int head,
      int in,
      int n,
      int headDim,
      float[] dst,
      int to,
      int step) {
    byte[] codes = pages.codes(page);
    short[] scales = pages.scales(page);
    int pageTokens = pages.pageTokens();
    int at = pages.at(head, in);
    for (int j = 0; j < headDim; j += BLOCK) {
      for (int i = 0; i < n; i += Lanes.N) {
        FloatVector by = Lanes.f16(scales, pages.scaleAt(head, j, in) + i);
        for (int u = j; u < j + BLOCK; u++) {
          Lanes.signedBytes(codes, at + u * pageTokens + i)
              .mul(by)
              .intoArray(dst, to + u * step + i);
        }
      }
    }
  }

  /**
   * Decodes consecutive numbers of a page that is not turned.
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
