package org.puna.model.layers;

import java.util.List;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig.Rope;
import org.puna.model.config.ModelConfig.RopeScaling;
import org.puna.tensor.RopeTable;

/**
 * The frequencies of rotary embeddings with their scaling, in the float32 steps of the reference
 * library.
 */
public final class RopeTables {
  private RopeTables() {}

  /**
   * Returns the frequencies for a context length, which LongRoPE chooses by.
   *
   * @param rope base, rotating dimensions and scaling
   * @param contextLength positions that will be used
   * @throws BadInput if a list of factors has not one for each frequency
   * @see "Hugging Face transformers, modeling_rope_utils"
   */
  public static RopeTable of(Rope rope, int contextLength) {
    int n = rope.dims() / 2;
    float[] f = new float[n];
    for (int i = 0; i < n; i++) {
      float exponent = (float) (2 * i) / rope.dims();
      f[i] = 1f / (float) Math.pow(rope.theta(), exponent);
    }
    return switch (rope.scaling()) {
      case RopeScaling.None _ -> new RopeTable(f, 1);
      case RopeScaling.Linear s -> {
        for (int i = 0; i < n; i++) f[i] /= (float) s.factor();
        yield new RopeTable(f, 1);
      }
      case RopeScaling.Llama3 s -> {
        for (int i = 0; i < n; i++) f[i] = llama3(f[i], s);
        yield new RopeTable(f, 1);
      }
      case RopeScaling.Yarn s -> new RopeTable(yarn(f, rope, s), (float) s.attentionFactor());
      case RopeScaling.LongRope s -> {
        boolean beyond = contextLength > s.originalContext();
        divide(f, beyond ? s.longFactors() : s.shortFactors());
        yield new RopeTable(f, (float) s.attentionFactor());
      }
      case RopeScaling.Divisors s -> {
        divide(f, s.factors());
        yield new RopeTable(f, 1);
      }
    };
  }

  /**
   * Returns the divisor of each frequency under Llama 3's scaling: what GGUF's {@code
   * rope_freqs.weight} holds.
   */
  public static float[] llama3Divisors(Rope rope, RopeScaling.Llama3 scaling) {
    RopeTable plain = of(new Rope(rope.theta(), rope.dims(), new RopeScaling.None()), 1);
    float[] f = plain.inverseFrequencies();
    for (int i = 0; i < f.length; i++) f[i] /= llama3(f[i], scaling);
    return f;
  }

  private static float llama3(float frequency, RopeScaling.Llama3 s) {
    float wavelength = (float) (2 * Math.PI) / frequency;
    double lowWavelength = s.originalContext() / s.lowFreqFactor();
    double highWavelength = s.originalContext() / s.highFreqFactor();
    if (wavelength < highWavelength) return frequency;
    if (wavelength > lowWavelength) return frequency / (float) s.factor();
    float smooth =
        (s.originalContext() / wavelength - (float) s.lowFreqFactor())
            / (float) (s.highFreqFactor() - s.lowFreqFactor());
    return (1 - smooth) * frequency / (float) s.factor() + smooth * frequency;
  }

  private static float[] yarn(float[] f, Rope rope, RopeScaling.Yarn s) {
    double low = Math.max(Math.floor(yarnDimension(s.betaFast(), rope, s)), 0);
    double high = Math.min(Math.ceil(yarnDimension(s.betaSlow(), rope, s)), rope.dims() - 1);
    if (low == high) high += 0.001;
    float[] out = new float[f.length];
    for (int i = 0; i < f.length; i++) {
      float ramp = (float) Math.clamp((i - low) / (high - low), 0, 1);
      out[i] = f[i] / (float) s.factor() * ramp + f[i] * (1 - ramp);
    }
    return out;
  }

  /** The dimension that turns {@code rotations} times over the original context. */
  private static double yarnDimension(double rotations, Rope rope, RopeScaling.Yarn s) {
    return rope.dims()
        * Math.log(s.originalContext() / (rotations * 2 * Math.PI))
        / (2 * Math.log(rope.theta()));
  }

  private static void divide(float[] f, List<Double> factors) {
    if (factors.size() != f.length) {
      throw new BadInput(
          "rope: "
              + factors.size()
              + " scaling factors for "
              + f.length
              + " frequencies; is this list from another head size?");
    }
    for (int i = 0; i < f.length; i++) f[i] /= factors.get(i).floatValue();
  }
}
