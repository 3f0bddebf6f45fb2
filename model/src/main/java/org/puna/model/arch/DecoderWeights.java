package org.puna.model.arch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Attention;
import org.puna.model.config.ModelConfig.Moe;
import org.puna.model.config.ModelConfig.QkNorm;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;

/** The weights that all decoders have, and their usual names in Hugging Face folders. */
final class DecoderWeights {
  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d+)\\.(\\w+)\\.(weight|bias)");

  /** What a layer's weights are called after {@code model.layers.0.}; most families agree. */
  static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("attn_norm", "input_layernorm"),
          Map.entry("attn_q", "self_attn.q_proj"),
          Map.entry("attn_k", "self_attn.k_proj"),
          Map.entry("attn_v", "self_attn.v_proj"),
          Map.entry("attn_output", "self_attn.o_proj"),
          Map.entry("attn_q_norm", "self_attn.q_norm"),
          Map.entry("attn_k_norm", "self_attn.k_norm"),
          Map.entry("ffn_norm", "post_attention_layernorm"),
          Map.entry("ffn_gate", "mlp.gate_proj"),
          Map.entry("ffn_up", "mlp.up_proj"),
          Map.entry("ffn_down", "mlp.down_proj"));

  private DecoderWeights() {}

  /**
   * Returns the weights of a configuration.
   *
   * @param postNorms whether attention and feed-forward network are followed by norms (Gemma)
   */
  static List<Weight> of(ModelConfig c, boolean postNorms) {
    var out = new ArrayList<Weight>();
    int d = c.dModel();
    out.add(Weight.of("token_embd.weight", c.vocabSize(), d));
    for (int i = 0; i < c.nLayers(); i++) {
      String p = "blk." + i + ".";
      out.add(Weight.of(p + "attn_norm.weight", d));
      attention(out, p, c.attention(), d);
      if (postNorms) out.add(Weight.of(p + "post_attention_norm.weight", d));
      out.add(Weight.of(p + "ffn_norm.weight", d));
      if (c.layers().get(i).experts()) {
        experts(out, p, c.moe().orElseThrow(), d);
      } else {
        dense(out, p, "", c.ffn().dim(), d);
      }
      if (postNorms) out.add(Weight.of(p + "post_ffw_norm.weight", d));
    }
    out.add(Weight.of("output_norm.weight", d));
    if (!c.tiedEmbeddings()) out.add(Weight.of("output.weight", c.vocabSize(), d));
    return out;
  }

  private static void attention(List<Weight> out, String p, Attention a, int d) {
    out.add(Weight.rotated(p + "attn_q.weight", a.nHeads(), a.qDim(), d));
    out.add(Weight.rotated(p + "attn_k.weight", a.nKvHeads(), a.kvDim(), d));
    out.add(Weight.of(p + "attn_v.weight", a.kvDim(), d));
    if (a.qkvBias()) {
      out.add(Weight.rotated(p + "attn_q.bias", a.nHeads(), a.qDim()));
      out.add(Weight.rotated(p + "attn_k.bias", a.nKvHeads(), a.kvDim()));
      out.add(Weight.of(p + "attn_v.bias", a.kvDim()));
    }
    if (a.qkNorm() == QkNorm.LEARNED) {
      out.add(Weight.of(p + "attn_q_norm.weight", a.headDim()));
      out.add(Weight.of(p + "attn_k_norm.weight", a.headDim()));
    }
    out.add(Weight.of(p + "attn_output.weight", d, a.qDim()));
    if (a.outBias()) out.add(Weight.of(p + "attn_output.bias", d));
  }

  private static void experts(List<Weight> out, String p, Moe m, int d) {
    out.add(Weight.of(p + "ffn_gate_inp.weight", m.nExperts(), d));
    out.add(Weight.of(p + "ffn_gate_exps.weight", m.nExperts(), m.dim(), d));
    out.add(Weight.of(p + "ffn_up_exps.weight", m.nExperts(), m.dim(), d));
    out.add(Weight.of(p + "ffn_down_exps.weight", m.nExperts(), d, m.dim()));
    if (m.sharedDim() > 0) dense(out, p, "_shexp", m.sharedDim(), d);
  }

  private static void dense(List<Weight> out, String p, String suffix, int f, int d) {
    out.add(Weight.of(p + "ffn_gate" + suffix + ".weight", f, d));
    out.add(Weight.of(p + "ffn_up" + suffix + ".weight", f, d));
    out.add(Weight.of(p + "ffn_down" + suffix + ".weight", d, f));
    if (suffix.isEmpty()) {
      out.add(Weight.optional(p + "ffn_gate.bias", f));
      out.add(Weight.optional(p + "ffn_up.bias", f));
      out.add(Weight.optional(p + "ffn_down.bias", d));
    }
  }

  /** What a family stores otherwise than under a name of its own. */
  interface Special {
    /**
     * Returns how weights of a layer are stored.
     *
     * @param layer its number
     * @param name what stands after {@code blk.0.} and before {@code .weight}
     * @param canonical the whole name
     * @return empty for a weight that a name in the table covers, or another entry
     */
    Optional<Stored> stored(int layer, String name, String canonical);
  }

  /**
   * Returns how a Hugging Face folder stores weights.
   *
   * @param weights all weights
   * @param names the folder's names
   * @param table names of a layer's weights
   * @param special what is otherwise; weights that an entry covers already are left out
   */
  static List<Stored> hf(
      List<Weight> weights, HfNames names, Map<String, String> table, Special special) {
    var out = new ArrayList<Stored>();
    var covered = new HashMap<String, Stored>();
    for (Weight w : weights) {
      if (covered.containsKey(w.name())) continue;
      Stored s = hf(w.name(), names, table, special);
      s.canonical().forEach(n -> covered.put(n, s));
      out.add(s);
    }
    return out;
  }

  private static Stored hf(String name, HfNames names, Map<String, String> table, Special special) {
    switch (name) {
      case "token_embd.weight" -> {
        return new Stored.Plain(names.prefix() + "embed_tokens.weight", name);
      }
      case "output_norm.weight" -> {
        return special
            .stored(-1, "output_norm", name)
            .orElse(new Stored.Plain(names.prefix() + "norm.weight", name));
      }
      case "output.weight" -> {
        return new Stored.Plain(names.head(), name);
      }
      default -> {}
    }
    Matcher m = LAYER.matcher(name);
    if (!m.matches()) throw new IllegalStateException("no name for " + name);
    int layer = Integer.parseInt(m.group(1));
    Optional<Stored> other = special.stored(layer, m.group(2), name);
    if (other.isPresent()) return other.get();
    String file = table.get(m.group(2));
    if (file == null) throw new IllegalStateException("no name for " + name);
    return new Stored.Plain(names.layer(layer, file + "." + m.group(3)), name);
  }

  /** Returns the usual names with some changed or added. */
  static Map<String, String> names(Map<String, String> changed) {
    var out = new HashMap<>(NAMES);
    out.putAll(changed);
    return Map.copyOf(out);
  }
}
