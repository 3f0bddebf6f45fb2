package org.puna.tensor.cpu.vector;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import jdk.incubator.vector.FloatVector;

/**
 * Bounds scores and logits. Its loop is compiled on its own, as {@link CompiledAlone} has it:
 * together with attention's own loops it would pass the compiler's limit of nodes.
 */
final class Softcap {
  private static final int N = Lanes.N;
  private static final Softcap SOFTCAP = new Softcap();

  private final MethodHandle loop;

  private Softcap() {
    try {
      MethodType type =
          MethodType.methodType(
              void.class,
              float[].class,
              int.class,
              int.class,
              float.class,
              float.class,
              float[].class);
      loop = MethodHandles.lookup().findStatic(Softcap.class, "loop", type);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("loop", e);
    }
  }

  /**
   * Computes {@code y[i] = cap · tanh(x[i] / cap)}.
   *
   * @param y may be {@code x}
   */
  static void apply(float[] x, int from, int to, float cap, float[] y) {
    tanh(x, from, to, cap, cap, y);
  }

  /**
   * Computes {@code y[i] = factor · tanh(x[i] / divisor)}.
   *
   * @param y may be {@code x}
   */
  static void tanh(float[] x, int from, int to, float divisor, float factor, float[] y) {
    try {
      SOFTCAP.loop.invokeExact(x, from, to, divisor, factor, y);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  static void loop(float[] x, int from, int to, float divisor, float factor, float[] y) {
    int i = from;
    for (; i <= to - N; i += N) {
      FloatVector v = FloatVector.fromArray(Lanes.F, x, i).div(divisor);
      VectorMath.tanh(v).mul(factor).intoArray(y, i);
    }
    for (; i < to; i++) y[i] = (float) (factor * Math.tanh(x[i] / divisor));
  }
}
