package org.puna.model.arch;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Activation;
import org.puna.model.config.ModelConfig.Attention;
import org.puna.model.config.ModelConfig.Encoder;
import org.puna.model.config.ModelConfig.Ffn;
import org.puna.model.config.ModelConfig.Layer;
import org.puna.model.config.ModelConfig.QkNorm;
import org.puna.model.config.ModelConfig.Span;

/** What the {@code config.json} of all encoders have in common. */
final class HfEncoder {
  private static final String HEAD = "ForSequenceClassification";
  private static final int SEGMENTS = 1 << 10;
  private static final int LABELS = 1 << 16;

  /** Labels of a head of which a file says nothing, as in the transformers library. */
  private static final int LABELS_UNSAID = 2;

  private HfEncoder() {}

  /** What a family assumes where its file is silent. */
  record Defaults(
      int vocab,
      int hidden,
      int ffn,
      int layers,
      int heads,
      int positions,
      int segments,
      double eps) {}

  /**
   * Reads a configuration.
   *
   * @param skipped rows of the position table before the first position's
   */
  static ModelConfig read(HfConfig c, String name, Defaults d, int skipped) {
    refuse(c);
    int hidden = c.size("hidden_size", d.hidden, Limits.WIDTH);
    int heads = c.size("num_attention_heads", d.heads, Limits.HEADS);
    if (hidden % heads != 0) {
      throw c.wrong("hidden_size", "a multiple of " + heads + " heads", hidden);
    }
    int rows = c.size("max_position_embeddings", d.positions, Limits.VOCAB);
    if (rows <= skipped) {
      throw c.wrong("max_position_embeddings", "more than " + skipped, rows);
    }
    int headDim = hidden / heads;
    return new ModelConfig(
        name,
        c.size("vocab_size", d.vocab, Limits.VOCAB),
        hidden,
        rows - skipped,
        c.real("layer_norm_eps", d.eps),
        true,
        attention(heads, headDim),
        new Ffn(c.size("intermediate_size", d.ffn, Limits.WIDTH), activation(c), false),
        Optional.empty(),
        layers(c.size("num_hidden_layers", d.layers, Limits.LAYERS)),
        1,
        0,
        Optional.of(new Encoder(c.size("type_vocab_size", d.segments, SEGMENTS), labels(c), true)));
  }

  private static void refuse(HfConfig c) {
    c.object("quantization_config")
        .ifPresent(q -> {
          throw q.wrong("quant_method", "plain weights", q.text("quant_method").orElse("none"));
        });
    String positions = c.text("position_embedding_type").orElse("absolute");
    if (!positions.equals("absolute")) {
      throw c.wrong("position_embedding_type", "absolute", positions);
    }
    if (c.bool("is_decoder", false)) throw c.wrong("is_decoder", "false", true);
  }

  static Attention attention(int heads, int headDim) {
    return new Attention(
        heads,
        heads,
        headDim,
        1 / Math.sqrt(headDim),
        true,
        true,
        QkNorm.NONE,
        0,
        Optional.empty());
  }

  static List<Layer> layers(int n) {
    return Collections.nCopies(n, new Layer(new Span.Full(), Optional.empty(), false));
  }

  private static Activation activation(HfConfig c) {
    String name = c.text("hidden_act").orElse("gelu");
    return switch (name) {
      case "gelu", "gelu_python" -> Activation.GELU;
      case "gelu_new", "gelu_fast", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
      case "silu", "swish" -> Activation.SILU;
      default -> throw c.wrong("hidden_act", "gelu, gelu_new or silu", name);
    };
  }

  private static int labels(HfConfig c) {
    boolean head =
        c.texts("architectures").orElse(List.of()).stream().anyMatch(a -> a.endsWith(HEAD));
    if (!head) return 0;
    Optional<HfConfig> names = c.object("id2label");
    if (names.isEmpty()) return c.size("num_labels", LABELS_UNSAID, LABELS);
    int n = names.get().node().size();
    if (n < 1 || n > LABELS) {
      throw new BadInput(
          c.where() + ": JSON key id2label: expected 1 to " + LABELS + " labels, found " + n);
    }
    return n;
  }

  /**
   * Returns {@code config.json} of a configuration, in order.
   *
   * @param classes what class names in {@code architectures} begin with
   * @param skipped rows of the position table before the first position's
   */
  static Map<String, Object> write(ModelConfig c, String type, String classes, int skipped) {
    var out = new LinkedHashMap<String, Object>();
    Encoder e = c.encoder().orElseThrow();
    out.put("architectures", List.of(classes + (e.labels() > 0 ? HEAD : "Model")));
    out.put("model_type", type);
    out.put("vocab_size", c.vocabSize());
    out.put("hidden_size", c.dModel());
    out.put("intermediate_size", c.ffn().dim());
    out.put("num_hidden_layers", c.nLayers());
    out.put("num_attention_heads", c.attention().nHeads());
    out.put(
        "hidden_act",
        switch (c.ffn().activation()) {
          case SILU -> "silu";
          case GELU_TANH -> "gelu_new";
          case GELU -> "gelu";
        });
    out.put("max_position_embeddings", c.contextLength() + skipped);
    out.put("type_vocab_size", e.segments());
    out.put("layer_norm_eps", c.normEps());
    out.put("position_embedding_type", "absolute");
    if (e.labels() > 0) {
      var labels = new LinkedHashMap<String, String>();
      for (int i = 0; i < e.labels(); i++) labels.put("" + i, "LABEL_" + i);
      out.put("id2label", labels);
      var ids = new LinkedHashMap<String, Integer>();
      for (int i = 0; i < e.labels(); i++) ids.put("LABEL_" + i, i);
      out.put("label2id", ids);
    }
    // What the transformers library assumes of files that do not say it; strict readers ask for it.
    out.put("tie_word_embeddings", true);
    out.put("pad_token_id", 0);
    out.put("is_decoder", false);
    out.put("add_cross_attention", false);
    out.put("attention_probs_dropout_prob", 0.1);
    out.put("hidden_dropout_prob", 0.1);
    out.put("classifier_dropout", null);
    out.put("initializer_range", 0.02);
    out.put("use_cache", true);
    return out;
  }
}
