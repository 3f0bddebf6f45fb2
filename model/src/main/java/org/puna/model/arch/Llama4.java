package org.puna.model.arch;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Attention;
import org.puna.model.config.ModelConfig.Layer;
import org.puna.model.config.ModelConfig.Moe;
import org.puna.model.config.ModelConfig.QkNorm;
import org.puna.model.config.ModelConfig.Rope;
import org.puna.model.config.ModelConfig.Routing;
import org.puna.model.config.ModelConfig.Span;
import org.puna.model.config.ModelConfig.TemperatureTuning;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufValue;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;

/**
 * The text model of Llama 4: experts with a shared one, layers that attend within chunks, every
 * fourth without rotary embedding but with queries that grow with position.
 *
 * <p>llama.cpp knows chunk size and temperature of the published models only. Where a model's
 * differ, Puna writes them under {@code attention.sliding_window}, {@code temperature_length} and
 * {@code temperature_scale}, which llama.cpp passes over.
 *
 * @see "Meta 2025, the Llama 4 herd"
 */
public final class Llama4 implements Architecture {
  private static final HfDecoder.Defaults DEFAULTS =
      new HfDecoder.Defaults(202048, 5120, 8192, 48, 40, 8, 128, 131072, 1e-5, false, 500000);
  private static final int CHUNK = 8192;
  private static final int PATTERN = 4;
  private static final TemperatureTuning TUNING = new TemperatureTuning(8192, 0.1);
  private static final int DENSE_DEFAULT = 16384;

  /** Experts of Maverick, the published model without norms on queries and keys. */
  private static final int EXPERTS_WITHOUT_NORM = 128;

  private static final Map<String, String> NAMES =
      DecoderWeights.names(
          Map.of(
              "ffn_gate", "feed_forward.gate_proj",
              "ffn_up", "feed_forward.up_proj",
              "ffn_down", "feed_forward.down_proj",
              "ffn_gate_inp", "feed_forward.router",
              "ffn_gate_shexp", "feed_forward.shared_expert.gate_proj",
              "ffn_up_shexp", "feed_forward.shared_expert.up_proj",
              "ffn_down_shexp", "feed_forward.shared_expert.down_proj"));

  @Override
  public String name() {
    return "llama4";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("llama4_text", "llama4");
  }

  @Override
  public ModelConfig fromHf(HfConfig c) {
    var d = new HfDecoder(c, DEFAULTS);
    boolean bias = c.bool("attention_bias", false);
    var attention =
        attention(
            d.attention(bias, bias, QkNorm.NONE),
            c.bool("use_qk_norm", true),
            c.bool("attn_temperature_tuning", true)
                ? Optional.of(
                    new TemperatureTuning(
                        c.real("floor_scale", TUNING.floorScale()),
                        c.real("attn_scale", TUNING.attnScale())))
                : Optional.empty());
    int experts = c.size("num_local_experts", 16, Limits.EXPERTS);
    int active = c.size("num_experts_per_tok", 1, Limits.EXPERTS);
    var moe = new Moe(experts, active, d.ffn, d.ffn, Routing.SIGMOID_INPUT);
    var ffn =
        new ModelConfig.Ffn(
            c.size("intermediate_size_mlp", DENSE_DEFAULT, Limits.WIDTH),
            d.activation("hidden_act", "silu"),
            true);
    return d.config(name(), attention, ffn, Optional.of(moe), layers(d));
  }

  private static List<Layer> layers(HfDecoder d) {
    HfConfig c = d.c;
    Optional<Span> chunk =
        c.node().has("attention_chunk_size") && !c.has("attention_chunk_size")
            ? Optional.empty()
            : Optional.of(
                new Span.Chunked(c.size("attention_chunk_size", CHUNK, Integer.MAX_VALUE)));
    int interval = c.size("no_rope_layer_interval", PATTERN, Integer.MAX_VALUE);
    List<Double> ropes = c.reals("no_rope_layers").orElse(List.of());
    if (!ropes.isEmpty() && ropes.size() != d.layers) {
      throw c.wrong("no_rope_layers", d.layers + " entries", ropes.size() + " entries");
    }
    Optional<List<String>> types = d.layerTypes();
    Set<Integer> moe = moeLayers(d);
    Rope rope = d.rope("full_attention");
    var out = new ArrayList<Layer>();
    for (int i = 0; i < d.layers; i++) {
      // The name tells the opposite of the value: 1 where a layer has a rotary embedding.
      boolean rotates = ropes.isEmpty() ? (i + 1) % interval != 0 : ropes.get(i) != 0;
      String type =
          types.isPresent() ? types.get().get(i) : rotates ? "chunked_attention" : "full_attention";
      out.add(
          new Layer(
              d.span(type, chunk),
              rotates ? Optional.of(rope) : Optional.empty(),
              moe.contains(i)));
    }
    return out;
  }

  private static Set<Integer> moeLayers(HfDecoder d) {
    int step = d.c.size("interleave_moe_layer_step", 1, Integer.MAX_VALUE);
    var out = new HashSet<Integer>();
    Optional<List<Double>> listed = d.c.reals("moe_layers");
    if (listed.isPresent()) {
      for (double l : listed.get()) {
        if (l < 0 || l >= d.layers) {
          throw d.c.wrong("moe_layers", "layers from 0 to " + (d.layers - 1), l);
        }
        out.add((int) l);
      }
    } else {
      for (int i = 0; i < d.layers; i++) {
        if ((i + 1) % step == 0) out.add(i);
      }
    }
    return out;
  }

  private static Attention attention(
      Attention a, boolean qkNorm, Optional<TemperatureTuning> tuning) {
    return new Attention(
        a.nHeads(),
        a.nKvHeads(),
        a.headDim(),
        a.scale(),
        a.qkvBias(),
        a.outBias(),
        qkNorm ? QkNorm.PLAIN_AFTER_ROPE : QkNorm.NONE,
        0,
        tuning);
  }

  @Override
  public ModelConfig fromGguf(GgufFile file) {
    var d = new GgufDecoder(file);
    int experts = d.size("expert_count", Limits.EXPERTS);
    int active = d.size("expert_used_count", Limits.EXPERTS);
    int dim = d.size("expert_feed_forward_length", Limits.WIDTH);
    int step = d.u32("interleave_moe_layer_step").orElse(0);
    int window = d.u32("attention.sliding_window").orElse(CHUNK);
    boolean[] chunked = d.pattern(PATTERN);
    double floor =
        d.m.optionalF32(d.p + "attention.temperature_length").orElse(TUNING.floorScale());
    double scale = d.m.optionalF32(d.p + "attention.temperature_scale").orElse(TUNING.attnScale());
    var attention =
        attention(
            d.attention(QkNorm.NONE),
            d.m.optionalBool(d.p + "attention.qk_norm").orElse(experts != EXPERTS_WITHOUT_NORM),
            floor > 0 ? Optional.of(new TemperatureTuning(floor, scale)) : Optional.empty());
    Rope rope = d.rope();
    var layers = new ArrayList<Layer>();
    for (int i = 0; i < d.layers; i++) {
      boolean moe = step > 0 && (i + 1) % step == 0;
      boolean rotates = window == 0 || chunked[i];
      Span span = window > 0 && chunked[i] ? new Span.Chunked(window) : new Span.Full();
      layers.add(new Layer(span, rotates ? Optional.of(rope) : Optional.empty(), moe));
    }
    return d.config(
        name(),
        attention,
        d.ffn(),
        Optional.of(new Moe(experts, active, dim, dim, Routing.SIGMOID_INPUT)),
        layers);
  }

  @Override
  public Map<String, GgufValue> toGguf(ModelConfig c) {
    var out = GgufDecoder.write(c, ggufName());
    Moe m = c.moe().orElseThrow();
    out.put("llama4.interleave_moe_layer_step", GgufValue.u32(moeStep(c)));
    out.put("llama4.expert_feed_forward_length", GgufValue.u32(m.dim()));
    int chunk =
        c.layers().stream()
            .map(Layer::span)
            .filter(Span.Chunked.class::isInstance)
            .mapToInt(s -> ((Span.Chunked) s).size())
            .findFirst()
            .orElse(0);
    if (chunk != CHUNK) out.put("llama4.attention.sliding_window", GgufValue.u32(chunk));
    GgufDecoder.writePattern(out, c, ggufName(), PATTERN);
    var tuning = c.attention().tuning().orElse(new TemperatureTuning(0, 0));
    if (!tuning.equals(TUNING)) {
      out.put("llama4.attention.temperature_length", GgufValue.u32((long) tuning.floorScale()));
      out.put("llama4.attention.temperature_scale", GgufValue.f32((float) tuning.attnScale()));
    }
    boolean qkNorm = c.attention().qkNorm() != QkNorm.NONE;
    if (qkNorm != (m.nExperts() != EXPERTS_WITHOUT_NORM)) {
      out.put("llama4.attention.qk_norm", GgufValue.of(qkNorm));
    }
    return out;
  }

  /** GGUF says "every so many layers" only; a list that is not so cannot be written. */
  private static int moeStep(ModelConfig c) {
    int n = c.nLayers();
    for (int step = 1; step <= n; step++) {
      int s = step;
      if (IntStream.range(0, n).allMatch(i -> c.layers().get(i).experts() == ((i + 1) % s == 0))) {
        return step;
      }
    }
    if (c.layers().stream().noneMatch(Layer::experts)) return 0;
    throw new BadInput(
        "llama4: expected experts in every so many layers, which is all that GGUF can say; found"
            + " them in layers "
            + IntStream.range(0, n).filter(i -> c.layers().get(i).experts()).boxed().toList());
  }

  @Override
  public Map<String, Object> toHf(ModelConfig c) {
    var out = HfDecoder.write(c, "llama4_text", "Llama4ForCausalLM");
    Moe m = c.moe().orElseThrow();
    int n = c.nLayers();
    out.put("intermediate_size", m.dim());
    out.put("intermediate_size_mlp", c.ffn().dim());
    out.put("num_local_experts", m.nExperts());
    out.put("num_experts_per_tok", m.nActive());
    out.put("interleave_moe_layer_step", Math.max(1, moeStep(c)));
    out.put(
        "moe_layers",
        IntStream.range(0, n).filter(i -> c.layers().get(i).experts()).boxed().toList());
    out.put("no_rope_layers", c.layers().stream().map(l -> l.rope().isPresent() ? 1 : 0).toList());
    out.put("layer_types", HfDecoder.layerTypes(c));
    c.layers().stream()
        .map(Layer::span)
        .filter(Span.Chunked.class::isInstance)
        .findFirst()
        .ifPresent(s -> out.put("attention_chunk_size", ((Span.Chunked) s).size()));
    out.put("use_qk_norm", c.attention().qkNorm() != QkNorm.NONE);
    out.put("attn_temperature_tuning", c.attention().tuning().isPresent());
    c.attention()
        .tuning()
        .ifPresent(t -> {
          out.put("floor_scale", (long) t.floorScale());
          out.put("attn_scale", t.attnScale());
        });
    HfDecoder.routing(out);
    out.put("attention_bias", c.attention().qkvBias());
    return out;
  }

  @Override
  public List<Weight> weights(ModelConfig c) {
    return DecoderWeights.of(c, false).stream().filter(Weight::required).toList();
  }

  @Override
  public List<Stored> hfLayout(ModelConfig c, HfNames names) {
    return DecoderWeights.hf(
        weights(c),
        names,
        NAMES,
        (layer, name, w) -> {
          String p = "blk." + layer + ".ffn_";
          String file = names.layer(layer, "feed_forward.experts.");
          return switch (name) {
            case "ffn_gate_exps", "ffn_up_exps" ->
                Optional.of(
                    new Stored.TransposedExperts(
                        file + "gate_up_proj",
                        List.of(p + "gate_exps.weight", p + "up_exps.weight")));
            case "ffn_down_exps" ->
                Optional.of(new Stored.TransposedExperts(file + "down_proj", List.of(w)));
            default -> Optional.empty();
          };
        });
  }

  @Override
  public boolean hfRopeInterleaved() {
    return true;
  }

  @Override
  public boolean ggufRopeInterleaved() {
    return true;
  }
}
