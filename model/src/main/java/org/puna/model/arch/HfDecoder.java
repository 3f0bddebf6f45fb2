package org.puna.model.arch;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Activation;
import org.puna.model.config.ModelConfig.Attention;
import org.puna.model.config.ModelConfig.Ffn;
import org.puna.model.config.ModelConfig.Layer;
import org.puna.model.config.ModelConfig.Moe;
import org.puna.model.config.ModelConfig.QkNorm;
import org.puna.model.config.ModelConfig.Rope;
import org.puna.model.config.ModelConfig.Span;

/** What the {@code config.json} of all decoders have in common. */
final class HfDecoder {
  /**
   * What a family assumes where its file is silent.
   *
   * @param kvHeads key and value heads, 0 for as many as heads
   * @param headDim numbers of a head, 0 for hidden / heads
   */
  record Defaults(
      int vocab,
      int hidden,
      int ffn,
      int layers,
      int heads,
      int kvHeads,
      int headDim,
      int context,
      double eps,
      boolean tied,
      double theta) {}

  final HfConfig c;
  final int vocab;
  final int hidden;
  final int ffn;
  final int layers;
  final int heads;
  final int kvHeads;
  final int headDim;
  final int context;
  final double eps;
  final boolean tied;
  private final double theta;

  HfDecoder(HfConfig c, Defaults d) {
    this.c = c;
    c.object("quantization_config")
        .ifPresent(q -> {
          throw q.wrong(
              "quant_method",
              "plain weights (take the unquantised model, or its GGUF)",
              q.text("quant_method").orElse("none"));
        });
    vocab = c.size("vocab_size", d.vocab, Limits.VOCAB);
    hidden = c.size("hidden_size", d.hidden, Limits.WIDTH);
    ffn = c.size("intermediate_size", d.ffn, Limits.WIDTH);
    layers = c.size("num_hidden_layers", d.layers, Limits.LAYERS);
    heads = c.size("num_attention_heads", d.heads, Limits.HEADS);
    kvHeads = c.size("num_key_value_heads", d.kvHeads == 0 ? heads : d.kvHeads, Limits.HEADS);
    boolean derive = d.headDim == 0 || c.node().has("head_dim") && !c.has("head_dim");
    if (derive && !c.has("head_dim") && hidden % heads != 0) {
      throw c.wrong("hidden_size", "a multiple of " + heads + " heads", hidden);
    }
    headDim = c.size("head_dim", derive ? hidden / heads : d.headDim, Limits.HEAD_DIM);
    context = c.size("max_position_embeddings", d.context, Integer.MAX_VALUE);
    eps = c.real("rms_norm_eps", d.eps);
    tied = c.bool("tie_word_embeddings", d.tied);
    theta = d.theta;
  }

  /** Returns the rotary embedding of a kind of layers. */
  Rope rope(String kind) {
    return HfRope.read(c, kind, headDim, context, theta);
  }

  /** Returns attention whose scores are scaled by 1/√headDim. */
  Attention attention(boolean qkvBias, boolean outBias, QkNorm qkNorm) {
    return new Attention(
        heads,
        kvHeads,
        headDim,
        1 / Math.sqrt(headDim),
        qkvBias,
        outBias,
        qkNorm,
        0,
        Optional.empty());
  }

  /** Returns the gated feed-forward network. */
  Ffn ffn() {
    return new Ffn(ffn, activation("hidden_act", "silu"), true);
  }

  /** Returns the activation that a key names. */
  Activation activation(String key, String otherwise) {
    String name = c.text(key).orElse(otherwise);
    return switch (name) {
      case "silu", "swish" -> Activation.SILU;
      case "gelu_pytorch_tanh", "gelu_new", "gelu_fast" -> Activation.GELU_TANH;
      case "gelu" -> Activation.GELU;
      default -> throw c.wrong(key, "silu, gelu or gelu_pytorch_tanh", name);
    };
  }

  /** Returns the window of a key, where it has one. */
  Optional<Span> window(String key, Optional<Integer> otherwise) {
    if (!c.has(key)) {
      return c.node().has(key) ? Optional.empty() : otherwise.map(Span.Sliding::new);
    }
    return Optional.of(new Span.Sliding(c.size(key, 1, Integer.MAX_VALUE)));
  }

  /** Returns the values of {@code layer_types}, one a layer, where the key is there. */
  Optional<List<String>> layerTypes() {
    Optional<List<String>> types = c.texts("layer_types");
    if (types.isPresent() && types.get().size() != layers) {
      throw c.wrong("layer_types", layers + " entries", types.get().size() + " entries");
    }
    return types;
  }

  /** Returns layers that are all alike. */
  List<Layer> alike(Span span, Rope rope, boolean experts) {
    return Collections.nCopies(layers, new Layer(span, Optional.of(rope), experts));
  }

  /**
   * Returns layers of the Qwen families: {@code layer_types}, or full attention below {@code
   * max_window_layers} and a window from there on, if a window is used at all.
   */
  List<Layer> windowedFromSomewhere() {
    boolean uses = c.bool("use_sliding_window", false);
    Optional<Span> window = uses ? window("sliding_window", Optional.of(4096)) : Optional.empty();
    int from = c.integer("max_window_layers", 28);
    Optional<List<String>> types = layerTypes();
    Rope rope = rope("full_attention");
    var out = new ArrayList<Layer>();
    for (int i = 0; i < layers; i++) {
      String type =
          types.isPresent()
              ? types.get().get(i)
              : i >= from ? "sliding_attention" : "full_attention";
      out.add(new Layer(span(type, window), Optional.of(rope), false));
    }
    return out;
  }

  /** Returns the span that an entry of {@code layer_types} means. */
  Span span(String type, Optional<Span> window) {
    return switch (type) {
      case "full_attention" -> new Span.Full();
      case "sliding_attention", "chunked_attention" -> window.orElse(new Span.Full());
      default ->
          throw c.wrong(
              "layer_types", "full_attention, sliding_attention or chunked_attention", type);
    };
  }

  /** Returns a configuration without Gemma's scale and caps. */
  ModelConfig config(
      String name, Attention attention, Ffn ffn, Optional<Moe> moe, List<Layer> layers) {
    return new ModelConfig(
        name,
        vocab,
        hidden,
        context,
        eps,
        tied,
        attention,
        ffn,
        Limits.checked(moe, layers.size()),
        layers,
        1,
        0);
  }

  /**
   * Returns the keys that all decoders write.
   *
   * @param type {@code model_type}
   * @param className what stands in {@code architectures}
   */
  static Map<String, Object> write(ModelConfig c, String type, String className) {
    var out = new LinkedHashMap<String, Object>();
    out.put("architectures", List.of(className));
    out.put("model_type", type);
    out.put("vocab_size", c.vocabSize());
    out.put("hidden_size", c.dModel());
    out.put("intermediate_size", c.ffn().dim());
    out.put("num_hidden_layers", c.nLayers());
    out.put("num_attention_heads", c.attention().nHeads());
    out.put("num_key_value_heads", c.attention().nKvHeads());
    out.put("head_dim", c.attention().headDim());
    out.put(
        "hidden_act",
        switch (c.ffn().activation()) {
          case SILU -> "silu";
          case GELU_TANH -> "gelu_pytorch_tanh";
          case GELU -> "gelu";
        });
    out.put("max_position_embeddings", c.contextLength());
    out.put("rms_norm_eps", c.normEps());
    out.put("tie_word_embeddings", c.tiedEmbeddings());
    training(out);
    Rope rope = firstRope(c);
    out.put("rope_theta", rope.theta());
    HfRope.write(rope, c.contextLength()).ifPresent(s -> out.put("rope_scaling", s));
    if (rope.dims() != c.attention().headDim()) {
      out.put("partial_rotary_factor", (double) rope.dims() / c.attention().headDim());
    }
    return out;
  }

  /**
   * Writes what every file of the transformers library has and running a model does not need:
   * strict readers ask for it.
   */
  private static void training(Map<String, Object> out) {
    out.put("attention_dropout", 0.0);
    out.put("initializer_range", 0.02);
    out.put("use_cache", true);
  }

  /** Writes what the library's mixtures of experts have for training. */
  static void routing(Map<String, Object> out) {
    out.put("output_router_logits", false);
    out.put("router_aux_loss_coef", 0.001);
    out.put("router_jitter_noise", 0.0);
  }

  /**
   * Returns the rotary embedding of the first layer with full attention, or of the first with any.
   */
  static Rope firstRope(ModelConfig c) {
    return c.layers().stream()
        .filter(l -> l.rope().isPresent() && l.span() instanceof Span.Full)
        .findFirst()
        .or(() -> c.layers().stream().filter(l -> l.rope().isPresent()).findFirst())
        .flatMap(Layer::rope)
        .orElse(new Rope(10000, c.attention().headDim(), new ModelConfig.RopeScaling.None()));
  }

  /** Returns {@code layer_types} of a configuration. */
  static List<String> layerTypes(ModelConfig c) {
    return c.layers().stream()
        .map(l ->
            switch (l.span()) {
              case Span.Full _ -> "full_attention";
              case Span.Sliding _ -> "sliding_attention";
              case Span.Chunked _ -> "chunked_attention";
            })
        .toList();
  }

  /** Writes the windows of the Qwen families. */
  static void writeWindows(Map<String, Object> out, ModelConfig c) {
    Optional<Integer> window = window(c);
    out.put("use_sliding_window", window.isPresent());
    out.put("sliding_window", window.orElse(null));
    out.put("max_window_layers", c.nLayers());
    out.put("layer_types", layerTypes(c));
  }

  /** Returns the window of the first layer that has one. */
  static Optional<Integer> window(ModelConfig c) {
    return c.layers().stream()
        .map(Layer::span)
        .filter(Span.Sliding.class::isInstance)
        .map(s -> ((Span.Sliding) s).window())
        .findFirst();
  }
}
