package org.puna.app.run;

import java.util.Locale;
import org.puna.engine.GenerationEvent;

/** What a generation took, in one line for people. */
final class Stats {
  private static final double NANOS = 1e9;

  private Stats() {}

  /** Returns prompt and answer tokens, time to the first token and decode rate. */
  static String line(GenerationEvent.Usage u) {
    String rate =
        u.answerTokens() > 1 && u.decodeNanos() > 0
            ? String.format(
                Locale.ROOT, "%.1f tokens/s", (u.answerTokens() - 1) * NANOS / u.decodeNanos())
            : "-";
    return String.format(
        Locale.ROOT,
        "prompt %d tokens%s, first token after %.2f s, answer %d tokens at %s",
        u.promptTokens(),
        u.sharedTokens() > 0 ? " (" + u.sharedTokens() + " cached)" : "",
        u.ttftNanos() / NANOS,
        u.answerTokens(),
        rate);
  }
}
