package org.puna.fleet.sim;

import java.util.List;
import org.puna.model.config.BadInput;

/**
 * One job: a gang of chips that start together, and how much work they have to do.
 *
 * @param id its name in reports
 * @param submitMillis when it is submitted, in ms since the start of the simulation
 * @param gpus chips of the gang
 * @param chips kinds of chips that it accepts, the preferred first
 * @param workMillis ms of undisturbed work on the preferred chip, without checkpoints
 * @param priority larger goes first
 * @param team who pays: shares and quotas are per team
 * @param user who asked: shares within a team
 * @param intervalMillis ms of work between checkpoints; 0 lets the simulator choose (see {@link
 *     SimConfig#interval})
 * @param saveMillis ms that work stops for one checkpoint
 * @param preemptible whether a job of higher priority may take its chips
 */
public record JobSpec(
    String id,
    long submitMillis,
    int gpus,
    List<String> chips,
    long workMillis,
    int priority,
    String team,
    String user,
    long intervalMillis,
    long saveMillis,
    boolean preemptible) {

  /** Work that a job may have: 100 years, beyond which sums of chip time could overflow. */
  public static final long MAX_WORK_MILLIS = 100L * 365 * 86_400_000;

  /** Checks the figures. */
  public JobSpec {
    chips = List.copyOf(chips);
    check(id, submitMillis >= 0, "submit is before the start of the simulation");
    check(id, gpus >= 1, "gpus must be at least 1, found " + gpus);
    check(id, !chips.isEmpty(), "no chip is named");
    check(
        id,
        workMillis >= 1 && workMillis <= MAX_WORK_MILLIS,
        "the work must last between 1 ms and 100 years");
    check(
        id,
        intervalMillis >= 0 && saveMillis >= 0,
        "checkpoint interval and cost must not be negative");
  }

  private static void check(String id, boolean ok, String what) {
    if (!ok) throw new BadInput("job " + Trace.shown(id) + ": " + what + "; correct the job");
  }
}
