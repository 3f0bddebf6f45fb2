package org.puna.tensor.cpu.vector;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import org.puna.tensor.cpu.KvPages;

/**
 * Reads cached keys and values that are stored in half precision, all of them finite: exponent and
 * mantissa move to their place, a product corrects the exponent. It is compiled on its own, as
 * {@link CachedBlocks} is: together with attention's own loops it boxed its vectors.
 */
final class CachedHalves {
  private static final int N = Lanes.N;
  private static final int PLACES = 13;
  private static final int SIGN_AND_SIZE = 0x8fffe000;
  private static final float BIAS = 0x1p112f;

  private static final CachedHalves HALVES = new CachedHalves();

  private final MethodHandle run;
  private final MethodHandle column;

  private CachedHalves() {
    try {
      MethodHandles.Lookup here = MethodHandles.lookup();
      MethodType runs =
          MethodType.methodType(
              void.class, short[].class, int.class, int.class, float[].class, int.class);
      run = here.findStatic(CachedHalves.class, "run", runs);
      MethodType columns =
          MethodType.methodType(
              void.class,
              short[].class,
              int.class,
              int.class,
              int.class,
              float[].class,
              int.class,
              int.class);
      column = here.findStatic(CachedHalves.class, "column", columns);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("halves", e);
    }
  }

  /**
   * Decodes consecutive numbers of a page.
   *
   * @param at index in the page of the first number
   * @param n any number
   * @param dst receives them from index {@code to}
   */
  static void decode(KvPages pages, int page, int at, int n, float[] dst, int to) {
    try {
      HALVES.run.invokeExact(pages.halves(page), at, n, dst, to);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Decodes a vector of positions of one head of a turned page.
   *
   * @param at index in the page of the head's first number at the first position
   * @param headDim numbers of the head
   * @param dst receives {@code [headDim, N]} from index {@code to}
   * @param step distance of its rows
   */
  static void decodeTurned(
      KvPages pages, int page, int at, int headDim, float[] dst, int to, int step) {
    try {
      HALVES.column.invokeExact(pages.halves(page), at, pages.pageTokens(), headDim, dst, to, step);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  static void run(short[] halves, int at, int n, float[] dst, int to) {
    int i = 0;
    for (; i <= n - N; i += N) {
      IntVector bits =
          (IntVector) ShortVector.fromArray(Lanes.S, halves, at + i).castShape(Lanes.I, 0);
      FloatVector small =
          bits.lanewise(VectorOperators.LSHL, PLACES).and(SIGN_AND_SIZE).reinterpretAsFloats();
      small.mul(BIAS).intoArray(dst, to + i);
    }
    for (; i < n; i++) dst[to + i] = Float.float16ToFloat(halves[at + i]);
  }

  static void column(short[] halves, int at, int step, int rows, float[] dst, int to, int dstStep) {
    for (int j = 0; j < rows; j++) {
      IntVector bits =
          (IntVector) ShortVector.fromArray(Lanes.S, halves, at + j * step).castShape(Lanes.I, 0);
      FloatVector small =
          bits.lanewise(VectorOperators.LSHL, PLACES).and(SIGN_AND_SIZE).reinterpretAsFloats();
      small.mul(BIAS).intoArray(dst, to + j * dstStep);
    }
  }
}
