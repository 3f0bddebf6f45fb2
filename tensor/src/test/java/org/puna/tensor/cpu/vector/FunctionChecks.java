package org.puna.tensor.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.puna.tensor.Op;
import org.puna.tensor.cpu.scalar.ScalarKernels;

/** The functions of {@link VectorMath} against those of the JDK; see {@link KernelChecks}. */
final class FunctionChecks {
  /** The formula's error, relative to the argument: 1.5e-7 and some roundings. */
  private static final double GELU_TOLERANCE = 3e-7;

  private final Random random = new Random(11);

  /** The functions over their whole range, at its ends and where their pieces meet. */
  void all() {
    float[] special = {
      0,
      -0f,
      1e-30f,
      -1e-30f,
      0.15f,
      -0.15f,
      0.1499f,
      -0.1501f,
      1,
      -1,
      20,
      -20,
      87.3f,
      88.7f,
      88.8f,
      -87.3f,
      -87.4f,
      -103,
      -104,
      1e10f,
      -1e10f,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN
    };
    int n = 4096;
    float[] x = Arrays.copyOf(special, n);
    for (int i = special.length; i < n; i++) x[i] = (random.nextFloat() - 0.5f) * 220;
    for (int i = 0; i < n; i += Lanes.N) {
      float[] exp = new float[Lanes.N];
      float[] tanh = new float[Lanes.N];
      float[] gelu = new float[Lanes.N];
      FloatVector v = FloatVector.fromArray(Lanes.F, x, i);
      VectorMath.exp(v).intoArray(exp, 0);
      VectorMath.tanh(v).intoArray(tanh, 0);
      VectorMath.gelu(v).intoArray(gelu, 0);
      for (int j = 0; j < Lanes.N; j++) {
        same("exp", x[i + j], exp[j], Math.exp(x[i + j]), 2);
        same("tanh", x[i + j], tanh[j], Math.tanh(x[i + j]), 8);
        float exact = ScalarKernels.activate(Op.Activation.GELU, x[i + j]);
        // Minus infinity times the distribution's 0 there is no number; the limit is 0.
        if (x[i + j] == Float.NEGATIVE_INFINITY) exact = 0;
        if (Float.isNaN(exact) || Float.isInfinite(exact)) {
          assertThat(Float.valueOf(gelu[j]))
              .as("gelu(%s)", x[i + j])
              .isEqualTo(Float.valueOf(exact));
        } else {
          double limit = GELU_TOLERANCE * Math.max(1e-30, Math.abs(x[i + j]));
          assertThat(Math.abs((double) gelu[j] - exact)).as("gelu(%s)", x[i + j]).isLessThan(limit);
        }
      }
    }
  }

  private static void same(String name, float x, float actual, double exact, int ulps) {
    float expected = (float) exact;
    if (Float.isNaN(expected) || Float.isInfinite(expected)) {
      assertThat(Float.valueOf(actual)).as("%s(%s)", name, x).isEqualTo(Float.valueOf(expected));
    } else {
      assertThat(Math.abs((double) actual - expected))
          .as("%s(%s) = %s, expected %s", name, x, actual, expected)
          .isLessThanOrEqualTo(ulps * (double) Math.ulp(expected));
    }
  }
}
