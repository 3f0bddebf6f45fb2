package org.puna.train.loss;

import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;

/** A loss that is a sum over rows of logits. */
@FunctionalInterface
public interface Objective {
  /**
   * Turns the logits of some rows into the gradient of the loss by them, in place.
   *
   * @param logits [rows, vocab]
   * @param first number of the first of these rows among all results
   * @return the loss of these rows
   */
  double apply(Team team, GradKernels grads, float[] logits, int first, int rows, int vocab);
}
