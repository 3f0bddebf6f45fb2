package org.puna.train.optim;

import org.puna.model.config.BadInput;

/**
 * The learning rate of each step. A warmup that is longer than the run does not end in it: where a
 * run ends changes nothing about how it begins.
 */
public sealed interface Schedule {
  /**
   * Returns the learning rate.
   *
   * @param step from 0
   */
  double at(long step);

  /**
   * A linear rise over {@code warmup} steps to {@code peak}, which stays.
   *
   * @param warmup steps, 0 for none
   */
  record Constant(double peak, long warmup) implements Schedule {
    @Override
    public double at(long step) {
      return step < warmup ? peak * (step + 1) / warmup : peak;
    }
  }

  /**
   * A linear rise over {@code warmup} steps to {@code peak}, then half a cosine down to {@code
   * floor} at the end.
   *
   * @param steps of the whole run
   * @see "Loshchilov and Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts"
   */
  record Cosine(double peak, double floor, long warmup, long steps) implements Schedule {
    /** Checks the sizes. */
    public Cosine {
      check(warmup, steps);
    }

    @Override
    public double at(long step) {
      if (step < warmup) return peak * (step + 1) / warmup;
      double part = Math.min(1, (double) (step - warmup) / Math.max(1, steps - warmup));
      return floor + 0.5 * (peak - floor) * (1 + Math.cos(Math.PI * part));
    }
  }

  /**
   * A linear rise over {@code warmup} steps to {@code peak}, which stays until the last {@code
   * warmdown} steps lead linearly to {@code floor}.
   *
   * @param steps of the whole run
   * @see "Hägele et al. 2024, Scaling Laws and Compute-Optimal Training Beyond Fixed Training
   *     Durations"
   */
  record Warmdown(double peak, double floor, long warmup, long warmdown, long steps)
      implements Schedule {
    /** Checks the sizes. */
    public Warmdown {
      check(warmup, steps);
      if (warmdown < 0 || warmdown > steps) {
        throw new BadInput(
            "schedule: a warmdown of "
                + warmdown
                + " steps does not fit in "
                + steps
                + " steps; choose fewer");
      }
    }

    @Override
    public double at(long step) {
      if (step < warmup) return peak * (step + 1) / warmup;
      long left = Math.max(0, steps - step);
      if (left >= warmdown) return peak;
      return floor + (peak - floor) * left / Math.max(1, warmdown);
    }
  }

  private static void check(long warmup, long steps) {
    if (warmup < 0 || steps < 0) {
      throw new BadInput("schedule: expected 0 or more steps, found " + Math.min(warmup, steps));
    }
  }
}
