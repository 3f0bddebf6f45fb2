package org.puna.fleet.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.puna.fleet.sim.Jobs.DAY;
import static org.puna.fleet.sim.Jobs.HOUR;
import static org.puna.fleet.sim.Jobs.START;
import static org.puna.fleet.sim.Jobs.calm;
import static org.puna.fleet.sim.Jobs.failing;
import static org.puna.fleet.sim.Jobs.fleet;
import static org.puna.fleet.sim.Jobs.job;
import static org.puna.fleet.sim.Jobs.lowly;
import static org.puna.fleet.sim.Jobs.of;
import static org.puna.fleet.sim.Jobs.run;
import static org.puna.fleet.sim.Jobs.urgent;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.puna.model.config.BadInput;

class SimulationTest {
  /** Sums of milliseconds divided by one hour: only the rounding of doubles. */
  private static final double EXACT = 1e-9;

  private static double finish(SimResult r, int job) {
    return r.outcomes().get(job).finishHours();
  }

  private static double start(SimResult r, int job) {
    return r.outcomes().get(job).firstStartHours();
  }

  @Test
  void withoutFailuresTimeIsArithmetic() {
    JobSpec spec =
        new JobSpec("a", HOUR, 12, List.of("X"), 10 * HOUR, 0, "t", "u", 3 * HOUR, 60_000, true);
    SimConfig config =
        new SimConfig(
            1,
            START,
            DAY,
            FailureTable.none(),
            1,
            new SimConfig.Overheads(300_000, 1, 1),
            SimConfig.Policy.DEFAULT,
            Optional.empty());
    SimResult r = run(fleet(64, 8, 4, 2), List.of(spec), config);
    // 5 min to start, 10 h of work, 4 checkpoints of 1 min: after 3, 6, 9 and 10 hours.
    double hours = 5 / 60.0 + 10 + 4 / 60.0;
    assertThat(finish(r, 0)).isCloseTo(1 + hours, within(EXACT));
    SimReport.ChipHours time = r.report().chipHours();
    assertThat(time.productive()).isCloseTo(120, within(EXACT));
    assertThat(time.checkpoints()).isCloseTo(12 * 4 / 60.0, within(EXACT));
    assertThat(time.overhead()).isCloseTo(12 * 5 / 60.0, within(EXACT));
    assertThat(time.delivered()).isCloseTo(64 * (1 + hours), within(EXACT));
    assertThat(r.report().shares().effectiveTraining()).isCloseTo(10 / hours, within(EXACT));
  }

  @Test
  void gangsWaitForAllTheirChipsAndShortJobsFillTheGap() {
    List<JobSpec> jobs =
        List.of(
            job("long", 0, 40, 10 * HOUR),
            job("whole", 1, 64, HOUR),
            job("fits", 2, 24, 9 * HOUR),
            job("toolong", 3, 8, 11 * HOUR));
    SimResult r = run(fleet(64, 8, 4, 2), jobs, calm(10 * DAY));
    assertThat(start(r, 2)).isCloseTo(2.0 / HOUR, within(EXACT));
    assertThat(start(r, 1)).isCloseTo(10, within(EXACT));
    assertThat(start(r, 3)).isCloseTo(11, within(EXACT));
    SimConfig.Policy strict = new SimConfig.Policy(false, 100, true, false, DAY, 0, List.of());
    SimResult fifo = run(fleet(64, 8, 4, 2), jobs, calm(10 * DAY, strict));
    assertThat(start(fifo, 2)).isCloseTo(11, within(EXACT));
  }

  @Test
  void higherPriorityTakesChipsAndTheVictimLosesWhatItDidNotSave() {
    List<JobSpec> jobs =
        List.of(
            lowly("small", 0, 16, 20 * HOUR, 4 * HOUR),
            lowly("late", HOUR, 48, 20 * HOUR, 4 * HOUR),
            urgent("now", 6 * HOUR, 40, 2 * HOUR, 5));
    SimResult r = run(fleet(64, 8, 4, 2), jobs, calm(10 * DAY));
    assertThat(start(r, 2)).isCloseTo(6, within(EXACT));
    assertThat(r.outcomes().get(0).preemptions()).isZero();
    JobOutcome victim = r.outcomes().get(1);
    assertThat(victim.preemptions()).isOne();
    // It ran 5 hours, saved after 4, waits 2 and does the remaining 16.
    assertThat(victim.lost()).isCloseTo(48, within(EXACT));
    assertThat(victim.finishHours()).isCloseTo(6 + 2 + 16, within(EXACT));
    SimConfig.Policy kind = new SimConfig.Policy(true, 100, true, true, DAY, 0, List.of());
    SimResult saved = run(fleet(64, 8, 4, 2), jobs, calm(10 * DAY, kind));
    assertThat(saved.outcomes().get(1).lost()).isZero();
    SimConfig.Policy never = new SimConfig.Policy(true, 100, false, false, DAY, 0, List.of());
    SimResult patient = run(fleet(64, 8, 4, 2), jobs, calm(10 * DAY, never));
    assertThat(start(patient, 2)).isCloseTo(21, within(EXACT));
  }

  @Test
  void quotaHoldsATeamBackAndNotTheOthers() {
    SimConfig.Policy policy =
        new SimConfig.Policy(true, 100, true, false, DAY, 0, List.of(new TeamPolicy("a", 1, 16)));
    List<JobSpec> jobs =
        List.of(
            of("a", "a1", 0, 16, 5 * HOUR),
            of("a", "a2", 1, 8, HOUR),
            of("b", "b1", 2, 40, 5 * HOUR));
    SimResult r = run(fleet(64, 8, 4, 2), jobs, calm(DAY, policy));
    assertThat(start(r, 1)).isCloseTo(5, within(EXACT));
    assertThat(start(r, 2)).isCloseTo(2.0 / HOUR, within(EXACT));
  }

  @Test
  void fairShareGivesTeamsTheirSharesWhenBothWait() {
    SimConfig.Policy policy =
        new SimConfig.Policy(
            true, 100, true, false, DAY, 0, List.of(new TeamPolicy("big", 3, Long.MAX_VALUE)));
    List<JobSpec> jobs = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      jobs.add(of("big", "x" + i, 0, 8, HOUR));
      jobs.add(of("little", "y" + i, 0, 8, HOUR));
    }
    SimResult r = Simulation.run(fleet(64, 8, 4, 2), jobs, calm(10 * DAY, policy), Progress.NONE);
    // Eight jobs an hour in 240 hours: 1920 of 4000; both teams always wait.
    assertThat(r.report().shares().utilisation()).isCloseTo(1, within(EXACT));
    // Chips come free eight jobs at a time, so the shares swing around their mean.
    assertThat(r.report().byTeam().getFirst().used()).isCloseTo(0.75, within(0.015));
  }

  @Test
  void slowerChipsTakeLongerAndPreferenceIsKept() {
    FleetSpec two =
        new FleetSpec(
            "two",
            List.of(
                new PoolSpec("s", "slow", 16, 8, 2, 1, 100, 0, 0),
                new PoolSpec("s", "fast", 16, 8, 2, 1, 400, 0, 0)));
    List<JobSpec> jobs = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      jobs.add(
          new JobSpec("j" + i, i, 16, List.of("fast", "slow"), HOUR, 0, "t", "u", HOUR, 0, false));
    }
    SimResult r = run(two, jobs, calm(DAY));
    assertThat(finish(r, 0)).isCloseTo(1, within(EXACT));
    assertThat(finish(r, 1)).isCloseTo(4 + 1.0 / HOUR, within(EXACT));
  }

  @Test
  void chipsWorkFromTheirDelivery() {
    FleetSpec later =
        new FleetSpec("later", List.of(new PoolSpec("s", "X", 16, 8, 2, 1, 1, 3 * HOUR, 0)));
    SimResult r = run(later, List.of(job("j", 0, 16, HOUR)), calm(DAY));
    assertThat(start(r, 0)).isCloseTo(3, within(EXACT));
    assertThat(r.report().chipHours().delivered()).isCloseTo(16, within(EXACT));
  }

  @Test
  void aSpareKeepsTheGangTogetherAndWithoutOneItWaitsForRepair() {
    FailureClass node = new FailureClass("n", "c", 1e-3, FailureClass.Scope.NODE, 10, 0, false);
    FleetSpec full = fleet(64, 8, 4, 2);
    FleetSpec spared =
        new FleetSpec("spared", List.of(new PoolSpec("s", "X", 80, 8, 4, 2, 1, 0, 2)));
    JobSpec gang = lowly("gang", 0, 64, 100 * HOUR, HOUR);
    SimResult bare = run(full, List.of(gang), failing(3, 100 * DAY, node));
    SimResult safe = run(spared, List.of(gang), failing(3, 100 * DAY, node));
    assertThat(bare.report().jobs().requeued())
        .isEqualTo(bare.report().interruptions().unexpected())
        .isPositive();
    assertThat(bare.outcomes().getFirst().waitedHours()).isPositive();
    assertThat(safe.report().interruptions().unexpected()).isPositive();
    assertThat(finish(safe, 0)).isLessThan(finish(bare, 0));
  }

  @Test
  void aSwitchTakesTheWholeLeaf() {
    FailureClass leaf = new FailureClass("s", "c", 1e-3, FailureClass.Scope.LEAF, 5, 0, false);
    List<JobSpec> jobs = new ArrayList<>();
    for (int i = 0; i < 16; i++) jobs.add(lowly("j" + i, 0, 4, 200 * HOUR, HOUR));
    SimResult r = run(fleet(64, 8, 4, 2), jobs, failing(5, 100 * HOUR, leaf));
    SimReport.ComponentRow row = r.report().interruptions().byComponent().getFirst();
    // Two jobs on each of the four nodes of a leaf, unless some still wait for repair.
    assertThat(row.jobStops())
        .isGreaterThan(5 * row.events())
        .isLessThanOrEqualTo(8 * row.events());
  }

  @Test
  void maintenanceIsAnnouncedSoNothingIsLost() {
    SimConfig base = calm(20 * DAY);
    SimConfig config =
        new SimConfig(
            1,
            START,
            base.horizonMillis(),
            FailureTable.none(),
            1,
            Jobs.NO_OVERHEADS,
            SimConfig.Policy.DEFAULT,
            Optional.of(new SimConfig.Maintenance(10 * DAY, 4 * HOUR)));
    SimResult r = run(fleet(64, 8, 4, 2), List.of(lowly("j", 0, 64, 15 * DAY, DAY)), config);
    assertThat(r.report().interruptions().planned()).isBetween(2, 4);
    assertThat(r.report().interruptions().unexpected()).isZero();
    assertThat(r.report().chipHours().lost()).isZero();
    assertThat(r.report().chipHours().outOfService()).isPositive();
  }

  @Test
  void oneJobPerServerWaitsAsErlangSays() {
    int servers = 8;
    double load = 0.8;
    var random = new java.util.SplittableRandom(11);
    List<JobSpec> jobs = new ArrayList<>();
    double at = 0;
    for (int i = 0; i < 200_000; i++) {
      at += -Math.log(1 - random.nextDouble()) * HOUR / (servers * load);
      long work = Math.max(1, (long) (-Math.log(1 - random.nextDouble()) * HOUR));
      jobs.add(job("j" + i, (long) at, 1, work));
    }
    SimResult r = Simulation.run(fleet(servers, 1, 1, 8), jobs, calm(5000 * DAY), Progress.NONE);
    assertThat(r.report().jobs().finished()).isEqualTo(jobs.size());
    // Three standard errors of the mean of correlated waits over 10 such samples.
    double tolerance = 0.06;
    assertThat(r.report().queueHours().mean())
        .isCloseTo(erlangWait(servers, load), within(tolerance * erlangWait(servers, load)));
  }

  /** Mean wait of an M/M/c queue in service times, by Erlang's C formula. */
  private static double erlangWait(int servers, double load) {
    double offered = servers * load;
    double b = 1;
    for (int k = 1; k <= servers; k++) b = offered * b / (k + offered * b);
    double c = b / (1 - load * (1 - b));
    return c / (servers * (1 - load));
  }

  @Test
  void refusesWhatCannotBeCounted() {
    SimConfig fast =
        failing(1, DAY, new FailureClass("n", "c", 1e9, FailureClass.Scope.JOB, 0, 0, false));
    assertThatThrownBy(() -> run(fleet(64, 8, 4, 2), List.of(job("j", 0, 8, HOUR)), fast))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("failures are expected");
    assertThatThrownBy(() -> run(fleet(64, 8, 4, 2), List.of(job("j", 0, 65, HOUR)), calm(DAY)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("never fits");
  }
}
