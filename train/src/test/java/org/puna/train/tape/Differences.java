package org.puna.train.tape;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.puna.tensor.Graph;
import org.puna.tensor.Param;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.cpu.scalar.ScalarGradKernels;
import org.puna.tensor.cpu.scalar.ScalarKernels;
import org.puna.tensor.quant.BlockFormats;

/** Compares gradients with central differences of a random projection of the result. */
final class Differences {
  /** Half the step: small enough for the third derivative, large enough for float32 results. */
  private static final float STEP = 4e-3f;

  /**
   * Allowed distance, relative to the largest gradient of the same weight: float32 results of size
   * 1 give differences with an error near 1e-7 / STEP times the root of their number, and the
   * second-order error of the difference is of STEP².
   */
  private static final double TOLERANCE = 2e-3;

  /** Numbers of each weight that are tried. */
  private static final int TRIES = 40;

  private final SplittableRandom random = new SplittableRandom(7);
  private final Map<String, float[]> weights = new LinkedHashMap<>();
  private final Map<String, float[]> gradients = new LinkedHashMap<>();
  private final GradKernels grads;

  Differences() {
    this(new ScalarGradKernels());
  }

  Differences(GradKernels grads) {
    this.grads = grads;
  }

  /** Returns a trained weight of normal numbers. */
  Param weight(String name, long... shape) {
    Param p = frozen(name, shape);
    gradients.put(name, new float[Math.toIntExact(p.tensor().elements())]);
    return p;
  }

  /** Returns a weight of normal numbers that is not trained. */
  Param frozen(String name, long... shape) {
    int n = 1;
    for (long s : shape) n *= (int) s;
    float[] w = new float[n];
    for (int i = 0; i < n; i++) w[i] = (float) normal();
    weights.put(name, w);
    return new Param(name, new Tensor(BlockFormats.F32, shape, MemorySegment.ofArray(w)));
  }

  private double normal() {
    double sum = 0;
    for (int i = 0; i < 12; i++) sum += random.nextDouble();
    return sum - 6;
  }

  /** Returns the numbers of a weight, to be changed in place. */
  float[] numbers(String name) {
    return weights.get(name);
  }

  /** Checks all trained weights, at every policy of keeping results. */
  void check(Graph graph, Rows rows) {
    for (Recompute r : Recompute.values()) check(graph, rows, r);
  }

  private void check(Graph graph, Rows rows, Recompute recompute) {
    try (Team team = new Team(1)) {
      Tape tape =
          new Tape(
              graph, gradients, recompute, rows.ids().length, new ScalarKernels(), grads, team);
      int n = rows.outputs().length * tape.columns();
      float[] projection = new float[n];
      for (int i = 0; i < n; i++) projection[i] = (float) normal();
      gradients.values().forEach(g -> java.util.Arrays.fill(g, 0));
      // Twice, since gradients must add up, and buffers must not remember.
      for (int i = 0; i < 2; i++) {
        tape.forward(rows);
        System.arraycopy(projection, 0, tape.gradient(), 0, n);
        tape.backward();
      }
      List<String> wrong = new ArrayList<>();
      gradients.forEach((name, g) -> {
        float[] w = numbers(name);
        double largest = 1e-3;
        for (float v : g) largest = Math.max(largest, Math.abs(v / 2));
        for (int t = 0; t < Math.min(TRIES, w.length); t++) {
          int i = w.length <= TRIES ? t : random.nextInt(w.length);
          float was = w[i];
          w[i] = was + STEP;
          double up = project(tape.forward(rows), projection);
          w[i] = was - STEP;
          double down = project(tape.forward(rows), projection);
          double moved = (was + STEP) - (was - STEP);
          w[i] = was;
          double expected = (up - down) / moved;
          if (!(Math.abs(expected - g[i] / 2) <= TOLERANCE * largest)) {
            wrong.add(
                recompute + " " + name + "[" + i + "]: " + g[i] / 2 + ", expected " + expected);
          }
        }
      });
      assertThat(wrong).isEmpty();
    }
  }

  private static double project(float[] y, float[] projection) {
    double sum = 0;
    for (int i = 0; i < projection.length; i++) sum += (double) y[i] * projection[i];
    return sum;
  }
}
