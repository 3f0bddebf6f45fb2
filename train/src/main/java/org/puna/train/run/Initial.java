package org.puna.train.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.puna.model.arch.Architecture;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.weights.Weight;
import org.puna.model.weights.Weights;
import org.puna.tensor.Param;
import org.puna.tensor.Tensor;
import org.puna.train.params.Parameter;
import org.puna.train.params.Parameters;

/** The weights that a run begins with: drawn, or given. */
public final class Initial {
  private static final double DEVIATION = 0.02;

  /** What every JVM gives an array. */
  private static final long LONGEST = Integer.MAX_VALUE - 8;

  private Initial() {}

  /**
   * Checks that weights can be drawn, before any work is done for them.
   *
   * @throws BadInput if one is longer than an array, or all are more than a heap holds
   */
  static void check(Architecture architecture, ModelConfig c, long heapBytes) {
    long numbers = 0;
    for (Weight w : architecture.weights(c)) {
      if (!w.required()) continue;
      long n = 1;
      for (long s : w.shape()) n = Math.multiplyExact(n, s);
      if (n > LONGEST) {
        throw new BadInput(
            String.format(
                Locale.ROOT,
                "model: %s would have %,d numbers, expected %,d at most; choose a smaller"
                    + " model.width, model.ffn or model.vocab",
                w.name(),
                n,
                LONGEST));
      }
      numbers += n;
    }
    Memory.checkWeights(numbers, heapBytes);
  }

  /**
   * Draws weights: normal with deviation 0.02, less by √(2 · layers) for the matrices that write
   * into the residual stream; norms 1, biases 0. Each weight has its own stream of numbers, so that
   * it does not depend on the others.
   *
   * @see "Radford et al. 2019, Language Models are Unsupervised Multitask Learners, section 2.3"
   */
  public static Parameters drawn(Architecture architecture, ModelConfig c, long seed) {
    List<Parameter> all = new ArrayList<>();
    for (Weight w : architecture.weights(c)) {
      if (!w.required()) continue;
      Parameter p = Parameter.zeros(w.name(), w.shape());
      if (w.name().contains("norm")) {
        java.util.Arrays.fill(p.value(), 1);
      } else if (p.rank() >= 2) {
        boolean writes = w.name().contains("attn_output") || w.name().contains("ffn_down");
        double deviation = writes ? DEVIATION / Math.sqrt(2.0 * c.nLayers()) : DEVIATION;
        var random = new SplittableRandom(seed * 1_000_003L + w.name().hashCode());
        for (int i = 0; i < p.size(); i++) {
          p.value()[i] = (float) (deviation * random.nextGaussian());
        }
      }
      all.add(p);
    }
    return new Parameters(all, List.of(), false);
  }

  /**
   * Takes a model's weights: those that are trained are copied as float32, the others stay where
   * and as they are.
   */
  public static Parameters given(Weights weights, Predicate<String> trained) {
    List<Parameter> parameters = new ArrayList<>();
    List<Param> frozen = new ArrayList<>();
    for (Weight w : weights.all()) {
      Tensor t = weights.tensor(w.name()).orElseThrow();
      if (trained.test(w.name())) {
        float[] value = t.toFloats();
        parameters.add(new Parameter(w.name(), t.shape(), value, new float[value.length]));
      } else {
        frozen.add(new Param(w.name(), t));
      }
    }
    return new Parameters(parameters, frozen, weights.ropeInterleaved());
  }
}
