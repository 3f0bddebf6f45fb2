package org.puna.fleet.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The published run: 419 unexpected interruptions in 54 days, more than 90% effective time. */
class Llama3RunTest {
  private static final double SIGMA = Math.sqrt(Llama3Run.UNEXPECTED);
  private static final int SEEDS = 200;

  private static SimReport run(long seed) {
    return Simulation.run(
            Llama3Run.fleet(),
            Llama3Run.jobs(),
            Llama3Run.config(seed, SimConfig.Overheads.DEFAULT),
            Progress.NONE)
        .report();
  }

  @Test
  void theFirstSeedIsWithinTwoSigmaAndAboveNinetyPercent() {
    SimReport r = run(1);
    assertThat((double) r.interruptions().unexpected())
        .isCloseTo(Llama3Run.UNEXPECTED, within(2 * SIGMA));
    assertThat(r.shares().effectiveTraining()).isGreaterThan(0.9);
    assertThat(r.interruptions().expected()).isCloseTo(Llama3Run.UNEXPECTED, within(1e-6));
  }

  @Test
  void manySeedsHaveThePublishedMeanAndTheSpreadOfAPoissonCount() {
    double[] counts =
        IntStream.rangeClosed(1, SEEDS)
            .mapToDouble(s -> run(s).interruptions().unexpected())
            .toArray();
    double mean = IntStream.range(0, SEEDS).mapToDouble(i -> counts[i]).average().orElseThrow();
    double variance =
        IntStream.range(0, SEEDS).mapToDouble(i -> Math.pow(counts[i] - mean, 2)).sum()
            / (SEEDS - 1);
    // Three standard errors of a mean and of a variance of that many Poisson counts.
    assertThat(mean).isCloseTo(Llama3Run.UNEXPECTED, within(3 * SIGMA / Math.sqrt(SEEDS)));
    assertThat(variance / Llama3Run.UNEXPECTED)
        .isCloseTo(1, within(3 * Math.sqrt(2.0 / (SEEDS - 1))));
  }

  @Test
  void componentsComeInThePublishedProportions() {
    double[] stops = new double[FailureTable.llama3().classes().size()];
    for (int seed = 1; seed <= 50; seed++) {
      var rows = run(seed).interruptions().byComponent();
      for (int i = 0; i < stops.length; i++) stops[i] += rows.get(i).jobStops();
    }
    assertThat(stops).hasSize(19);
    // Four standard errors: 19 counts are looked at.
    assertThat(stops[0] / 50).isCloseTo(148, within(4 * Math.sqrt(148 / 50.0)));
    assertThat(stops[1] / 50).isCloseTo(72, within(4 * Math.sqrt(72 / 50.0)));
    assertThat(stops[18] / 50).isCloseTo(Llama3Run.PLANNED, within(4 * Math.sqrt(47 / 50.0)));
  }
}
