package org.puna.model.arch;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.QkNorm;
import org.puna.model.config.ModelConfig.RopeScaling;
import org.puna.model.config.ModelConfig.Span;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufValue;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;

/**
 * Phi-3 and Phi-4: Llama with queries, keys and values in one matrix, gate and up in another, and
 * LongRoPE for long contexts.
 *
 * @see "Abdin et al. 2024, Phi-3 Technical Report"
 */
public final class Phi3 implements Architecture {
  private static final HfDecoder.Defaults DEFAULTS =
      new HfDecoder.Defaults(32064, 3072, 8192, 32, 32, 0, 0, 4096, 1e-5, false, 10000);

  @Override
  public String name() {
    return "phi3";
  }

  @Override
  public ModelConfig fromHf(HfConfig c) {
    var d = new HfDecoder(c, DEFAULTS);
    Span span = d.window("sliding_window", Optional.empty()).orElse(new Span.Full());
    return d.config(
        name(),
        d.attention(false, false, QkNorm.NONE),
        d.ffn(),
        Optional.empty(),
        d.alike(span, d.rope("full_attention"), false));
  }

  @Override
  public ModelConfig fromGguf(GgufFile file) {
    var d = new GgufDecoder(file);
    return d.config(
        name(),
        d.attention(QkNorm.NONE),
        d.ffn(),
        Optional.empty(),
        d.alike(d.window().orElse(new Span.Full()), false));
  }

  @Override
  public Map<String, GgufValue> toGguf(ModelConfig c) {
    var out = GgufDecoder.write(c, ggufName());
    // llama.cpp tells Phi-4 from Phi-3 by a window of 0.
    out.put("phi3.attention.sliding_window", GgufValue.u32(HfDecoder.window(c).orElse(0)));
    out.putIfAbsent("phi3.rope.scaling.original_context_length", GgufValue.u32(c.contextLength()));
    return out;
  }

  @Override
  public Map<String, Object> toHf(ModelConfig c) {
    var out = HfDecoder.write(c, "phi3", "Phi3ForCausalLM");
    out.put(
        "original_max_position_embeddings",
        HfDecoder.firstRope(c).scaling() instanceof RopeScaling.LongRope s
            ? s.originalContext()
            : c.contextLength());
    out.put("embd_pdrop", 0.0);
    out.put("resid_pdrop", 0.0);
    out.put("sliding_window", HfDecoder.window(c).orElse(null));
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
        DecoderWeights.NAMES,
        (layer, name, w) ->
            switch (name) {
              case "attn_q", "attn_k", "attn_v" ->
                  Optional.of(qkv(names.layer(layer, "self_attn.qkv_proj.weight"), layer));
              case "ffn_gate", "ffn_up" ->
                  Optional.of(gateUp(names.layer(layer, "mlp.gate_up_proj.weight"), layer));
              default -> Optional.empty();
            });
  }

  @Override
  public List<Stored> ggufLayout(ModelConfig c) {
    return weights(c).stream()
        .filter(w -> !w.name().matches("blk\\.\\d+\\.(attn_[kv]|ffn_up)\\.weight"))
        .map(w -> {
          int layer = layer(w.name());
          String p = "blk." + layer + ".";
          if (w.name().equals(p + "attn_q.weight")) {
            return (Stored) qkv(p + "attn_qkv.weight", layer);
          }
          if (w.name().equals(p + "ffn_gate.weight")) {
            return gateUp(p + "ffn_up.weight", layer);
          }
          return new Stored.Plain(w.name(), w.name());
        })
        .toList();
  }

  private static int layer(String name) {
    return name.startsWith("blk.") ? Integer.parseInt(name.substring(4, name.indexOf('.', 4))) : -1;
  }

  private static Stored.Fused qkv(String file, int layer) {
    String p = "blk." + layer + ".attn_";
    return new Stored.Fused(file, List.of(p + "q.weight", p + "k.weight", p + "v.weight"));
  }

  private static Stored.Fused gateUp(String file, int layer) {
    String p = "blk." + layer + ".ffn_";
    return new Stored.Fused(file, List.of(p + "gate.weight", p + "up.weight"));
  }

  @Override
  public boolean ggufRopeInterleaved() {
    return false;
  }
}
