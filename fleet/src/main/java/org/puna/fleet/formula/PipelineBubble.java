package org.puna.fleet.formula;

/**
 * Idle time of a pipeline over its ideal time: (p − 1) / (v · m) for p stages, m micro-batches and
 * v interleaved chunks.
 *
 * @see "Narayanan et al. 2021, section 2.2"
 */
public final class PipelineBubble {
  /** The formula as it is printed in reports. */
  public static final String FORMULA =
      "bubble = (p − 1)/(v·m) of the ideal time (Narayanan et al. 2021, section 2.2)";

  private PipelineBubble() {}

  /**
   * The fraction.
   *
   * @param stages p
   * @param microBatches m
   * @param chunks v
   */
  public static double fraction(int stages, int microBatches, int chunks) {
    return (stages - 1.0) / ((double) chunks * microBatches);
  }
}
