package org.puna.model.arch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.ModelConfig.Rope;
import org.puna.model.config.ModelConfig.RopeScaling;

/**
 * Rotary embeddings as {@code config.json} writes them: {@code rope_theta} and {@code rope_scaling}
 * in the older spelling, {@code rope_parameters} (maybe one for each kind of layer) in the newer.
 */
final class HfRope {
  private HfRope() {}

  /**
   * Reads a rotary embedding.
   *
   * @param c the configuration
   * @param kind the kind of layer, such as {@code full_attention}
   * @param headDim numbers of a head
   * @param contextLength positions the model was made for
   * @param defaultTheta base where the file has none
   */
  static Rope read(HfConfig c, String kind, int headDim, int contextLength, double defaultTheta) {
    Optional<HfConfig> parameters = c.object("rope_parameters");
    boolean byKind =
        parameters.isPresent()
            && (parameters.get().has("full_attention")
                || parameters.get().has("sliding_attention")
                || parameters.get().has("chunked_attention"));
    if (byKind) parameters = parameters.get().object(kind);
    Optional<HfConfig> p = parameters.or(() -> c.object("rope_scaling"));
    double theta =
        p.filter(o -> o.has("rope_theta"))
            .map(o -> o.real("rope_theta"))
            .orElseGet(() -> c.real("rope_theta", defaultTheta));
    double partial =
        p.filter(o -> o.has("partial_rotary_factor"))
            .map(o -> o.real("partial_rotary_factor"))
            .orElseGet(() -> c.real("partial_rotary_factor", 1));
    return rope(c, theta, (int) (headDim * partial), headDim, scaling(c, p, contextLength));
  }

  /** Returns a rotary embedding of a base, checked. */
  static Rope rope(HfConfig c, double theta, int dims, int headDim, RopeScaling scaling) {
    if (!(theta > 0)) throw c.wrong("rope_theta", "a positive number", theta);
    if (dims < 2 || dims > headDim || dims % 2 != 0) {
      throw c.wrong("head_dim · partial_rotary_factor", "an even number up to " + headDim, dims);
    }
    if (scaling instanceof RopeScaling.LongRope s
        && (s.shortFactors().size() != dims / 2 || s.longFactors().size() != dims / 2)) {
      throw c.wrong(
          "rope_scaling",
          dims / 2 + " short and long factors",
          s.shortFactors().size() + " and " + s.longFactors().size());
    }
    return new Rope(theta, dims, scaling);
  }

  private static RopeScaling scaling(HfConfig c, Optional<HfConfig> rope, int contextLength) {
    if (rope.isEmpty()) return new RopeScaling.None();
    HfConfig p = rope.get();
    String type =
        p.text("rope_type").or(() -> p.text("type")).orElse("default").toLowerCase(Locale.ROOT);
    return switch (type) {
      case "default", "none" -> {
        if (p.has("mrope_section")) {
          throw p.wrong("mrope_section", "a text model", "rotary embeddings of images");
        }
        yield new RopeScaling.None();
      }
      case "linear" -> new RopeScaling.Linear(positive(p, "factor", p.real("factor")));
      case "llama3" ->
          new RopeScaling.Llama3(
              positive(p, "factor", p.real("factor")),
              positive(p, "low_freq_factor", p.real("low_freq_factor", 1)),
              positive(p, "high_freq_factor", p.real("high_freq_factor", 4)),
              p.size("original_max_position_embeddings", 8192, Integer.MAX_VALUE));
      case "yarn" ->
          c.text("model_type").orElse("").equals("phi3")
              ? longRope(c, p, contextLength)
              : yarn(p, contextLength);
      // "su" is what LongRoPE was called when Phi-3 came out.
      case "longrope", "su" -> longRope(c, p, contextLength);
      default -> throw p.wrong("rope_type", "default, linear, llama3, yarn or longrope", type);
    };
  }

  private static RopeScaling yarn(HfConfig p, int contextLength) {
    int original = p.size("original_max_position_embeddings", contextLength, Integer.MAX_VALUE);
    double factor = positive(p, "factor", p.real("factor", (double) contextLength / original));
    double attention;
    if (p.has("attention_factor")) {
      attention = p.real("attention_factor");
    } else if (p.real("mscale", 0) != 0 && p.real("mscale_all_dim", 0) != 0) {
      attention = mscale(factor, p.real("mscale")) / mscale(factor, p.real("mscale_all_dim"));
    } else {
      attention = mscale(factor, 1);
    }
    return new RopeScaling.Yarn(
        factor,
        positive(p, "beta_fast", p.real("beta_fast", 32)),
        positive(p, "beta_slow", p.real("beta_slow", 1)),
        original,
        attention);
  }

  /** The growth of attention that YaRN recommends for a stretch. */
  static double mscale(double factor, double scale) {
    return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
  }

  private static RopeScaling longRope(HfConfig c, HfConfig p, int contextLength) {
    int original =
        p.size(
            "original_max_position_embeddings",
            c.size("original_max_position_embeddings", contextLength, Integer.MAX_VALUE),
            Integer.MAX_VALUE);
    boolean saysOriginal =
        p.has("original_max_position_embeddings") || c.has("original_max_position_embeddings");
    double factor = saysOriginal ? (double) contextLength / original : p.real("factor", 1);
    double attention =
        p.has("attention_factor")
            ? p.real("attention_factor")
            : longRopeAttention(factor, original);
    return new RopeScaling.LongRope(
        factors(p, "short_factor"), factors(p, "long_factor"), original, attention);
  }

  static double longRopeAttention(double factor, int original) {
    return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  }

  private static List<Double> factors(HfConfig p, String key) {
    List<Double> out =
        p.reals(key).orElseThrow(() -> p.wrong(key, "an array of numbers", "nothing"));
    for (double d : out) positive(p, key, d);
    return out;
  }

  private static double positive(HfConfig p, String key, double value) {
    if (!(value > 0)) throw p.wrong(key, "a positive number", value);
    return value;
  }

  /**
   * Returns the object {@code rope_scaling} of a scaling, empty where there is none.
   *
   * @param rope the rotary embedding
   * @param contextLength positions the model was made for
   */
  static Optional<Map<String, Object>> write(Rope rope, int contextLength) {
    var out = new LinkedHashMap<String, Object>();
    switch (rope.scaling()) {
      case RopeScaling.None _ -> {
        return Optional.empty();
      }
      case RopeScaling.Linear s -> {
        out.put("rope_type", "linear");
        out.put("factor", s.factor());
      }
      case RopeScaling.Llama3 s -> {
        out.put("rope_type", "llama3");
        out.put("factor", s.factor());
        out.put("low_freq_factor", s.lowFreqFactor());
        out.put("high_freq_factor", s.highFreqFactor());
        out.put("original_max_position_embeddings", s.originalContext());
      }
      case RopeScaling.Yarn s -> {
        out.put("rope_type", "yarn");
        out.put("factor", s.factor());
        out.put("beta_fast", s.betaFast());
        out.put("beta_slow", s.betaSlow());
        out.put("original_max_position_embeddings", s.originalContext());
        out.put("attention_factor", s.attentionFactor());
      }
      case RopeScaling.LongRope s -> {
        out.put("rope_type", "longrope");
        out.put("short_factor", s.shortFactors());
        out.put("long_factor", s.longFactors());
        out.put("original_max_position_embeddings", s.originalContext());
        out.put("attention_factor", s.attentionFactor());
      }
      case RopeScaling.Divisors s -> {
        return write(
            new Rope(rope.theta(), rope.dims(), named(rope, s, contextLength)), contextLength);
      }
    }
    return Optional.of(out);
  }

  /**
   * Finds the published scaling that a list of divisors came from: GGUF keeps the list only. Where
   * none fits it is written as LongRoPE with one list, which divides by it just so.
   */
  private static RopeScaling named(Rope rope, RopeScaling.Divisors s, int contextLength) {
    double factor = s.factors().stream().mapToDouble(d -> d).max().orElse(1);
    for (int original = 32; original > 0 && original <= 1 << 24; original *= 2) {
      var guess = new RopeScaling.Llama3(factor, 1, 4, original);
      if (same(GgufRope.divisors(rope, guess), s.factors())) return guess;
    }
    return new RopeScaling.LongRope(s.factors(), s.factors(), contextLength, 1);
  }

  private static boolean same(List<Double> a, List<Double> b) {
    // Several roundings to float32 lie between the two computations.
    final double tolerance = 1e-4;
    if (a.size() != b.size()) return false;
    for (int i = 0; i < a.size(); i++) {
      if (Math.abs(a.get(i) - b.get(i)) > tolerance * b.get(i)) return false;
    }
    return true;
  }
}
