package org.puna.train.loss;

import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;

/**
 * Learning from a teacher: {@code Σ weights[r] · ((1 − alpha) · CE + alpha · T² · KL(teacher ‖
 * student))} with both distributions at temperature T.
 *
 * @see "Hinton, Vinyals and Dean 2015, Distilling the Knowledge in a Neural Network"
 */
public final class Distillation implements Objective {
  /** The teacher's logits. */
  @FunctionalInterface
  public interface Teacher {
    /**
     * Returns the logits of some rows.
     *
     * @return [rows, vocab] at least, valid until the next call
     */
    float[] logits(int first, int rows);
  }

  private final int[] targets;
  private final float[] weights;
  private final Teacher teacher;
  private final double alpha;
  private final double temperature;
  private double ce;
  private double kl;

  /**
   * An objective over rows.
   *
   * @param targets an id for each row
   * @param weights a factor for each row
   * @param alpha part of the teacher, 0 to 1
   * @param temperature above 0
   */
  public Distillation(
      int[] targets, float[] weights, Teacher teacher, double alpha, double temperature) {
    this.targets = targets;
    this.weights = weights;
    this.teacher = teacher;
    this.alpha = alpha;
    this.temperature = temperature;
  }

  /** Returns the weighted sum of the cross-entropies so far. */
  public double crossEntropy() {
    return ce;
  }

  /** Returns the weighted sum of the divergences so far. */
  public double divergence() {
    return kl;
  }

  @Override
  public double apply(
      Team team, GradKernels grads, float[] logits, int first, int rows, int vocab) {
    float[] t = teacher.logits(first, rows);
    double[] ces = new double[rows];
    double[] kls = new double[rows];
    team.run(rows, (r, _) -> row(logits, t, r, first, vocab, ces, kls));
    double sum = 0;
    for (int r = 0; r < rows; r++) {
      double w = weights[first + r];
      ce += w * ces[r];
      kl += w * kls[r];
      sum += w * ((1 - alpha) * ces[r] + alpha * temperature * temperature * kls[r]);
    }
    return sum;
  }

  private void row(
      float[] logits, float[] t, int r, int first, int vocab, double[] ces, double[] kls) {
    int from = r * vocab;
    int target = from + targets[first + r];
    double w = weights[first + r];
    double plain = logSum(logits, from, vocab, 1);
    double student = logSum(logits, from, vocab, temperature);
    double master = logSum(t, from, vocab, temperature);
    ces[r] = plain - logits[target];
    double divergence = 0;
    for (int i = from; i < from + vocab; i++) {
      double logQ = logits[i] / temperature - student;
      double logP = t[i] / temperature - master;
      double p = Math.exp(logP);
      divergence += p * (logP - logQ);
      double slope =
          (1 - alpha) * Math.exp(logits[i] - plain) + alpha * temperature * (Math.exp(logQ) - p);
      logits[i] = (float) (w * (i == target ? slope - (1 - alpha) : slope));
    }
    kls[r] = divergence;
  }

  /** Computes the logarithm of {@code Σ exp(x / temperature)}. */
  static double logSum(float[] x, int from, int n, double temperature) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = from; i < from + n; i++) max = Math.max(max, x[i]);
    double sum = 0;
    for (int i = from; i < from + n; i++) sum += Math.exp((x[i] - max) / temperature);
    return Math.log(sum) + max / temperature;
  }
}
