package org.puna.fleet.formula;

/**
 * Expected interruptions of a job that needs all its GPUs: failures of single GPUs (with their
 * share of server and network) are independent, so rates add up.
 *
 * @see "Llama Team 2024, The Llama 3 Herd of Models, table 5: 419 unexpected interruptions in 54
 *     days on 16,384 H100; Kokolis et al. 2024, Revisiting Reliability in Large-Scale Machine
 *     Learning Research Clusters, figure 7"
 */
public final class Interruptions {
  /** The formula as it is printed in reports. */
  public static final String FORMULA =
      "interruptions = GPUs · hours · 1.97e-5 per GPU-hour (Llama 3 paper, table 5: 419 in 54 days"
          + " on 16,384 H100)";

  /** Interruptions per GPU-hour of the Llama 3 405B run. */
  public static final double LLAMA3_PER_GPU_HOUR = 419 / (54.0 * 24 * 16_384);

  private Interruptions() {}

  /**
   * Expected interruptions.
   *
   * @param gpus GPUs of the job
   * @param hours how long it runs
   * @param perGpuHour rate
   */
  public static double expected(double gpus, double hours, double perGpuHour) {
    return gpus * hours * perGpuHour;
  }

  /**
   * Mean hours between interruptions.
   *
   * @param gpus GPUs of the job
   * @param perGpuHour rate
   */
  public static double meanHoursBetween(double gpus, double perGpuHour) {
    return 1 / (gpus * perGpuHour);
  }
}
