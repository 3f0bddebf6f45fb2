package org.puna.fleet.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.puna.fleet.sim.Jobs.DAY;
import static org.puna.fleet.sim.Jobs.HOUR;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TimeZone;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class SimulationPropertyTest {
  /** Sums of up to a million chip-hours in doubles. */
  private static final double ROUNDING = 1e-6;

  private static FleetSpec fleet(SplittableRandom r) {
    List<PoolSpec> pools = new ArrayList<>();
    int n = r.nextInt(1, 4);
    for (int i = 0; i < n; i++) {
      int perNode = r.nextInt(1, 9);
      int chips = r.nextInt(perNode * 3, 200);
      pools.add(
          new PoolSpec(
              "site-" + i,
              r.nextBoolean() ? "X" : "Y",
              chips,
              perNode,
              r.nextInt(1, 6),
              r.nextInt(1, 5),
              r.nextInt(1, 4),
              r.nextInt(3) == 0 ? r.nextLong(DAY) : 0,
              r.nextInt(0, 2)));
    }
    return new FleetSpec("random", pools);
  }

  private static List<JobSpec> jobs(SplittableRandom r, FleetSpec fleet) {
    List<String> kinds = List.copyOf(fleet.chipNames());
    List<JobSpec> jobs = new ArrayList<>();
    int n = r.nextInt(1, 60);
    for (int i = 0; i < n; i++) {
      String kind = kinds.get(r.nextInt(kinds.size()));
      List<String> accepted = r.nextBoolean() ? List.of(kind) : kinds.reversed();
      int most = fleet.largestGang(accepted);
      int gpus = Math.max(1, (int) (most * Math.pow(r.nextDouble(), 2)));
      jobs.add(
          new JobSpec(
              "job-" + i,
              r.nextLong(3 * DAY),
              gpus,
              accepted,
              r.nextLong(1, 2 * DAY),
              r.nextInt(3),
              "team-" + r.nextInt(3),
              "user-" + r.nextInt(2),
              r.nextBoolean() ? 0 : r.nextLong(1, 5 * HOUR),
              r.nextLong(0, 5 * 60_000),
              r.nextBoolean()));
    }
    return jobs;
  }

  private static SimConfig config(SplittableRandom r) {
    FailureClass.Scope[] scopes = FailureClass.Scope.values();
    List<FailureClass> kinds = new ArrayList<>();
    int n = r.nextInt(4);
    for (int i = 0; i < n; i++) {
      FailureClass.Scope scope = scopes[r.nextInt(scopes.length)];
      kinds.add(
          new FailureClass(
              "kind-" + i, "cat-" + i % 2, r.nextDouble() * 1e-3, scope, 10, 1, r.nextInt(4) == 0));
    }
    return new SimConfig(
        r.nextLong(),
        Jobs.START,
        r.nextLong(DAY, 30 * DAY),
        new FailureTable(kinds),
        1,
        new SimConfig.Overheads(r.nextLong(600_000), r.nextLong(600_000), r.nextLong(600_000)),
        new SimConfig.Policy(
            r.nextInt(4) > 0,
            r.nextInt(1, 50),
            r.nextInt(4) > 0,
            r.nextBoolean(),
            DAY,
            r.nextBoolean() ? 0 : 0.1,
            List.of(new TeamPolicy("team-0", 2, TeamPolicy.UNLIMITED))),
        r.nextInt(3) == 0
            ? Optional.of(new SimConfig.Maintenance(r.nextLong(5 * DAY, 9 * DAY), 3 * HOUR))
            : Optional.empty());
  }

  @Property(tries = 400)
  void nothingIsLostOrCountedTwice(@ForAll long seed) {
    SplittableRandom r = new SplittableRandom(seed);
    FleetSpec fleet = fleet(r);
    List<JobSpec> jobs = jobs(r, fleet);
    SimConfig config = config(r);
    SimResult result = Simulation.run(fleet, jobs, config, Progress.NONE, Audit::check);
    SimReport report = result.report();
    SimReport.ChipHours h = report.chipHours();
    double held = h.productive() + h.checkpoints() + h.lost() + h.overhead();
    assertThat(h.outOfService() + h.spare() + h.idle() + held)
        .isCloseTo(h.delivered(), within(ROUNDING));
    assertThat(held).isCloseTo(report.shares().utilisation() * h.delivered(), within(ROUNDING));
    assertThat(report.shares().goodput())
        .isCloseTo(
            report.shares().availability()
                * report.shares().occupancy()
                * report.shares().efficiency(),
            within(ROUNDING));
    SimReport.Jobs j = report.jobs();
    assertThat(j.finished() + j.running() + j.waiting()).isEqualTo(j.submitted());
    assertThat(result.outcomes()).hasSize(jobs.size());
    for (int i = 0; i < jobs.size(); i++) {
      JobOutcome o = result.outcomes().get(i);
      JobSpec spec = jobs.get(i);
      if (o.state() != JobOutcome.State.FINISHED) continue;
      double wall = (o.productive() + o.checkpoints() + o.lost() + o.overhead()) / o.gpus();
      assertThat(o.finishHours() - o.submitHours())
          .isCloseTo(wall + o.waitedHours(), within(ROUNDING));
      // The preferred chip is the slowest or fastest of three speeds.
      double work = spec.workMillis() / 3.6e6 * spec.gpus();
      assertThat(o.productive()).isBetween(work / 3.0 - 1, work * 3.0 / 0.9 + 1);
    }
  }

  @Property(tries = 60)
  void sameSeedSameReportWhereverItRuns(@ForAll long seed) {
    SplittableRandom r = new SplittableRandom(seed);
    FleetSpec fleet = fleet(r);
    List<JobSpec> jobs = jobs(r, fleet);
    SimConfig config = config(r);
    SimResult here = Simulation.run(fleet, jobs, config, Progress.NONE);
    Locale locale = Locale.getDefault();
    TimeZone zone = TimeZone.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      TimeZone.setDefault(TimeZone.getTimeZone("Pacific/Chatham"));
      assertThat(Simulation.run(fleet, jobs, config, Progress.NONE)).isEqualTo(here);
    } finally {
      Locale.setDefault(locale);
      TimeZone.setDefault(zone);
    }
  }
}
