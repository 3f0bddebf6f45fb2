package org.puna.train.optim;

import java.util.List;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;
import org.puna.train.params.Parameter;

/** The length of all gradients together, and the factor that limits it. */
public final class GradientNorm {
  /** Keeps the factor finite, as PyTorch's clip_grad_norm_ does. */
  private static final double EPS = 1e-6;

  private GradientNorm() {}

  /** Returns the root of the sum of all squares. */
  public static double of(List<Parameter> parameters, GradKernels grads, Team team) {
    double sum = 0;
    for (Parameter p : parameters) sum += grads.sumOfSquares(team, p.gradient(), 0, p.size());
    return Math.sqrt(sum);
  }

  /**
   * Returns the factor that brings a norm down to {@code limit}, 1 where it is below.
   *
   * @param limit longest allowed, 0 for any
   */
  public static double clip(double norm, double limit) {
    return limit > 0 ? Math.min(1, limit / (norm + EPS)) : 1;
  }
}
