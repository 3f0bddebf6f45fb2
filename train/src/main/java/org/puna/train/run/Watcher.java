package org.puna.train.run;

/** Hears how a run goes. */
public interface Watcher {
  /** A line for people. */
  void note(String line);

  /**
   * Steps begin.
   *
   * @param done steps already done
   * @param steps of the whole run
   */
  void begin(long done, long steps);

  /** A step is done. */
  void stepped(StepReport report, long tokensPerStep);
}
