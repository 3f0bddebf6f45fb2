package org.puna.engine;

/** What a scheduler has done since it started. Written by its thread alone. */
final class Counters {
  /** Share of the newest answer in the mean time of answers. */
  private static final double NEWEST = 0.1;

  long steps;
  long stepNanos;
  int stepTokens;
  int stepSequences;
  long promptTokens;
  long sharedTokens;
  long answerTokens;
  long forcedTokens;
  long finished;
  private double meanSeconds;

  void step(int tokens, int sequences, long nanos) {
    steps++;
    stepNanos += nanos;
    stepTokens = tokens;
    stepSequences = sequences;
  }

  void admitted(Sequence s) {
    promptTokens += s.promptTokens();
    sharedTokens += s.shared();
  }

  void ended(Sequence s) {
    finished++;
    if (s.answered() == 0) return;
    double seconds = s.servedNanos() / 1e9;
    meanSeconds = meanSeconds == 0 ? seconds : meanSeconds + NEWEST * (seconds - meanSeconds);
  }

  /** Returns the mean seconds from a place in the batch to the end, newer answers counting more. */
  double meanSeconds() {
    return meanSeconds;
  }
}
