package org.puna.train.optim;

import java.util.Map;

/** Changes weights by their gradients and remembers what it must between steps. */
public interface Optimizer {
  /**
   * Does one step: updates every trained weight and leaves its gradient 0.
   *
   * @param step number of the step, from 1
   * @param lr learning rate
   * @param gradScale factor on all gradients, 1 for none
   */
  void step(long step, double lr, double gradScale);

  /**
   * Returns what it remembers, by name: the arrays themselves, for saving and for restoring into.
   */
  Map<String, float[]> state();

  /** Returns the bytes of what it remembers. */
  default long bytes() {
    return state().values().stream().mapToLong(a -> (long) a.length * Float.BYTES).sum();
  }
}
