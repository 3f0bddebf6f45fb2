package org.puna.fleet.formula;

/**
 * Time between checkpoints that loses least: Young's first-order √(2·δ·M), and Daly's higher-order
 * estimate, for a checkpoint of δ seconds and a mean time M between interruptions.
 *
 * @see "Young 1974, A first order approximation to the optimum checkpoint interval; Daly 2006, A
 *     higher order estimate of the optimum checkpoint interval for restart dumps, equation 37"
 */
public final class CheckpointInterval {
  /** The formula as it is printed in reports. */
  public static final String FORMULA =
      "interval = √(2·δ·M)·(1 + √(δ/2M)/3 + δ/18M) − δ (Daly 2006, eq. 37; first order: Young"
          + " 1974)";

  private CheckpointInterval() {}

  /**
   * Young's interval in the unit of its arguments.
   *
   * @param checkpoint time to write a checkpoint
   * @param meanBetween mean time between interruptions
   */
  public static double young(double checkpoint, double meanBetween) {
    return Math.sqrt(2 * checkpoint * meanBetween);
  }

  /**
   * Daly's interval of work between checkpoints in the unit of its arguments.
   *
   * @param checkpoint time to write a checkpoint, above 0
   * @param meanBetween mean time between interruptions
   */
  public static double daly(double checkpoint, double meanBetween) {
    if (checkpoint >= 2 * meanBetween) return meanBetween;
    double r = checkpoint / (2 * meanBetween);
    return young(checkpoint, meanBetween) * (1 + Math.sqrt(r) / 3 + r / 9) - checkpoint;
  }

  /**
   * Part of the wall time that is useful work: Daly's complete model, with exponential
   * interruptions also during restarts.
   *
   * @param interval work between checkpoints
   * @param checkpoint time to write one
   * @param restart time to find the fault and load the last one
   * @param meanBetween mean time between interruptions
   * @see "Daly 2006, equation 20"
   */
  public static double effective(
      double interval, double checkpoint, double restart, double meanBetween) {
    double wall =
        meanBetween
            * Math.exp(restart / meanBetween)
            * Math.expm1((interval + checkpoint) / meanBetween);
    return interval / wall;
  }
}
