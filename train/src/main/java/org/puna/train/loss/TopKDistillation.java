package org.puna.train.loss;

import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;

/**
 * Learning from what was kept of a teacher: {@code Σ weights[r] · ((1 − alpha) · CE + alpha · T² ·
 * KL(teacher ‖ student))}, where both distributions are over the tokens that were kept and, as one
 * outcome, all others. It is the whole divergence where all tokens were kept, and never more than
 * it where not. At the logit of a kept token its gradient is that of the whole divergence; all
 * others are moved together, which keeps their ratios. Scaling the kept tokens up to 1 instead
 * would teach probabilities that the teacher does not have.
 *
 * @see "Hinton, Vinyals and Dean 2015, Distilling the Knowledge in a Neural Network"
 * @see "Anshumann et al. 2025, Sparse Logit Sampling: Accelerating Knowledge Distillation in LLMs,
 *     ACL 2025, arXiv 2503.16870: the bias of the likeliest tokens alone (it samples tokens
 *     instead)"
 */
public final class TopKDistillation implements Objective {
  private final int[] targets;
  private final float[] weights;
  private final TopK told;
  private final double alpha;
  private final double temperature;

  /**
   * An objective over rows.
   *
   * @param targets an id for each row
   * @param weights a factor for each row
   * @param told what the teacher said to each row, at this temperature
   * @param alpha part of the teacher, 0 to 1
   * @param temperature above 0
   */
  public TopKDistillation(
      int[] targets, float[] weights, TopK told, double alpha, double temperature) {
    if (told.rows() != targets.length || weights.length != targets.length) {
      throw new IllegalArgumentException(
          told.rows() + " rows told, " + targets.length + " targets, " + weights.length);
    }
    this.targets = targets;
    this.weights = weights;
    this.told = told;
    this.alpha = alpha;
    this.temperature = temperature;
  }

  @Override
  public double apply(
      Team team, GradKernels grads, float[] logits, int first, int rows, int vocab) {
    double[] losses = new double[rows];
    team.run(rows, (r, _) -> losses[r] = row(logits, r * vocab, first + r, vocab));
    double sum = 0;
    for (int r = 0; r < rows; r++) sum += weights[first + r] * losses[r];
    return sum;
  }

  private double row(float[] logits, int from, int row, int vocab) {
    double w = weights[row];
    int target = targets[row];
    double plain = Distillation.logSum(logits, from, vocab, 1);
    double student = Distillation.logSum(logits, from, vocab, temperature);
    double outside = told.outside(row, logits, from, vocab, temperature);
    double ce = plain - logits[from + target];
    boolean some = outside != Double.NEGATIVE_INFINITY;
    double rest = some ? Math.exp(told.rest()[row]) : 0;
    double kl = rest > 0 ? rest * (told.rest()[row] - (outside - student)) : 0;
    int named = row * told.k();
    int end = named + told.k();
    for (int i = 0; i < vocab; i++) {
      double z = logits[from + i];
      double logQ = z / temperature - student;
      double p;
      if (named < end && told.ids()[named] == i) {
        double logP = told.logProbs()[named++];
        p = Math.exp(logP);
        if (p > 0) kl += p * (logP - logQ);
      } else {
        // The rest pulls its tokens together, in the proportions that the student gives them.
        p = rest * Math.exp(z / temperature - outside);
      }
      double slope = (1 - alpha) * Math.exp(z - plain) + alpha * temperature * (Math.exp(logQ) - p);
      logits[from + i] = (float) (w * (i == target ? slope - (1 - alpha) : slope));
    }
    return (1 - alpha) * ce + alpha * temperature * temperature * kl;
  }
}
