package org.puna.model.arch;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Activation;
import org.puna.model.config.ModelConfig.Attention;
import org.puna.model.config.ModelConfig.Ffn;
import org.puna.model.config.ModelConfig.Layer;
import org.puna.model.config.ModelConfig.Moe;
import org.puna.model.config.ModelConfig.QkNorm;
import org.puna.model.config.ModelConfig.Rope;
import org.puna.model.config.ModelConfig.Span;
import org.puna.model.gguf.GgufArray;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufMetadata;
import org.puna.model.gguf.GgufType;
import org.puna.model.gguf.GgufValue;
import org.puna.tensor.Tensor;

/** What the GGUF metadata of all decoders have in common, with llama.cpp's keys and defaults. */
final class GgufDecoder {
  final GgufFile file;
  final GgufMetadata m;

  /** The architecture's name with a dot. */
  final String p;

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

  GgufDecoder(GgufFile file) {
    this.file = file;
    m = file.metadata();
    p = m.string("general.architecture") + ".";
    layers = bounded("block_count", m.u32(p + "block_count"), Limits.LAYERS);
    hidden = bounded("embedding_length", m.u32(p + "embedding_length"), Limits.WIDTH);
    context = bounded("context_length", m.u32(p + "context_length"), Integer.MAX_VALUE);
    eps = m.f32(p + "attention.layer_norm_rms_epsilon");
    heads = bounded("attention.head_count", layered("attention.head_count"), Limits.HEADS);
    kvHeads =
        bounded(
            "attention.head_count_kv",
            m.optionalU32OfLayers(p + "attention.head_count_kv").orElse(heads),
            Limits.HEADS);
    OptionalInt key = m.optionalU32(p + "attention.key_length");
    if (key.isEmpty() && hidden % heads != 0) {
      throw bad("embedding_length", "a multiple of " + heads + " heads", hidden);
    }
    headDim = bounded("attention.key_length", key.orElse(hidden / heads), Limits.HEAD_DIM);
    int value = m.optionalU32(p + "attention.value_length").orElse(headDim);
    if (value != headDim) throw bad("attention.value_length", "" + headDim, value);
    ffn = bounded("feed_forward_length", layered("feed_forward_length"), Limits.WIDTH);
    Tensor embedding =
        file.tensor("token_embd.weight")
            .orElseThrow(() ->
                new BadInput(
                    m.source()
                        + ": tensor token_embd.weight is missing; is this a vocabulary"
                        + " without a model?"));
    if (embedding.rank() != 2) {
      throw new BadInput(
          m.source() + ": tensor token_embd.weight: expected a matrix, found " + embedding);
    }
    vocab = bounded("vocab_size", embedding.dim(0), Limits.VOCAB);
    tied = file.tensor("output.weight").isEmpty();
  }

  /** Returns a whole number of the architecture where the key is there. */
  OptionalInt u32(String key) {
    return m.optionalU32(p + key);
  }

  /** Returns a size of the architecture that must be there, at most a limit. */
  int size(String key, int most) {
    return bounded(key, m.u32(p + key), most);
  }

  /** Returns the rotary embedding of layers with full attention. */
  Rope rope() {
    return GgufRope.read(file, p, headDim, context);
  }

  /** Returns attention with the biases that the file has. */
  Attention attention(QkNorm qkNorm) {
    return new Attention(
        heads,
        kvHeads,
        headDim,
        m.optionalF32(p + "attention.scale").orElse(1 / Math.sqrt(headDim)),
        file.tensor("blk.0.attn_q.bias").isPresent()
            || file.tensor("blk.0.attn_qkv.bias").isPresent(),
        file.tensor("blk.0.attn_output.bias").isPresent(),
        qkNorm,
        0,
        Optional.empty());
  }

  /** Returns the gated feed-forward network of silu. */
  Ffn ffn() {
    return new Ffn(ffn, Activation.SILU, true);
  }

  /** Returns the window of all layers, where the file has one. */
  Optional<Span> window() {
    int w = u32("attention.sliding_window").orElse(0);
    return w == 0 ? Optional.empty() : Optional.of(new Span.Sliding(w));
  }

  /** Returns layers that are all alike. */
  List<Layer> alike(Span span, boolean experts) {
    return Collections.nCopies(layers, new Layer(span, Optional.of(rope()), experts));
  }

  /**
   * Returns which layers see a part of the positions only: {@code attention.sliding_window_pattern}
   * as an array or as a number n, of which every n-th layer sees all.
   *
   * @param otherwise n where the file is silent
   */
  boolean[] pattern(int otherwise) {
    String key = "attention.sliding_window_pattern";
    boolean[] out = new boolean[layers];
    if (m.find(p + key).filter(v -> v.type() == GgufType.ARRAY).isPresent()) {
      var a = m.optionalArray(p + key, null).orElseThrow();
      if (a.size() < layers || a.element() != GgufType.BOOL && !a.element().integer()) {
        throw bad(key, layers + " truth values", m.values().get(p + key));
      }
      for (int i = 0; i < layers; i++) {
        out[i] = a.element() == GgufType.BOOL ? a.bool(i) : a.integer(i) != 0;
      }
      return out;
    }
    int n = u32(key).orElse(otherwise);
    for (int i = 0; i < layers; i++) out[i] = n == 0 || i % n < n - 1;
    return out;
  }

  /** Returns layers of which the pattern's see a window, where the file has both. */
  List<Layer> patterned(Optional<Span> window, Span otherwise) {
    if (window.isEmpty() || m.find(p + "attention.sliding_window_pattern").isEmpty()) {
      return alike(otherwise, false);
    }
    boolean[] slides = pattern(1);
    Rope rope = rope();
    var out = new ArrayList<Layer>();
    for (int i = 0; i < layers; i++) {
      out.add(new Layer(slides[i] ? window.get() : otherwise, Optional.of(rope), false));
    }
    return out;
  }

  /** Writes window and pattern where some layers have a window. */
  static void writePattern(Map<String, GgufValue> out, ModelConfig c, String name) {
    HfDecoder.window(c)
        .ifPresent(w -> {
          out.put(name + ".attention.sliding_window", GgufValue.u32(w));
          writePattern(out, c, name, 0);
        });
  }

  /**
   * Writes which layers see a part of the positions only.
   *
   * @param usual the number of layers of which the last sees all: then nothing is written
   */
  static void writePattern(Map<String, GgufValue> out, ModelConfig c, String name, int usual) {
    boolean[] part = new boolean[c.nLayers()];
    boolean any = false;
    boolean asUsual = usual > 0;
    for (int i = 0; i < part.length; i++) {
      part[i] = !(c.layers().get(i).span() instanceof Span.Full);
      any |= part[i];
      asUsual &= part[i] == ((i + 1) % Math.max(1, usual) != 0);
    }
    if (any && !asUsual) {
      out.put(name + ".attention.sliding_window_pattern", GgufValue.of(GgufArray.ofBools(part)));
    }
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

  /** Returns an error about a key. */
  BadInput bad(String key, String expected, @Nullable Object found) {
    return new BadInput(
        m.source() + ": metadata key " + p + key + ": expected " + expected + ", found " + found);
  }

  private int layered(String key) {
    return m.optionalU32OfLayers(p + key).orElseThrow(() -> m.missing(p + key, "a whole number"));
  }

  private int bounded(String key, long n, int most) {
    if (n < 1 || n > most) throw bad(key, "1 to " + most, n);
    return (int) n;
  }

  /**
   * Returns the keys that all decoders write.
   *
   * @param name {@code general.architecture}
   */
  static Map<String, GgufValue> write(ModelConfig c, String name) {
    var out = new LinkedHashMap<String, GgufValue>();
    String p = name + ".";
    Attention a = c.attention();
    out.put("general.architecture", GgufValue.of(name));
    out.put(p + "block_count", GgufValue.u32(c.nLayers()));
    out.put(p + "context_length", GgufValue.u32(c.contextLength()));
    out.put(p + "embedding_length", GgufValue.u32(c.dModel()));
    out.put(p + "feed_forward_length", GgufValue.u32(c.ffn().dim()));
    out.put(p + "attention.head_count", GgufValue.u32(a.nHeads()));
    out.put(p + "attention.head_count_kv", GgufValue.u32(a.nKvHeads()));
    out.put(p + "attention.layer_norm_rms_epsilon", GgufValue.f32((float) c.normEps()));
    out.put(p + "attention.key_length", GgufValue.u32(a.headDim()));
    out.put(p + "attention.value_length", GgufValue.u32(a.headDim()));
    out.put(p + "vocab_size", GgufValue.u32(c.vocabSize()));
    c.moe()
        .ifPresent(moe -> {
          out.put(p + "expert_count", GgufValue.u32(moe.nExperts()));
          out.put(p + "expert_used_count", GgufValue.u32(moe.nActive()));
        });
    out.putAll(GgufRope.write(HfDecoder.firstRope(c), p));
    return out;
  }
}
