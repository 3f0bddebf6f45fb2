package org.puna.train.golden;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * How far a run is from PyTorch's.
 *
 * @param steps of the run, 0 where only weights are compared
 * @param loss largest difference of a step's loss, or of a part of it that was recorded too
 * @param norm largest difference of a step's gradient norm, relative; empty where none was recorded
 * @param gradients of step 0, by stored name: largest difference relative to the tensor's largest
 *     number
 * @param weights at the end, by stored name
 */
record Deviation(
    int steps,
    double loss,
    OptionalDouble norm,
    Map<String, Double> gradients,
    Map<String, Weight> weights) {

  /**
   * How far a tensor is.
   *
   * @param largest difference
   * @param rms root of the mean square of the differences
   */
  record Weight(double largest, double rms) {}

  /** Returns the worst of all gradients, empty where none was recorded. */
  OptionalDouble gradient() {
    return gradients.values().stream().mapToDouble(g -> g).max();
  }

  /** Returns the worst of all weights, empty where none was recorded. */
  OptionalDouble weight(ToDoubleFunction<Weight> of) {
    return weights.values().stream().mapToDouble(of).max();
  }

  /** Gathers a deviation; what is no number is infinitely far. */
  static final class Collected {
    private int steps;
    private double loss;
    private OptionalDouble norm = OptionalDouble.empty();
    private final Map<String, Double> gradients = new LinkedHashMap<>();
    private final Map<String, Weight> weights = new LinkedHashMap<>();

    void step() {
      steps++;
    }

    void loss(double found, double expected) {
      loss = worse(loss, found - expected);
    }

    void norm(double found, double expected) {
      norm = OptionalDouble.of(worse(norm.orElse(0), found / expected - 1));
    }

    void gradients(
        Map<String, float[]> found, Map<String, float[]> golden, Function<String, String> name) {
      assertThat(golden).hasSameSizeAs(found);
      golden.forEach((stored, e) -> {
        double most = 0;
        for (float v : e) most = Math.max(most, Math.abs(v));
        float[] f = found.get(name.apply(stored));
        assertThat(f).as(stored).hasSameSizeAs(e);
        double worst = 0;
        for (int i = 0; i < e.length; i++) worst = worse(worst, f[i] - e[i]);
        gradients.put(stored, worst / most);
      });
    }

    void weights(
        Map<String, float[]> found, Map<String, float[]> golden, Function<String, String> name) {
      assertThat(golden).hasSameSizeAs(found);
      golden.forEach((stored, e) -> {
        float[] f = found.get(name.apply(stored));
        assertThat(f).as(stored).hasSameSizeAs(e);
        double worst = 0;
        double sum = 0;
        for (int i = 0; i < e.length; i++) {
          double d = (double) f[i] - e[i];
          worst = worse(worst, d);
          sum += d * d;
        }
        weights.put(stored, new Weight(worst, Math.sqrt(sum / e.length)));
      });
    }

    Deviation deviation() {
      return new Deviation(
          steps,
          loss,
          norm,
          Collections.unmodifiableMap(gradients),
          Collections.unmodifiableMap(weights));
    }

    private static double worse(double worst, double difference) {
      return Double.isNaN(difference)
          ? Double.POSITIVE_INFINITY
          : Math.max(worst, Math.abs(difference));
    }
  }
}
