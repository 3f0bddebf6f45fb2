package org.puna.fleet.sim;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.puna.model.config.BadInput;

/**
 * Everything of a simulation that is neither fleet nor jobs.
 *
 * @param seed of every random number; the same seed gives the same report
 * @param start the moment that time 0 stands for
 * @param horizonMillis when the simulation ends at the latest, in ms
 * @param failures what goes wrong
 * @param failureScale factor on all rates of {@code failures}
 * @param overheads time that a job loses around starts and failures
 * @param policy how jobs are ordered and placed
 * @param maintenance rolling maintenance, where there is any
 */
public record SimConfig(
    long seed,
    Instant start,
    long horizonMillis,
    FailureTable failures,
    double failureScale,
    Overheads overheads,
    Policy policy,
    Optional<Maintenance> maintenance) {

  /** Simulated time at most: 100 years, so that sums of chip time cannot overflow. */
  public static final long MAX_HORIZON_MILLIS = 100L * 365 * 86_400_000;

  private static final long MIN_INTERVAL = 60_000;
  private static final long MAX_INTERVAL = 3_600_000;

  /** Checks the figures. */
  public SimConfig {
    if (horizonMillis < 1 || horizonMillis > MAX_HORIZON_MILLIS) {
      throw new BadInput("simulation: the time must be more than 0 and at most 36500 days");
    }
    if (!(failureScale >= 0) || Double.isInfinite(failureScale)) {
      throw new BadInput(
          "simulation: the factor on failure rates must be at least 0, found " + failureScale);
    }
  }

  /**
   * A simulation with shipped failure rates and default policy.
   *
   * @param seed of every random number
   * @param start the moment that time 0 stands for
   * @param horizonMillis when it ends at the latest
   */
  public static SimConfig defaults(long seed, Instant start, long horizonMillis) {
    return new SimConfig(
        seed,
        start,
        horizonMillis,
        FailureTable.llama3(),
        1,
        Overheads.DEFAULT,
        Policy.DEFAULT,
        Optional.empty());
  }

  /**
   * This configuration with other failures.
   *
   * @param table what goes wrong
   * @param scale factor on all its rates
   */
  public SimConfig failing(FailureTable table, double scale) {
    return new SimConfig(seed, start, horizonMillis, table, scale, overheads, policy, maintenance);
  }

  /**
   * Time that a job loses around starts and failures, in ms. All three are assumptions; none is
   * published with the interruption counts.
   *
   * @param startMillis from getting its chips to the first step
   * @param detectMillis from a failure to knowing it
   * @param restartMillis from knowing it to the first step after loading the checkpoint
   */
  public record Overheads(long startMillis, long detectMillis, long restartMillis) {
    /** Five minutes to start, two to detect, five to restart. */
    public static final Overheads DEFAULT = new Overheads(300_000, 120_000, 300_000);

    /** Checks the figures. */
    public Overheads {
      if (startMillis < 0 || detectMillis < 0 || restartMillis < 0) {
        throw new BadInput("simulation: start, detection and restart must not take negative time");
      }
    }
  }

  /**
   * How jobs are ordered and placed.
   *
   * @param backfill whether a job may pass a waiting one that it cannot delay
   * @param backfillDepth waiting jobs that one scheduling pass looks at, at least 1
   * @param preemption whether a job may take chips from preemptible jobs of lower priority
   * @param preemptionSaves whether the preempted job gets time to save first
   * @param halfLifeMillis after which past use counts half in the fair share
   * @param spreadPenalty share of its speed that a gang loses which spans more pods than it must
   * @param teams shares and quotas
   */
  public record Policy(
      boolean backfill,
      int backfillDepth,
      boolean preemption,
      boolean preemptionSaves,
      long halfLifeMillis,
      double spreadPenalty,
      List<TeamPolicy> teams) {
    /** Backfill 100 deep, preemption without notice, a half-life of a week, no penalty. */
    public static final Policy DEFAULT =
        new Policy(true, 100, true, false, 7 * 86_400_000L, 0, List.of());

    /** Checks the figures. */
    public Policy {
      teams = List.copyOf(teams);
      if (backfillDepth < 1 || halfLifeMillis < 1 || !(spreadPenalty >= 0 && spreadPenalty < 1)) {
        throw new BadInput(
            "simulation: backfill depth and half-life must be positive, the penalty 0 to 1");
      }
    }
  }

  /**
   * Rolling maintenance: the leaves of every pool are taken out one after another, each once in
   * {@code everyMillis} for {@code lastsMillis}. It is announced, so jobs save first.
   *
   * @param everyMillis time between two maintenances of one leaf
   * @param lastsMillis how long a leaf is out
   */
  public record Maintenance(long everyMillis, long lastsMillis) {
    /** Checks the figures. */
    public Maintenance {
      if (lastsMillis < 1 || everyMillis <= lastsMillis) {
        throw new BadInput(
            "simulation: maintenance must last less than the time between two of them");
      }
    }
  }

  /**
   * Ms of work between checkpoints of a job that states none: Young's optimum √(2 · cost · time
   * between failures of its gang), not below one minute and not above one hour.
   *
   * @param job the job
   * @see "Young 1974, A first order approximation to the optimum checkpoint interval"
   */
  public long interval(JobSpec job) {
    if (job.intervalMillis() > 0) return job.intervalMillis();
    double perMillis = failures.unplannedPerChipHour() * failureScale * job.gpus() / 3.6e6;
    if (perMillis == 0) return MAX_INTERVAL;
    double young = StrictMath.sqrt(2 * job.saveMillis() / perMillis);
    return (long) Math.clamp(young, MIN_INTERVAL, MAX_INTERVAL);
  }
}
