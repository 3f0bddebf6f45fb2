package org.puna.app.serve;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jline.utils.Signals;

/**
 * What SIGTERM, Ctrl-C and SIGHUP do to a server. The JVM by itself ends with its shutdown hooks at
 * the first and is deaf to the next, so each is counted here: the first ends the process in order,
 * the second ends what is still answered, the third ends the process where it is.
 */
final class StopSignals {
  /** Signals by their names and numbers, which every Unix shares; an exit code is 128 more. */
  private static final Map<String, Integer> SIGNALS = Map.of("HUP", 1, "INT", 2, "TERM", 15);

  private static final int EXIT = 128;

  private final AtomicInteger seen = new AtomicInteger();
  private final Runnable hurry;

  private StopSignals(Runnable hurry) {
    this.hurry = hurry;
  }

  /**
   * Takes the signals over. Where the JVM keeps one, as with {@code -Xrs} or under {@code nohup},
   * it stays as it was.
   *
   * @param hurry ends running answers at once
   */
  static void install(Runnable hurry) {
    StopSignals s = new StopSignals(hurry);
    SIGNALS.forEach((name, number) -> Signals.register(name, () -> s.came(EXIT + number)));
  }

  private void came(int code) {
    switch (seen.incrementAndGet()) {
      // Comes back only when the process ends: each signal has a thread of its own.
      case 1 -> Runtime.getRuntime().exit(code);
      case 2 -> hurry.run();
      default -> Runtime.getRuntime().halt(code);
    }
  }
}
