package org.puna.fleet.sim;

import org.puna.model.config.BadInput;

/**
 * One thing that goes wrong, or is planned to stop a job, at a constant rate per chip.
 *
 * @param component what fails, such as {@code GPU HBM3 Memory}
 * @param category the group it is reported under, such as {@code GPU}
 * @param perChipHour events per hour of one chip, at least 0
 * @param scope what it takes out of service
 * @param repairMedianHours median of the lognormal time to repair, 0 for a {@link Scope#JOB}
 * @param repairSigma standard deviation of the logarithm of that time
 * @param planned announced in advance, so that the job saves first; reported apart
 */
public record FailureClass(
    String component,
    String category,
    double perChipHour,
    Scope scope,
    double repairMedianHours,
    double repairSigma,
    boolean planned) {

  /** What an event takes out of service. */
  public enum Scope {
    /** Nothing: the job on the chip stops and restarts where it is (software). */
    JOB,
    /** The node of the chip, until it is repaired. */
    NODE,
    /** Every node under the leaf of the chip, until it is repaired (a switch). */
    LEAF
  }

  /** Checks the figures. */
  public FailureClass {
    if (!(perChipHour >= 0) || Double.isInfinite(perChipHour)) {
      throw new BadInput(
          Trace.shown(component)
              + ": the rate must not be negative, found "
              + perChipHour
              + "; correct it");
    }
    if (!(repairMedianHours >= 0 && repairMedianHours <= 1e5)) {
      throw new BadInput(
          Trace.shown(component)
              + ": the median repair must be 0 to 100000 hours, found "
              + repairMedianHours
              + "; correct repair_hours");
    }
    if (!(repairSigma >= 0 && repairSigma <= 4)) {
      throw new BadInput(
          Trace.shown(component)
              + ": repair_sigma must be 0 to 4, found "
              + repairSigma
              + "; correct it");
    }
  }
}
