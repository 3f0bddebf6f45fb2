package org.puna.fleet.sim;

/**
 * What became of one job. Times in hours since the start of the simulation, −1 where it did not
 * happen; chip time in chip-hours.
 *
 * @param job its name
 * @param gpus chips of the gang
 * @param state where it was at the end
 * @param submitHours submission
 * @param firstStartHours first start
 * @param finishHours completion
 * @param waitedHours time in the queue, also after losing its chips
 * @param productive kept work
 * @param checkpoints saving
 * @param lost work done again
 * @param overhead starts and restarts
 * @param interruptions unexpected stops
 * @param planned planned stops
 * @param preemptions chips lost to another job
 */
public record JobOutcome(
    String job,
    int gpus,
    State state,
    double submitHours,
    double firstStartHours,
    double finishHours,
    double waitedHours,
    double productive,
    double checkpoints,
    double lost,
    double overhead,
    int interruptions,
    int planned,
    int preemptions) {

  /** Where a job is at the end of a simulation. */
  public enum State {
    /** Complete. */
    FINISHED,
    /** Holding its chips. */
    RUNNING,
    /** In the queue. */
    WAITING,
    /** To be submitted after the end. */
    NOT_SUBMITTED
  }
}
