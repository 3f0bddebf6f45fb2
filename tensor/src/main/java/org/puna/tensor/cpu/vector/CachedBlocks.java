package org.puna.tensor.cpu.vector;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import jdk.incubator.vector.FloatVector;
import org.puna.tensor.KvType;
import org.puna.tensor.cpu.KvPages;

/**
 * Reads cached keys and values that are stored in blocks of Q8_0. What prompts read is compiled on
 * its own, as {@link CompiledAlone} has it: together with attention's own loops it would pass the
 * compiler's limit of nodes.
 */
final class CachedBlocks {
  private static final int BLOCK = KvType.BLOCK;

  private static final CachedBlocks BLOCKS = new CachedBlocks();

  private final MethodHandle turned;

  private CachedBlocks() {
    try {
      MethodType type =
          MethodType.methodType(
              void.class,
              KvPages.class,
              int.class,
              int.class,
              int.class,
              int.class,
              int.class,
              float[].class,
              int.class,
              int.class);
      turned = MethodHandles.lookup().findStatic(CachedBlocks.class, "turned", type);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("turned", e);
    }
  }

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
    try {
      BLOCKS.turned.invokeExact(pages, page, head, in, n, headDim, dst, to, step);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  static void turned(
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
