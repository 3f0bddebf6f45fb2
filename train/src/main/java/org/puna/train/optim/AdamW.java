package org.puna.train.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;
import org.puna.train.params.Parameter;

/**
 * Adam with decoupled weight decay on weights of two or more dimensions.
 *
 * @see "Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization"
 */
public final class AdamW implements Optimizer {
  private final List<Parameter> parameters;
  private final Options options;
  private final GradKernels grads;
  private final Team team;
  private final Map<String, float[]> state = new LinkedHashMap<>();

  /**
   * Constants of Adam.
   *
   * @param beta1 decay of the mean gradient
   * @param beta2 decay of the mean square
   * @param eps added to the root of the mean square
   * @param decay weight decay, multiplied by the learning rate
   */
  public record Options(double beta1, double beta2, double eps, double decay) {}

  /** An optimiser that has not seen a gradient. */
  public AdamW(List<Parameter> parameters, Options options, GradKernels grads, Team team) {
    this.parameters = List.copyOf(parameters);
    this.options = options;
    this.grads = grads;
    this.team = team;
    for (Parameter p : parameters) {
      state.put(p.name() + ".m", new float[p.size()]);
      state.put(p.name() + ".v", new float[p.size()]);
    }
  }

  @Override
  public void step(long step, double lr, double gradScale) {
    for (Parameter p : parameters) {
      double decay = p.rank() >= 2 ? options.decay() : 0;
      var constants =
          new GradKernels.AdamStep(
              gradScale, lr, options.beta1(), options.beta2(), options.eps(), decay, step);
      grads.adamW(
          team, p.value(), p.gradient(), moment(p, ".m"), moment(p, ".v"), p.size(), constants);
    }
  }

  private float[] moment(Parameter p, String which) {
    float[] m = state.get(p.name() + which);
    if (m == null) throw new IllegalStateException("no moment of " + p.name());
    return m;
  }

  @Override
  public Map<String, float[]> state() {
    return state;
  }
}
