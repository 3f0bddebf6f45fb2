package org.puna.fleet.sim;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The published run that the shipped failure rates come from, as a simulation: Llama 3 405B on
 * 16,384 H100 of a cluster of 24,576, observed for 54 days.
 *
 * <p>From the paper: chips, servers of 8 in racks of 2, pods of 3,072, 54 days, the interruptions,
 * and storage that sustains 2 TB/s. Assumed: a checkpoint holds 16 bytes per parameter (BF16
 * weights and FP32 weights, gradients and two moments) and stops the work while it is written at
 * that rate, every Young's interval; the job keeps its place and takes nodes of the cluster's other
 * third when some fail; {@link SimConfig.Overheads#DEFAULT}.
 *
 * @see "Grattafiori et al. 2024, The Llama 3 Herd of Models, sections 3.3.1 and 3.3.4"
 */
public final class Llama3Run {
  /** Name on the command line. */
  public static final String NAME = "llama3-405b";

  /** Chips of the job. */
  public static final int GPUS = 16_384;

  /** Days observed. */
  public static final int DAYS = 54;

  /** Interruptions that the paper calls unexpected. */
  public static final int UNEXPECTED = 419;

  /** Interruptions that the paper calls planned. */
  public static final int PLANNED = 47;

  private static final String CHIP = "H100-80GB-SXM";
  private static final double PARAMETERS = 405.9e9;
  private static final double BYTES_PER_PARAMETER = 16;
  private static final double STORAGE_BYTES_PER_SECOND = 2e12;
  private static final long DAY_MILLIS = 86_400_000;

  private Llama3Run() {}

  /** Returns the cluster of 24,576 chips. */
  public static FleetSpec fleet() {
    return new FleetSpec(
        "Llama 3 405B on 16,384 of 24,576 H100",
        List.of(new PoolSpec("cluster", CHIP, 24_576, 8, 2, 192, 1, 0, 0)));
  }

  /** Returns the one job, longer than the time observed. */
  public static List<JobSpec> jobs() {
    long save = Math.round(PARAMETERS * BYTES_PER_PARAMETER / STORAGE_BYTES_PER_SECOND * 1000);
    return List.of(
        new JobSpec(
            "llama3-405b",
            0,
            GPUS,
            List.of(CHIP),
            10L * DAYS * DAY_MILLIS,
            0,
            "llama",
            "llama",
            0,
            save,
            false));
  }

  /**
   * The configuration.
   *
   * @param seed of every random number
   * @param overheads time lost around failures
   */
  public static SimConfig config(long seed, SimConfig.Overheads overheads) {
    return new SimConfig(
        seed,
        Instant.parse("2024-01-01T00:00:00Z"),
        DAYS * DAY_MILLIS,
        FailureTable.llama3(),
        1,
        overheads,
        SimConfig.Policy.DEFAULT,
        Optional.empty());
  }
}
