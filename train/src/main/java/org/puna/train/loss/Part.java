package org.puna.train.loss;

/** A part of a step: some sequences with the loss that they are learned by. */
public interface Part {
  /** Returns how much it counts: the tokens, or the pairs, that its loss is a sum over. */
  int counted();

  /**
   * Adds gradients.
   *
   * @param weight factor on the sum, such as one over all that counts in the step
   * @return the weighted loss
   */
  double learn(Network network, double weight);

  /** Returns the loss, a sum, without gradients. */
  double measure(Network network);
}
