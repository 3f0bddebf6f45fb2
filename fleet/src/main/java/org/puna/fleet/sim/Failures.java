package org.puna.fleet.sim;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.puna.model.config.BadInput;

/**
 * When and where things fail. Each kind of failure is one Poisson process over all chips: the
 * superposition of equal processes of single chips, so that its cost is the number of failures and
 * not the number of chips. The chip is drawn evenly; events on chips that are not there, already
 * down or (for software) idle are void, which thins the process to the chips that count.
 */
final class Failures {
  private static final double MAX_EVENTS = 5e7;

  private final List<FailureClass> classes;
  private final SplittableRandom[] random;
  private final double[] perMillis;
  private final double[] next;
  private final long chips;

  Failures(SimConfig config, long chips) {
    this.classes = config.failures().classes();
    this.chips = chips;
    random = new SplittableRandom[classes.size()];
    perMillis = new double[classes.size()];
    next = new double[classes.size()];
    double events = 0;
    for (int i = 0; i < random.length; i++) {
      // One stream each: to change one rate leaves the failures of the others where they are.
      random[i] = new SplittableRandom(mix(config.seed(), i));
      perMillis[i] = classes.get(i).perChipHour() * config.failureScale() * chips / 3.6e6;
      events += perMillis[i] * config.horizonMillis();
    }
    if (events > MAX_EVENTS) {
      throw new BadInput(
          String.format(
              Locale.ROOT,
              "simulation: %.3g failures are expected, at most %.0e are simulated; lower the"
                  + " failure rates, the days or the chips",
              events,
              MAX_EVENTS));
    }
  }

  static long mix(long seed, long stream) {
    return new SplittableRandom(seed + stream * 0x9E3779B97F4A7C15L).nextLong();
  }

  FailureClass kind(int i) {
    return classes.get(i);
  }

  /** Draws the next time of a kind in ms, or {@link Long#MAX_VALUE} if it never happens. */
  long draw(int i) {
    if (perMillis[i] == 0) return Long.MAX_VALUE;
    next[i] += -StrictMath.log(1 - random[i].nextDouble()) / perMillis[i];
    return next[i] >= Long.MAX_VALUE ? Long.MAX_VALUE : (long) Math.ceil(next[i]);
  }

  /** Draws the chip that fails, 0 up to the chips of the fleet. */
  long chip(int i) {
    return random[i].nextLong(chips);
  }

  /** Draws the time to repair in ms, at least one. */
  long repairMillis(int i) {
    FailureClass kind = classes.get(i);
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random[i].nextDouble()));
    double normal = radius * StrictMath.cos(2 * Math.PI * random[i].nextDouble());
    double hours = kind.repairMedianHours() * StrictMath.exp(kind.repairSigma() * normal);
    return Math.max(1, Math.round(Math.min(hours, 1e6) * 3.6e6));
  }
}
