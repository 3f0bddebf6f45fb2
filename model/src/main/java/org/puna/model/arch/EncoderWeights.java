package org.puna.model.arch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Encoder;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;

/** The weights of encoders, and their names in Hugging Face folders. */
final class EncoderWeights {
  /** How a folder stores what BERT and RoBERTa store differently. */
  enum Style {
    /** A pooler belongs to the encoder; positions count from 0. */
    BERT("bert.", "pooler.dense", "classifier", 0),
    /** The head has a dense layer of its own; positions count from 2. */
    ROBERTA("roberta.", "classifier.dense", "classifier.out_proj", Roberta.SKIPPED);

    private final String prefix;
    private final String dense;
    private final String output;
    private final int skipped;

    Style(String prefix, String dense, String output, int skipped) {
      this.prefix = prefix;
      this.dense = dense;
      this.output = output;
      this.skipped = skipped;
    }
  }

  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d+)\\.(\\w+)\\.(weight|bias)");

  private static final Map<String, String> NAMES =
      Map.of(
          "attn_q", "attention.self.query",
          "attn_k", "attention.self.key",
          "attn_v", "attention.self.value",
          "attn_output", "attention.output.dense",
          "attn_output_norm", "attention.output.LayerNorm",
          "ffn_up", "intermediate.dense",
          "ffn_down", "output.dense",
          "layer_output_norm", "output.LayerNorm");

  private EncoderWeights() {}

  /** Returns the weights of a configuration. */
  static List<Weight> of(ModelConfig c) {
    var out = new ArrayList<Weight>();
    int d = c.dModel();
    Encoder e = c.encoder().orElseThrow();
    out.add(Weight.of("token_embd.weight", c.vocabSize(), d));
    out.add(Weight.of("token_types.weight", e.segments(), d));
    out.add(Weight.of("position_embd.weight", c.contextLength(), d));
    norm(out, "token_embd_norm", d);
    for (int i = 0; i < c.nLayers(); i++) {
      String p = "blk." + i + ".";
      for (String name : new String[] {"attn_q", "attn_k", "attn_v", "attn_output"}) {
        dense(out, p + name, d, d);
      }
      norm(out, p + "attn_output_norm", d);
      dense(out, p + "ffn_up", c.ffn().dim(), d);
      dense(out, p + "ffn_down", d, c.ffn().dim());
      norm(out, p + "layer_output_norm", d);
    }
    if (e.labels() > 0) {
      if (e.pooler()) dense(out, "cls", d, d);
      dense(out, "cls.output", e.labels(), d);
    }
    return out;
  }

  private static void dense(List<Weight> out, String name, int rows, int columns) {
    out.add(Weight.of(name + ".weight", rows, columns));
    out.add(Weight.of(name + ".bias", rows));
  }

  private static void norm(List<Weight> out, String name, int d) {
    out.add(Weight.of(name + ".weight", d));
    out.add(Weight.of(name + ".bias", d));
  }

  /** Returns how a Hugging Face folder stores the weights. */
  static List<Stored> hf(ModelConfig c, HfNames names, Style style) {
    // A folder that names none of its tensors so is one that is being written, or a broken one.
    boolean known = !names.equals(HfNames.TEXT);
    boolean head = c.encoder().orElseThrow().labels() > 0;
    String prefix = known ? names.prefix() : head ? style.prefix : "";
    return of(c).stream().map(w -> stored(w.name(), prefix, names.oldNorms(), style)).toList();
  }

  private static Stored stored(String name, String prefix, boolean oldNorms, Style style) {
    String part = name.substring(0, name.lastIndexOf('.'));
    String kind = name.substring(part.length());
    String old = oldNorms ? kind.equals(".bias") ? ".beta" : ".gamma" : kind;
    String p = prefix + "embeddings.";
    switch (part) {
      case "token_embd" -> {
        return new Stored.Plain(p + "word_embeddings.weight", name);
      }
      case "token_types" -> {
        return new Stored.Plain(p + "token_type_embeddings.weight", name);
      }
      case "position_embd" -> {
        return new Stored.Tail(p + "position_embeddings.weight", name, style.skipped);
      }
      case "token_embd_norm" -> {
        return new Stored.Plain(p + "LayerNorm" + old, name);
      }
      case "cls" -> {
        // BERT's pooler is part of the encoder, RoBERTa's of the head.
        return new Stored.Plain((style == Style.BERT ? prefix : "") + style.dense + kind, name);
      }
      case "cls.output" -> {
        return new Stored.Plain(style.output + kind, name);
      }
      default -> {}
    }
    Matcher m = LAYER.matcher(name);
    String file = m.matches() ? NAMES.get(m.group(2)) : null;
    if (file == null) throw new IllegalStateException("no name for " + name);
    String end = file.endsWith("LayerNorm") ? old : kind;
    return new Stored.Plain(prefix + "encoder.layer." + m.group(1) + "." + file + end, name);
  }
}
