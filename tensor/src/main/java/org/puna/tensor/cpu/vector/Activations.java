package org.puna.tensor.cpu.vector;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import jdk.incubator.vector.FloatVector;
import org.puna.tensor.Op;

/**
 * The loops of a non-linearity. Each is compiled on its own, as {@link CompiledAlone} has it: a
 * process that runs models of different kinds would else expand all of them in one place, and box
 * the vectors of those past the compiler's limit of nodes.
 */
final class Activations {
  private static final int N = Lanes.N;

  private static final MethodHandle GATE =
      method("gate", float[].class, float[].class, int.class, int.class, float[].class);

  private static final MethodHandle ACTIVATE =
      method("activate", float[].class, int.class, int.class, float[].class);

  private static final Activations SILU = new Activations(new Silu());
  private static final Activations GELU_TANH = new Activations(new GeluTanh());
  private static final Activations GELU = new Activations(new Gelu());

  private final MethodHandle gate;
  private final MethodHandle activate;

  /** Loops over whole vectors; each returns the first number that is left over. */
  interface Loops {
    int gate(float[] x, float[] up, int from, int to, float[] y);

    int activate(float[] x, int from, int to, float[] y);
  }

  private Activations(Loops loops) {
    gate = GATE.bindTo(loops);
    activate = ACTIVATE.bindTo(loops);
  }

  private static MethodHandle method(String name, Class<?>... parameters) {
    try {
      MethodType type = MethodType.methodType(int.class, parameters);
      return MethodHandles.lookup().findVirtual(Loops.class, name, type);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(name, e);
    }
  }

  /** Returns the loops of a non-linearity. */
  static Activations of(Op.Activation activation) {
    return switch (activation) {
      case SILU -> SILU;
      case GELU_TANH -> GELU_TANH;
      case GELU -> GELU;
    };
  }

  /**
   * Computes {@code y[i] = act(x[i]) · up[i]} for whole vectors.
   *
   * @return the first number that is left over
   */
  int gate(float[] x, float[] up, int from, int to, float[] y) {
    try {
      return (int) gate.invokeExact(x, up, from, to, y);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Computes {@code y[i] = act(x[i])} for whole vectors.
   *
   * @return the first number that is left over
   */
  int activate(float[] x, int from, int to, float[] y) {
    try {
      return (int) activate.invokeExact(x, from, to, y);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static final class Silu implements Loops {
    @Override
    public int gate(float[] x, float[] up, int from, int to, float[] y) {
      int i = from;
      for (; i <= to - N; i += N) {
        FloatVector u = FloatVector.fromArray(Lanes.F, up, i);
        VectorMath.silu(FloatVector.fromArray(Lanes.F, x, i)).mul(u).intoArray(y, i);
      }
      return i;
    }

    @Override
    public int activate(float[] x, int from, int to, float[] y) {
      int i = from;
      for (; i <= to - N; i += N) {
        VectorMath.silu(FloatVector.fromArray(Lanes.F, x, i)).intoArray(y, i);
      }
      return i;
    }
  }

  private static final class GeluTanh implements Loops {
    @Override
    public int gate(float[] x, float[] up, int from, int to, float[] y) {
      int i = from;
      for (; i <= to - N; i += N) {
        FloatVector u = FloatVector.fromArray(Lanes.F, up, i);
        VectorMath.geluTanh(FloatVector.fromArray(Lanes.F, x, i)).mul(u).intoArray(y, i);
      }
      return i;
    }

    @Override
    public int activate(float[] x, int from, int to, float[] y) {
      int i = from;
      for (; i <= to - N; i += N) {
        VectorMath.geluTanh(FloatVector.fromArray(Lanes.F, x, i)).intoArray(y, i);
      }
      return i;
    }
  }

  private static final class Gelu implements Loops {
    @Override
    public int gate(float[] x, float[] up, int from, int to, float[] y) {
      int i = from;
      for (; i <= to - N; i += N) {
        FloatVector u = FloatVector.fromArray(Lanes.F, up, i);
        VectorMath.gelu(FloatVector.fromArray(Lanes.F, x, i)).mul(u).intoArray(y, i);
      }
      return i;
    }

    @Override
    public int activate(float[] x, int from, int to, float[] y) {
      int i = from;
      for (; i <= to - N; i += N) {
        VectorMath.gelu(FloatVector.fromArray(Lanes.F, x, i)).intoArray(y, i);
      }
      return i;
    }
  }
}
