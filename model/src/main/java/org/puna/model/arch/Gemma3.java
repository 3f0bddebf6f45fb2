package org.puna.model.arch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Activation;
import org.puna.model.config.ModelConfig.Attention;
import org.puna.model.config.ModelConfig.Ffn;
import org.puna.model.config.ModelConfig.Layer;
import org.puna.model.config.ModelConfig.QkNorm;
import org.puna.model.config.ModelConfig.Rope;
import org.puna.model.config.ModelConfig.RopeScaling;
import org.puna.model.config.ModelConfig.Span;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufValue;
import org.puna.model.layers.Decoders;
import org.puna.model.layers.Params;
import org.puna.model.layers.Result;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;
import org.puna.tensor.Graph;

/**
 * The text model of Gemma 3: five layers that see a window to one that sees all, each kind with its
 * own rotary base; norms before and after each block, on queries and on keys; scaled embeddings.
 *
 * <p>Hugging Face folders store a norm's weight less 1; GGUF stores what multiplies, and so does
 * Puna.
 *
 * @see "Gemma Team 2025, Gemma 3 Technical Report"
 */
public final class Gemma3 implements Architecture {
  private static final HfDecoder.Defaults DEFAULTS =
      new HfDecoder.Defaults(262208, 2304, 9216, 26, 8, 4, 256, 131072, 1e-6, true, 1e6);
  private static final int DEFAULT_WINDOW = 4096;
  private static final int DEFAULT_PATTERN = 6;
  private static final double LOCAL_THETA = 10000;

  /** Layers of the 27B model, whose scores are scaled by dModel / nHeads and not by headDim. */
  private static final int LAYERS_27B = 62;

  private static final Map<String, String> NAMES =
      DecoderWeights.names(
          Map.of(
              "post_attention_norm", "post_attention_layernorm",
              "ffn_norm", "pre_feedforward_layernorm",
              "post_ffw_norm", "post_feedforward_layernorm"));

  @Override
  public String name() {
    return "gemma3";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("gemma3_text", "gemma3");
  }

  @Override
  public ModelConfig fromHf(HfConfig c) {
    var d = new HfDecoder(c, DEFAULTS);
    if (c.bool("use_bidirectional_attention", false)) {
      throw c.wrong("use_bidirectional_attention", "a model that generates", "true");
    }
    boolean bias = c.bool("attention_bias", false);
    var attention =
        new Attention(
            d.heads,
            d.kvHeads,
            d.headDim,
            1 / Math.sqrt(c.real("query_pre_attn_scalar", 256)),
            bias,
            bias,
            QkNorm.LEARNED,
            0,
            Optional.empty());
    var ffn = new Ffn(d.ffn, d.activation("hidden_activation", "gelu_pytorch_tanh"), true);
    return scaled(
        d.config(name(), attention, ffn, Optional.empty(), layers(d)),
        c.real("final_logit_softcapping", 0));
  }

  private static List<Layer> layers(HfDecoder d) {
    HfConfig c = d.c;
    Optional<Span> window = d.window("sliding_window", Optional.of(DEFAULT_WINDOW));
    int pattern =
        c.size(
            "sliding_window_pattern",
            c.size("_sliding_window_pattern", DEFAULT_PATTERN, Integer.MAX_VALUE),
            Integer.MAX_VALUE);
    Rope global = d.rope("full_attention");
    Rope local = local(d, global);
    Optional<List<String>> types = d.layerTypes();
    var out = new ArrayList<Layer>();
    for (int i = 0; i < d.layers; i++) {
      boolean slides =
          types.isPresent()
              ? types.get().get(i).equals("sliding_attention")
              : (i + 1) % pattern != 0;
      Span span = d.span(slides ? "sliding_attention" : "full_attention", window);
      out.add(new Layer(span, Optional.of(slides ? local : global), false));
    }
    return out;
  }

  /** In the older spelling local layers have a base of their own and no scaling. */
  private static Rope local(HfDecoder d, Rope global) {
    boolean newer =
        d.c.object("rope_parameters").filter(p -> p.has("sliding_attention")).isPresent();
    if (newer) return d.rope("sliding_attention");
    double theta = d.c.real("rope_local_base_freq", LOCAL_THETA);
    return HfRope.rope(d.c, theta, global.dims(), d.headDim, new RopeScaling.None());
  }

  @Override
  public ModelConfig fromGguf(GgufFile file) {
    var d = new GgufDecoder(file);
    Attention a = d.attention(QkNorm.LEARNED);
    double scale =
        d.m
            .optionalF32(d.p + "attention.scale")
            .orElse(1 / Math.sqrt(defaultScaled(d.layers, d.hidden, a)));
    var attention =
        new Attention(
            a.nHeads(),
            a.nKvHeads(),
            a.headDim(),
            scale,
            a.qkvBias(),
            a.outBias(),
            a.qkNorm(),
            0,
            Optional.empty());
    Rope global = d.rope();
    Rope local =
        new Rope(
            d.m.optionalF32(d.p + "rope.freq_base_swa").orElse(LOCAL_THETA),
            global.dims(),
            new RopeScaling.None());
    Optional<Span> window = d.window();
    boolean[] slides = d.pattern(DEFAULT_PATTERN);
    var layers = new ArrayList<Layer>();
    for (int i = 0; i < d.layers; i++) {
      boolean s = window.isPresent() && slides[i];
      layers.add(
          new Layer(s ? window.get() : new Span.Full(), Optional.of(s ? local : global), false));
    }
    return scaled(
        d.config(
            name(),
            attention,
            new Ffn(d.ffn, Activation.GELU_TANH, true),
            Optional.empty(),
            layers),
        d.m.optionalF32(d.p + "final_logit_softcapping").orElse(0));
  }

  private static int defaultScaled(int layers, int hidden, Attention a) {
    int perHead = hidden / a.nHeads();
    return layers == LAYERS_27B ? perHead : a.headDim();
  }

  private static ModelConfig scaled(ModelConfig c, double softcap) {
    return new ModelConfig(
        c.architecture(),
        c.vocabSize(),
        c.dModel(),
        c.contextLength(),
        c.normEps(),
        c.tiedEmbeddings(),
        c.attention(),
        c.ffn(),
        c.moe(),
        c.layers(),
        Math.sqrt(c.dModel()),
        softcap);
  }

  @Override
  public Map<String, GgufValue> toGguf(ModelConfig c) {
    var out = GgufDecoder.write(c, ggufName());
    HfDecoder.window(c)
        .ifPresent(w -> out.put("gemma3.attention.sliding_window", GgufValue.u32(w)));
    GgufDecoder.writePattern(out, c, ggufName(), DEFAULT_PATTERN);
    localRope(c)
        .ifPresent(r -> out.put("gemma3.rope.freq_base_swa", GgufValue.f32((float) r.theta())));
    double derived = 1 / Math.sqrt(defaultScaled(c.nLayers(), c.dModel(), c.attention()));
    if (c.attention().scale() != derived) {
      out.put("gemma3.attention.scale", GgufValue.f32((float) c.attention().scale()));
    }
    if (c.logitSoftcap() > 0) {
      out.put("gemma3.final_logit_softcapping", GgufValue.f32((float) c.logitSoftcap()));
    }
    return out;
  }

  private static Optional<Rope> localRope(ModelConfig c) {
    return c.layers().stream()
        .filter(l -> l.span() instanceof Span.Sliding)
        .findFirst()
        .flatMap(Layer::rope);
  }

  @Override
  public Map<String, Object> toHf(ModelConfig c) {
    var out = HfDecoder.write(c, "gemma3_text", "Gemma3ForCausalLM");
    Object activation = out.remove("hidden_act");
    if (activation != null) out.put("hidden_activation", activation);
    double scale = c.attention().scale();
    out.put("query_pre_attn_scalar", Math.round(1 / (scale * scale)));
    localRope(c).ifPresent(r -> out.put("rope_local_base_freq", r.theta()));
    out.put("attention_bias", c.attention().qkvBias());
    out.put("sliding_window", HfDecoder.window(c).orElse(DEFAULT_WINDOW));
    out.put("layer_types", HfDecoder.layerTypes(c));
    out.put("final_logit_softcapping", c.logitSoftcap() > 0 ? c.logitSoftcap() : null);
    out.put("attn_logit_softcapping", null);
    out.put("use_bidirectional_attention", false);
    return out;
  }

  @Override
  public List<Weight> weights(ModelConfig c) {
    return DecoderWeights.of(c, true);
  }

  @Override
  public List<Stored> hfLayout(ModelConfig c, HfNames names) {
    return DecoderWeights.hf(
        weights(c),
        names,
        NAMES,
        (layer, name, w) -> {
          if (!name.endsWith("_norm")) return Optional.empty();
          String file =
              layer < 0
                  ? names.prefix() + "norm.weight"
                  : names.layer(layer, NAMES.get(name) + ".weight");
          return Optional.of(new Stored.Shifted(file, w, 1));
        });
  }

  @Override
  public boolean ggufRopeInterleaved() {
    return false;
  }

  @Override
  public Graph forward(ModelConfig config, Params weights, int contextLength, Result result) {
    return Decoders.sandwichNorm(config, weights, contextLength, result);
  }
}
