package org.puna.train.golden;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.puna.tensor.cpu.scalar.ScalarGradKernels;
import org.puna.tensor.cpu.scalar.ScalarKernels;
import org.puna.tensor.cpu.vector.VectorGradKernels;
import org.puna.tensor.cpu.vector.VectorKernels;
import org.puna.train.tape.Recompute;

/** The four runs of PyTorch, step by step: losses, gradient norms, gradients, final weights. */
class GoldenRunsTest {
  /** Float32 sums in another order move a loss by less. */
  static final double LOSS = 1e-4;

  /** Of gradient norms, relative, for the same reason. */
  static final double NORM = 1e-3;

  /** Largest difference of a step-0 gradient, relative to the largest of its tensor. */
  static final double GRADIENT = 1e-4;

  /**
   * Largest difference of a final weight. Adam divides by the root of tiny squares, so a gradient
   * near zero may turn a weight by a part of the learning rate (3e-3) either way.
   */
  static final double WEIGHT = 2e-3;

  /** Root of the mean square of the differences of a tensor's final weights. */
  static final double WEIGHT_RMS = 5e-5;

  static GoldenRuns vector(Recompute recompute) {
    return new GoldenRuns(new VectorKernels(), new VectorGradKernels(), recompute);
  }

  static GoldenRuns scalar() {
    return new GoldenRuns(new ScalarKernels(), new ScalarGradKernels(), Recompute.CHEAP);
  }

  @ParameterizedTest
  @EnumSource
  void pretraining(Recompute recompute) {
    try (GoldenRuns runs = vector(recompute)) {
      pretrained(runs.pretraining());
    }
  }

  @Test
  void pretrainingWithScalarKernels() {
    try (GoldenRuns runs = scalar()) {
      pretrained(runs.pretraining());
    }
  }

  private static void pretrained(Deviation d) {
    near(d, 20);
    assertThat(d.norm()).isPresent();
    assertThat(d.gradients()).hasSize(20);
    assertThat(d.weights()).hasSize(20);
  }

  @Test
  void adapters() {
    try (GoldenRuns runs = vector(Recompute.CHEAP)) {
      List<Deviation> both = runs.adapters();
      near(both.getFirst(), 10);
      assertThat(both.getFirst().weights()).hasSize(8);
      near(both.getLast(), 0);
      assertThat(both.getLast().weights()).hasSize(20);
    }
  }

  @Test
  void distillation() {
    try (GoldenRuns runs = vector(Recompute.CHEAP)) {
      near(runs.distillation(), 10);
    }
  }

  @Test
  void preference() {
    try (GoldenRuns runs = vector(Recompute.CHEAP)) {
      near(runs.preference(), 10);
    }
  }

  /** Fails where anything of a run is farther away than it may be. */
  static void near(Deviation d, int steps) {
    assertThat(d.steps()).isEqualTo(steps);
    assertThat(d.loss()).as("loss").isLessThan(LOSS);
    below(d.norm(), NORM, "gradient norm");
    below(d.gradient(), GRADIENT, "gradient in " + d.gradients());
    below(d.weight(Deviation.Weight::largest), WEIGHT, "weight in " + d.weights());
    below(d.weight(Deviation.Weight::rms), WEIGHT_RMS, "rms of weights in " + d.weights());
  }

  private static void below(OptionalDouble found, double most, String what) {
    if (found.isPresent()) assertThat(found.getAsDouble()).as(what).isLessThan(most);
  }
}
