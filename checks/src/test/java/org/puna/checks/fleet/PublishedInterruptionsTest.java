package org.puna.checks.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.Reader;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.puna.checks.Published;
import org.puna.fleet.sim.FailureClass;
import org.puna.fleet.sim.FailureTable;
import org.puna.fleet.sim.Llama3Run;
import org.puna.fleet.sim.Progress;
import org.puna.fleet.sim.SimConfig;
import org.puna.fleet.sim.SimReport;
import org.puna.fleet.sim.Simulation;
import org.puna.fleet.sim.Trace;

/** The shipped failure rates and the published table of the Llama 3 405B run. */
class PublishedInterruptionsTest {
  /** Two standard deviations of a Poisson count of 419. */
  private static final double TWO_SIGMA = 2 * Math.sqrt(Llama3Run.UNEXPECTED);

  private static FailureTable published() throws Exception {
    Path file = Published.fixture("fleet/interruptions_llama3_405b.csv");
    try (Reader text = Trace.open(file, "the published table")) {
      return FailureTable.read(text, file.toString());
    }
  }

  private static Map<String, Double> rates(FailureTable table) {
    return table.classes().stream()
        .filter(c -> !c.planned())
        .collect(Collectors.toMap(FailureClass::component, FailureClass::perChipHour));
  }

  @Test
  void theShippedRatesAreThePublishedCounts() throws Exception {
    assertThat(rates(FailureTable.llama3())).isEqualTo(rates(published()));
  }

  @Test
  void thePublishedTableGivesThePublishedRun() throws Exception {
    SimConfig config = Llama3Run.config(1, SimConfig.Overheads.DEFAULT).failing(published(), 1);
    SimReport report =
        Simulation.run(Llama3Run.fleet(), Llama3Run.jobs(), config, Progress.NONE).report();
    assertThat((double) report.interruptions().unexpected())
        .isCloseTo(Llama3Run.UNEXPECTED, within(TWO_SIGMA));
    assertThat(report.shares().effectiveTraining()).isGreaterThan(0.9);
  }
}
