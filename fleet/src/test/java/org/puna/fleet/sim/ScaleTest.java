package org.puna.fleet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The cost of a simulation in counts that no other load on the machine can change. */
class ScaleTest {
  private static final long YEAR = 365L * 86_400_000;

  private static SimReport year(int chips, int jobs, double load) {
    FleetSpec fleet =
        new FleetSpec(
            "scale", List.of(new PoolSpec("s", "H100", chips, 8, 32, 12, 1, 0, chips / 8 / 50)));
    List<JobSpec> mix = new SyntheticMix(jobs, load, YEAR, 1).generate(fleet);
    return Simulation.run(fleet, mix, SimConfig.defaults(1, Jobs.START, YEAR), Progress.NONE)
        .report();
  }

  @Test
  void aYearOf600000ChipsIsAFewHundredThousandEvents() {
    SimReport r = year(600_000, 20_000, 0.85);
    assertThat(r.jobs().submitted()).isEqualTo(20_000);
    double failures = r.interruptions().byComponent().stream().mapToInt(c -> c.events()).sum();
    // Each job is submitted and ends; each failure happens, ends in a repair, and leaves an end
    // that
    // is void. Preempted jobs add a few.
    assertThat((double) r.effort().events()).isLessThan(1.1 * (2 * 20_000 + 3 * failures));
    assertThat(r.effort().jobsLooked()).isLessThan(100 * r.effort().passes());
    assertThat(r.effort().nodeUpdates()).isLessThan(20_000_000);
  }

  /** A year of several kinds of 5,000 chips, so that gangs keep their sizes as the fleet grows. */
  private static SimResult kinds(int kinds) {
    List<PoolSpec> pools = new ArrayList<>();
    for (int i = 0; i < kinds; i++) {
      pools.add(new PoolSpec("s", "X" + i, 5_000, 8, 32, 4, 1, 0, 12));
    }
    FleetSpec fleet = new FleetSpec("kinds", pools);
    List<JobSpec> mix = new SyntheticMix(1_000 * kinds, 0.7, YEAR, 1).generate(fleet);
    return Simulation.run(fleet, mix, SimConfig.defaults(1, Jobs.START, YEAR), Progress.NONE);
  }

  @Test
  void costGrowsWithTheFleet() {
    SimResult one = kinds(1);
    SimResult eight = kinds(8);
    // Eight times the fleet and the jobs; the rest is chance, for the mixes differ.
    double most = 8 * 1.2;
    assertThat((double) eight.report().effort().events() / one.report().effort().events())
        .isLessThan(most);
    for (SimResult r : List.of(one, eight)) {
      // Taking and giving back the nodes of the gangs, once more for each time they were lost;
      // failures and repairs; the delivery. The number of chips times the time does not occur.
      double gangNodes =
          r.outcomes().stream()
              .mapToDouble(o -> 2.0 * ((o.gpus() + 7) / 8 + 1) * (1 + o.preemptions()))
              .sum();
      double failures =
          r.report().interruptions().byComponent().stream().mapToInt(c -> c.events()).sum();
      assertThat((double) r.report().effort().nodeUpdates())
          .isLessThan(gangNodes + 4 * failures + r.report().setup().chips());
      assertThat(r.report().effort().passes()).isLessThanOrEqualTo(r.report().effort().events());
      // The queue grows with the fleet, but a pass looks at no more than the backfill depth.
      assertThat(r.report().effort().jobsLooked())
          .isLessThanOrEqualTo(
              SimConfig.Policy.DEFAULT.backfillDepth() * r.report().effort().passes());
    }
  }

  @Test
  void anOverloadedQueueDoesNotMakePassesLonger() {
    SimReport r = year(5_000, 3_000, 3);
    assertThat(r.jobs().waiting()).isGreaterThan(1000);
    assertThat(r.effort().jobsLooked()).isLessThanOrEqualTo(100 * r.effort().passes());
  }
}
