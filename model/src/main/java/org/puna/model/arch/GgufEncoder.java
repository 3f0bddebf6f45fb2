package org.puna.model.arch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Activation;
import org.puna.model.config.ModelConfig.Encoder;
import org.puna.model.config.ModelConfig.Ffn;
import org.puna.model.gguf.GgufArray;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufMetadata;
import org.puna.model.gguf.GgufValue;
import org.puna.tensor.Tensor;

/** What the GGUF metadata of encoders say, with llama.cpp's keys. */
final class GgufEncoder {
  /** llama.cpp's number for models that rank instead of embedding. */
  private static final int RANKS = 4;

  private GgufEncoder() {}

  static ModelConfig read(GgufFile file, String name) {
    GgufMetadata m = file.metadata();
    String p = m.string("general.architecture") + ".";
    int hidden = bounded(m, p + "embedding_length", m.u32(p + "embedding_length"), Limits.WIDTH);
    int heads = layered(m, p + "attention.head_count", Limits.HEADS);
    if (hidden % heads != 0) {
      throw bad(m, p + "embedding_length", "a multiple of " + heads + " heads", hidden);
    }
    if (m.optionalBool(p + "attention.causal").orElse(false)) {
      throw bad(m, p + "attention.causal", "false", true);
    }
    return new ModelConfig(
        name,
        rows(file, "token_embd.weight"),
        hidden,
        // The table's rows count: the length that the metadata tell may be shorter.
        rows(file, "position_embd.weight"),
        m.f32(p + "attention.layer_norm_epsilon"),
        true,
        HfEncoder.attention(heads, hidden / heads),
        new Ffn(layered(m, p + "feed_forward_length", Limits.WIDTH), Activation.GELU, false),
        Optional.empty(),
        HfEncoder.layers(bounded(m, p + "block_count", m.u32(p + "block_count"), Limits.LAYERS)),
        1,
        0,
        Optional.of(encoder(file)));
  }

  private static Encoder encoder(GgufFile file) {
    boolean head = file.tensor("cls.output.weight").isPresent();
    return new Encoder(
        rows(file, "token_types.weight"),
        head ? rows(file, "cls.output.weight") : 0,
        !head || file.tensor("cls.weight").isPresent());
  }

  private static int rows(GgufFile file, String name) {
    Tensor t =
        file.tensor(name)
            .orElseThrow(() ->
                new BadInput(
                    file.metadata().source()
                        + ": tensor "
                        + name
                        + " is missing; is this an encoder of BERT's kind?"));
    if (t.rank() == 1) return 1;
    if (t.rank() != 2) {
      throw new BadInput(
          file.metadata().source() + ": tensor " + name + ": expected a matrix, found " + t);
    }
    return bounded(file.metadata(), name, t.dim(0), Limits.VOCAB);
  }

  private static int layered(GgufMetadata m, String key, int most) {
    return bounded(
        m,
        key,
        m.optionalU32OfLayers(key).orElseThrow(() -> m.missing(key, "a whole number")),
        most);
  }

  private static int bounded(GgufMetadata m, String key, long n, int most) {
    if (n < 1 || n > most) throw bad(m, key, "1 to " + most, n);
    return (int) n;
  }

  private static BadInput bad(GgufMetadata m, String key, String expected, Object found) {
    return new BadInput(m.source() + ": " + key + ": expected " + expected + ", found " + found);
  }

  static Map<String, GgufValue> write(ModelConfig c, String name) {
    var out = new LinkedHashMap<String, GgufValue>();
    String p = name + ".";
    Encoder e = c.encoder().orElseThrow();
    if (c.ffn().activation() != Activation.GELU) {
      throw new BadInput(
          "convert: GGUF knows BERT with the activation gelu only, this model has "
              + c.ffn().activation());
    }
    out.put("general.architecture", GgufValue.of(name));
    out.put(p + "block_count", GgufValue.u32(c.nLayers()));
    out.put(p + "context_length", GgufValue.u32(c.contextLength()));
    out.put(p + "embedding_length", GgufValue.u32(c.dModel()));
    out.put(p + "feed_forward_length", GgufValue.u32(c.ffn().dim()));
    out.put(p + "attention.head_count", GgufValue.u32(c.attention().nHeads()));
    out.put(p + "attention.layer_norm_epsilon", GgufValue.f32((float) c.normEps()));
    out.put(p + "attention.causal", GgufValue.of(false));
    out.put("tokenizer.ggml.token_type_count", GgufValue.u32(e.segments()));
    if (e.labels() > 0) {
      out.put(p + "pooling_type", GgufValue.u32(RANKS));
      List<String> labels = new ArrayList<>();
      for (int i = 0; i < e.labels(); i++) labels.add("LABEL_" + i);
      out.put(p + "classifier.output_labels", GgufValue.of(GgufArray.ofTexts(labels)));
    }
    return out;
  }
}
