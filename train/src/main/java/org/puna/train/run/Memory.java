package org.puna.train.run;

import java.util.Locale;
import org.puna.model.config.BadInput;

/**
 * Memory that a run takes, in bytes, known before it starts.
 *
 * @param weights trained and frozen
 * @param gradients of trained weights
 * @param optimizer what it remembers
 * @param activations results and their gradients, and the head's chunk
 */
public record Memory(long weights, long gradients, long optimizer, long activations) {
  private static final double MIB = 1 << 20;

  /** Part of the heap that the run may take; the rest is for reading and the collector. */
  private static final double USABLE = 0.9;

  /** Returns the sum. */
  public long total() {
    return weights + gradients + optimizer + activations;
  }

  /** Returns one line for people. */
  public String describe() {
    return String.format(
        Locale.ROOT,
        "memory %.0f MiB: weights %.0f, gradients %.0f, optimiser %.0f, activations %.0f",
        total() / MIB,
        weights / MIB,
        gradients / MIB,
        optimizer / MIB,
        activations / MIB);
  }

  /**
   * Checks that a heap holds what weights alone take, known before there are any.
   *
   * @param numbers that are trained
   * @throws BadInput if not
   */
  static void checkWeights(long numbers, long heapBytes) {
    // Weights, gradients and two memories of the optimiser.
    double bytes = 4.0 * Float.BYTES * numbers;
    if (bytes > heapBytes * USABLE) {
      throw new BadInput(
          String.format(
              Locale.ROOT,
              "model: %,d weights take %,.0f MiB with gradients and optimiser, but the JVM has"
                  + " %,.0f MiB; choose a smaller model, or give it more with"
                  + " PUNA_JAVA_OPTS=-Xmx%.0fg",
              numbers,
              bytes / MIB,
              heapBytes / MIB,
              Math.ceil(bytes / USABLE / (1 << 30))));
    }
  }

  /**
   * Checks that a heap holds it.
   *
   * @throws BadInput if not
   */
  public void check(long heapBytes) {
    if (total() > heapBytes * USABLE) {
      throw new BadInput(
          String.format(
              Locale.ROOT,
              "%s; the JVM has %.0f MiB: give it more with PUNA_JAVA_OPTS=-Xmx%dg, or set"
                  + " batch.micro_rows or recompute=layers",
              describe(),
              heapBytes / MIB,
              (long) Math.ceil(total() / USABLE / (1 << 30))));
    }
  }
}
