package org.puna.fleet.formula;

/**
 * Time to train from a known rate: T = k · tokens · parameters / (GPUs · FLOP/s), with k = 6, or 8
 * where whole layers are recomputed.
 *
 * @see "Narayanan et al. 2021, Efficient Large-Scale Language Model Training on GPU Clusters,
 *     equation 4"
 */
public final class TrainingTime {
  /** The formula as it is printed in reports. */
  public static final String FORMULA =
      "T = tokens / (tokens per iteration) · iteration time; about 6·N·D / (GPUs · FLOP/s)"
          + " (Narayanan et al. 2021, eq. 4)";

  private TrainingTime() {}

  /**
   * Seconds to train.
   *
   * @param parameters active parameters
   * @param tokens tokens to train on
   * @param gpus GPUs
   * @param flopsPerGpu FLOP/s that each reaches
   * @param recomputed whether whole layers are computed again and counted in the rate
   */
  public static double seconds(
      double parameters, double tokens, double gpus, double flopsPerGpu, boolean recomputed) {
    return (recomputed ? 8 : 6) * tokens * parameters / (gpus * flopsPerGpu);
  }
}
