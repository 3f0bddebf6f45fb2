package org.puna.fleet.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Says in sentences what a simulation rests on, for its reports. */
public final class Assumptions {
  private Assumptions() {}

  /**
   * The assumptions of a simulation.
   *
   * @param fleet where jobs run
   * @param config everything else
   * @param rates where the failure rates come from
   * @param jobs where the jobs come from
   */
  public static List<String> of(FleetSpec fleet, SimConfig config, String rates, String jobs) {
    List<String> all = new ArrayList<>();
    all.add("Jobs: " + jobs + ".");
    all.add(
        config.failureScale() == 1
            ? "Failures: " + rates + "."
            : "Failures: " + rates + ", all rates times " + config.failureScale() + ".");
    all.add(
        "Rates are constant per chip, the same for every kind of chip and for idle chips; software"
            + " fails on running jobs only. Repair is lognormal.");
    all.add("A failure stops every job on its node; the node is repaired as a whole.");
    SimConfig.Overheads o = config.overheads();
    all.add(
        String.format(
            Locale.ROOT,
            "A start takes %s, finding a failure %s, a restart %s.",
            minutes(o.startMillis()),
            minutes(o.detectMillis()),
            minutes(o.restartMillis())));
    all.add(
        "Checkpoints stop the work for the time that the job states, at the interval it states or"
            + " Young's optimum (1 min to 1 h). Work since the last one is lost on a failure"
            + (config.policy().preemptionSaves() ? "." : " and on preemption."));
    all.add(
        "Order: priority, then the team with the least use for its share (half-life "
            + days(config.policy().halfLifeMillis())
            + "), then the user, then the earlier submission. "
            + (config.policy().backfill()
                ? "Later jobs pass a waiting one if they cannot delay it (EASY backfill, "
                    + config.policy().backfillDepth()
                    + " jobs deep); ends of running jobs are known, but for failures."
                : "No job passes a waiting one on its pool."));
    all.add("A gang stays in one pool (site and kind of chip) and gets whole nodes first.");
    config
        .maintenance()
        .ifPresent(m ->
            all.add(
                "Each leaf is maintained every "
                    + days(m.everyMillis())
                    + " for "
                    + minutes(m.lastsMillis())
                    + "."));
    for (PoolSpec p : fleet.pools()) {
      all.add(
          String.format(
              Locale.ROOT,
              "%s, %s: %,d chips, %d a node, %d nodes a leaf, %d leaves a pod, %d spare nodes.",
              p.site(),
              p.chip(),
              p.chips(),
              p.chipsPerNode(),
              p.nodesPerLeaf(),
              p.leavesPerPod(),
              p.spareNodes()));
    }
    return all;
  }

  private static String minutes(long millis) {
    return String.format(Locale.ROOT, "%.4g min", millis / 60e3);
  }

  private static String days(long millis) {
    return String.format(Locale.ROOT, "%.4g d", millis / 86.4e6);
  }
}
