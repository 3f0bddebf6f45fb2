package org.puna.train.run;

/** Hears how a run goes. */
public interface Watcher {
  /** A line for people. */
  void note(String line);

  /**
   * Something that may take long is done before steps begin, as far as {@code done}.
   *
   * @param what is done, one thing after the other
   * @param done of {@code total}
   */
  default void preparing(String what, long done, long total) {}

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
