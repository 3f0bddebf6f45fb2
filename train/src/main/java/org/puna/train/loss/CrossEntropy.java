package org.puna.train.loss;

import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;

/**
 * Weighted cross-entropy: {@code Σ weights[r] · −ln p(targets[r])}. Weights of 1 over the number of
 * counted tokens of the whole step make it their mean, over any number of micro-batches; negative
 * weights make a target less likely, which is how preference losses use it.
 *
 * @param targets an id for each row
 * @param weights a factor for each row
 * @param losses receives {@code −ln p} of each row, unweighted
 */
public record CrossEntropy(int[] targets, float[] weights, float[] losses) implements Objective {
  /** Checks the sizes. */
  public CrossEntropy {
    if (targets.length != weights.length || targets.length != losses.length) {
      throw new IllegalArgumentException(
          "cross-entropy: "
              + targets.length
              + " targets, "
              + weights.length
              + " weights, "
              + losses.length
              + " losses");
    }
  }

  /** The same weight for every row. */
  public static CrossEntropy of(int[] targets, double weight) {
    float[] weights = new float[targets.length];
    java.util.Arrays.fill(weights, (float) weight);
    return new CrossEntropy(targets, weights, new float[targets.length]);
  }

  @Override
  public double apply(
      Team team, GradKernels grads, float[] logits, int first, int rows, int vocab) {
    grads.crossEntropy(team, logits, rows, vocab, targets, weights, losses, first);
    double sum = 0;
    for (int r = first; r < first + rows; r++) sum += (double) weights[r] * losses[r];
    return sum;
  }
}
