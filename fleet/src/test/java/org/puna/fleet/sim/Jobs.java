package org.puna.fleet.sim;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Short ways to write down fleets, jobs and configurations in tests. */
final class Jobs {
  static final Instant START = Instant.parse("2025-01-01T00:00:00Z");
  static final long HOUR = 3_600_000;
  static final long DAY = 24 * HOUR;
  static final SimConfig.Overheads NO_OVERHEADS = new SimConfig.Overheads(0, 0, 0);

  private Jobs() {}

  static FleetSpec fleet(int chips, int perNode, int perLeaf, int leavesPerPod) {
    return new FleetSpec(
        "test", List.of(new PoolSpec("site", "X", chips, perNode, perLeaf, leavesPerPod, 1, 0, 0)));
  }

  static JobSpec job(String id, long submit, int gpus, long work) {
    return new JobSpec(id, submit, gpus, List.of("X"), work, 0, "team", "user", work, 0, false);
  }

  static JobSpec urgent(String id, long submit, int gpus, long work, int priority) {
    return new JobSpec(
        id, submit, gpus, List.of("X"), work, priority, "team", "user", work, 0, false);
  }

  static JobSpec lowly(String id, long submit, int gpus, long work, long interval) {
    return new JobSpec(id, submit, gpus, List.of("X"), work, 0, "team", "user", interval, 0, true);
  }

  static JobSpec of(String team, String id, long submit, int gpus, long work) {
    return new JobSpec(id, submit, gpus, List.of("X"), work, 0, team, "user", work, 0, false);
  }

  /** No failures, no overheads, the default policy. */
  static SimConfig calm(long horizon) {
    return calm(horizon, SimConfig.Policy.DEFAULT);
  }

  static SimConfig calm(long horizon, SimConfig.Policy policy) {
    return new SimConfig(
        1, START, horizon, FailureTable.none(), 1, NO_OVERHEADS, policy, Optional.empty());
  }

  static SimConfig failing(long seed, long horizon, FailureClass... kinds) {
    return new SimConfig(
        seed,
        START,
        horizon,
        new FailureTable(List.of(kinds)),
        1,
        NO_OVERHEADS,
        SimConfig.Policy.DEFAULT,
        Optional.empty());
  }

  static SimResult run(FleetSpec fleet, List<JobSpec> jobs, SimConfig config) {
    return Simulation.run(fleet, jobs, config, Progress.NONE, Audit::check);
  }
}
