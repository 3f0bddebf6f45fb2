package org.puna.train.run;

import java.util.List;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;
import org.puna.train.loss.Network;
import org.puna.train.loss.Part;
import org.puna.train.optim.GradientNorm;
import org.puna.train.optim.Optimizer;
import org.puna.train.optim.Schedule;
import org.puna.train.params.Parameter;

/** Does steps: loss and gradients of all parts, clipping, one move of the weights. */
public final class Trainer {
  /** A larger weight has no square in float32, so that norms make zeros of it. */
  private static final float LARGEST = 1.8e19f;

  private final Network network;
  private final List<Parameter> trained;
  private final Optimizer optimizer;
  private final Schedule schedule;
  private final double clip;
  private final double stopAbove;
  private final GradKernels grads;
  private final Team team;

  /**
   * A trainer.
   *
   * @param clip longest gradient, 0 for any
   * @param stopAbove loss that stops the run
   */
  public Trainer(
      Network network,
      List<Parameter> trained,
      Optimizer optimizer,
      Schedule schedule,
      double clip,
      double stopAbove,
      GradKernels grads,
      Team team) {
    this.network = network;
    this.trained = List.copyOf(trained);
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.clip = clip;
    this.stopAbove = stopAbove;
    this.grads = grads;
    this.team = team;
  }

  /**
   * What a step found.
   *
   * @param loss mean over the counted tokens
   * @param gradNorm before clipping
   * @param lr learning rate
   */
  public record Result(double loss, double gradNorm, double lr) {}

  /**
   * Does a step. The mean is taken over all counted tokens of all parts, so that the parts' sizes
   * do not matter.
   *
   * @param step from 0
   * @throws Diverged if the loss or a gradient is not a number, or the loss is above the limit; the
   *     weights are then those before the step
   */
  public Result step(long step, List<? extends Part> parts) {
    long counted = 0;
    for (Part b : parts) counted += b.counted();
    double loss = 0;
    for (Part b : parts) {
      if (b.counted() > 0) loss += b.learn(network, 1.0 / counted);
    }
    double norm = GradientNorm.of(trained, grads, team);
    if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
      throw new Diverged("step " + (step + 1) + ": the loss is " + loss + "; " + culprit());
    }
    if (loss > stopAbove) {
      throw new Diverged(
          "step "
              + (step + 1)
              + ": the loss exploded: "
              + loss
              + " is above stop_above="
              + stopAbove
              + "; "
              + largest());
    }
    double lr = schedule.at(step);
    optimizer.step(step + 1, lr, GradientNorm.clip(norm, clip));
    return new Result(loss, norm, lr);
  }

  /**
   * Checks what the steps so far have made, before it is kept: every weight is a number whose
   * square is one, and the loss of a part of the last step is one, and not above the limit.
   *
   * @throws Diverged if not
   */
  public void check(long step, List<? extends Part> parts) {
    for (Parameter p : trained) {
      for (float v : p.value()) {
        if (Math.abs(v) <= LARGEST) continue;
        throw new Diverged(
            "step " + (step + 1) + ": weight " + p.name() + " exploded: it holds " + v);
      }
    }
    for (Part b : parts) {
      if (b.counted() == 0) continue;
      double loss = measure(network, List.of(b));
      if (Double.isFinite(loss) && loss <= stopAbove) return;
      throw new Diverged(
          "step " + (step + 1) + ": the loss after it is " + loss + ", stop_above=" + stopAbove);
    }
  }

  private String culprit() {
    for (Parameter p : trained) {
      if (!finite(p.value())) return "weight " + p.name() + " holds a number that is none";
    }
    for (Parameter p : trained) {
      if (!finite(p.gradient()))
        return "the gradient of " + p.name() + " is the first that is none";
    }
    return largest();
  }

  private String largest() {
    String name = "none";
    double most = -1;
    for (Parameter p : trained) {
      double n = Math.sqrt(grads.sumOfSquares(team, p.gradient(), 0, p.size()));
      if (n > most) {
        most = n;
        name = p.name();
      }
    }
    return "the longest gradient is that of " + name + " (" + most + ")";
  }

  private static boolean finite(float[] x) {
    for (float v : x) if (!Float.isFinite(v)) return false;
    return true;
  }

  /** Returns the mean loss over batches, without learning; NaN where nothing counts. */
  public static double measure(Network network, List<? extends Part> batches) {
    double sum = 0;
    long counted = 0;
    for (Part b : batches) {
      if (b.counted() == 0) continue;
      sum += b.measure(network);
      counted += b.counted();
    }
    return sum / counted;
  }
}
