package org.puna.fleet.formula;

/**
 * Seconds of one decoding step of a batch: reading the weights and the cache once, or the
 * arithmetic, whichever takes longer.
 *
 * @see "Pope et al. 2022, Efficiently Scaling Transformer Inference, section 2; Williams et al.
 *     2009, Roofline"
 */
public final class DecodeRoofline {
  /** The formula as it is printed in reports. */
  public static final String FORMULA =
      "step = max((weights + batch·cache)/bandwidth, (2·N + attention)·batch/FLOP/s) (Pope et al."
          + " 2022, section 2; Williams et al. 2009); of E experts it reads 1 − (1 − k/E)^batch, k"
          + " for a token";

  private DecodeRoofline() {}

  /**
   * Seconds of one step.
   *
   * @param weightBytes bytes of weights that the step reads
   * @param cacheBytes bytes of cache of all sequences
   * @param flops operations of the step
   * @param bandwidth bytes per second of all chips together
   * @param flopsPerSecond of all chips together
   */
  public static double seconds(
      double weightBytes,
      double cacheBytes,
      double flops,
      double bandwidth,
      double flopsPerSecond) {
    return Math.max((weightBytes + cacheBytes) / bandwidth, flops / flopsPerSecond);
  }
}
