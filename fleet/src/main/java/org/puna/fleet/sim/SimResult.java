package org.puna.fleet.sim;

import java.util.List;

/**
 * A report and the jobs behind it.
 *
 * @param report the figures
 * @param outcomes every job, in the order of the input
 */
public record SimResult(SimReport report, List<JobOutcome> outcomes) {
  /** Copies the list. */
  public SimResult {
    outcomes = List.copyOf(outcomes);
  }
}
