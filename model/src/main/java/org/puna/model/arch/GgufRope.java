package org.puna.model.arch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig.Rope;
import org.puna.model.config.ModelConfig.RopeScaling;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufMetadata;
import org.puna.model.gguf.GgufValue;
import org.puna.model.layers.RopeTables;
import org.puna.tensor.Tensor;

/**
 * Rotary embeddings as GGUF holds them: keys under {@code X.rope.}, and tensors with a divisor for
 * each frequency.
 */
final class GgufRope {
  private static final String FREQS = "rope_freqs.weight";
  private static final String LONG = "rope_factors_long.weight";
  private static final String SHORT = "rope_factors_short.weight";

  private GgufRope() {}

  /**
   * Reads the rotary embedding of full-attention layers.
   *
   * @param p the architecture's prefix with its dot
   */
  static Rope read(GgufFile file, String p, int headDim, int contextLength) {
    GgufMetadata m = file.metadata();
    int dims = m.optionalU32(p + "rope.dimension_count").orElse(headDim);
    double theta = m.optionalF32(p + "rope.freq_base").orElse(10000);
    if (dims < 2 || dims > headDim || dims % 2 != 0) {
      throw bad(m, p + "rope.dimension_count", "an even number up to " + headDim, dims);
    }
    if (!(theta > 0)) throw bad(m, p + "rope.freq_base", "a positive number", theta);
    return new Rope(theta, dims, scaling(file, p, dims, contextLength));
  }

  private static RopeScaling scaling(GgufFile file, String p, int dims, int contextLength) {
    GgufMetadata m = file.metadata();
    String type = m.optionalString(p + "rope.scaling.type").orElse("linear");
    double factor =
        m.optionalF32(p + "rope.scaling.factor")
            .orElseGet(() -> m.optionalF32(p + "rope.scale_linear").orElse(0));
    if (factor < 0) throw bad(m, p + "rope.scaling.factor", "a positive number", factor);
    int original = m.optionalU32(p + "rope.scaling.original_context_length").orElse(contextLength);
    if (original < 1) {
      throw bad(m, p + "rope.scaling.original_context_length", "at least 1", original);
    }
    double attention = m.optionalF32(p + "rope.scaling.attn_factor").orElse(1);
    Optional<List<Double>> longFactors = factors(file, LONG, dims);
    if (longFactors.isPresent()) {
      return new RopeScaling.LongRope(
          factors(file, SHORT, dims).orElse(longFactors.get()),
          longFactors.get(),
          original,
          attention);
    }
    Optional<List<Double>> divisors = factors(file, FREQS, dims);
    if (divisors.isPresent()) {
      double also = type.equals("linear") && factor > 0 ? factor : 1;
      return new RopeScaling.Divisors(divisors.get().stream().map(d -> d * also).toList());
    }
    return switch (type) {
      case "none", "longrope" -> new RopeScaling.None();
      case "linear" ->
          factor == 0 || factor == 1 ? new RopeScaling.None() : new RopeScaling.Linear(factor);
      case "yarn" -> {
        double stretch = factor == 0 ? 1 : factor;
        yield new RopeScaling.Yarn(
            stretch,
            m.optionalF32(p + "rope.scaling.yarn_beta_fast").orElse(32),
            m.optionalF32(p + "rope.scaling.yarn_beta_slow").orElse(1),
            original,
            HfRope.mscale(stretch, 1) * attention);
      }
      default -> throw bad(m, p + "rope.scaling.type", "none, linear, yarn or longrope", type);
    };
  }

  private static Optional<List<Double>> factors(GgufFile file, String name, int dims) {
    Optional<Tensor> t = file.tensor(name);
    if (t.isEmpty()) return Optional.empty();
    if (t.get().elements() != dims / 2) {
      throw new BadInput(
          file.metadata().source()
              + ": tensor "
              + name
              + ": expected "
              + dims / 2
              + " numbers, found "
              + t.get());
    }
    var out = new ArrayList<Double>();
    for (float f : t.get().toFloats()) {
      if (!(f > 0) || Float.isInfinite(f)) {
        throw new BadInput(
            file.metadata().source()
                + ": tensor "
                + name
                + ": expected positive numbers, found "
                + f);
      }
      out.add((double) f);
    }
    return Optional.of(out);
  }

  /**
   * Returns the keys of a rotary embedding, as llama.cpp's converter writes them.
   *
   * @param p the architecture's prefix with its dot
   */
  static Map<String, GgufValue> write(Rope rope, String p) {
    var out = new LinkedHashMap<String, GgufValue>();
    out.put(p + "rope.dimension_count", GgufValue.u32(rope.dims()));
    out.put(p + "rope.freq_base", GgufValue.f32((float) rope.theta()));
    switch (rope.scaling()) {
      case RopeScaling.None _, RopeScaling.Llama3 _, RopeScaling.Divisors _ -> {}
      case RopeScaling.Linear s -> {
        out.put(p + "rope.scaling.type", GgufValue.of("linear"));
        out.put(p + "rope.scaling.factor", GgufValue.f32((float) s.factor()));
      }
      case RopeScaling.Yarn s -> {
        out.put(p + "rope.scaling.type", GgufValue.of("yarn"));
        out.put(p + "rope.scaling.factor", GgufValue.f32((float) s.factor()));
        out.put(p + "rope.scaling.original_context_length", GgufValue.u32(s.originalContext()));
        // llama.cpp multiplies this onto the factor that YaRN recommends.
        double attention = s.attentionFactor() / HfRope.mscale(s.factor(), 1);
        if (Math.abs(attention - 1) > 1e-6) {
          out.put(p + "rope.scaling.attn_factor", GgufValue.f32((float) attention));
        }
        out.put(p + "rope.scaling.yarn_beta_fast", GgufValue.f32((float) s.betaFast()));
        out.put(p + "rope.scaling.yarn_beta_slow", GgufValue.f32((float) s.betaSlow()));
      }
      case RopeScaling.LongRope s -> {
        out.put(p + "rope.scaling.type", GgufValue.of("longrope"));
        out.put(p + "rope.scaling.original_context_length", GgufValue.u32(s.originalContext()));
        out.put(p + "rope.scaling.attn_factor", GgufValue.f32((float) s.attentionFactor()));
      }
    }
    return out;
  }

  /** Returns the tensors of a rotary embedding, by name. */
  static Map<String, float[]> tensors(Rope rope) {
    return switch (rope.scaling()) {
      case RopeScaling.None _, RopeScaling.Linear _, RopeScaling.Yarn _ -> Map.of();
      case RopeScaling.Llama3 s -> Map.of(FREQS, RopeTables.llama3Divisors(rope, s));
      case RopeScaling.Divisors s -> Map.of(FREQS, floats(s.factors()));
      case RopeScaling.LongRope s -> {
        var out = new LinkedHashMap<String, float[]>();
        out.put(LONG, floats(s.longFactors()));
        out.put(SHORT, floats(s.shortFactors()));
        yield out;
      }
    };
  }

  static List<Double> divisors(Rope rope, RopeScaling.Llama3 s) {
    var out = new ArrayList<Double>();
    for (float f : RopeTables.llama3Divisors(rope, s)) out.add((double) f);
    return out;
  }

  private static float[] floats(List<Double> list) {
    float[] out = new float[list.size()];
    for (int i = 0; i < out.length; i++) out[i] = list.get(i).floatValue();
    return out;
  }

  private static BadInput bad(GgufMetadata m, String key, String expected, Object found) {
    return new BadInput(
        m.source() + ": metadata key " + key + ": expected " + expected + ", found " + found);
  }
}
