package org.puna.model.arch;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Moe;
import org.puna.model.config.ModelConfig.QkNorm;
import org.puna.model.config.ModelConfig.Routing;
import org.puna.model.config.ModelConfig.Span;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufValue;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;

/**
 * Mixtral: Llama whose feed-forward networks are mixtures of experts. In GGUF it is a {@code llama}
 * with experts.
 *
 * @see "Jiang et al. 2024, Mixtral of Experts"
 */
public final class Mixtral implements Architecture {
  private static final HfDecoder.Defaults DEFAULTS =
      new HfDecoder.Defaults(32000, 4096, 14336, 32, 32, 8, 0, 131072, 1e-5, false, 1e6);
  private static final Map<String, String> NAMES =
      DecoderWeights.names(Map.of("ffn_gate_inp", "block_sparse_moe.gate"));
  private static final Map<String, String> EXPERTS =
      Map.of("ffn_gate_exps", "w1", "ffn_down_exps", "w2", "ffn_up_exps", "w3");

  @Override
  public String name() {
    return "mixtral";
  }

  @Override
  public String ggufName() {
    return "llama";
  }

  @Override
  public boolean reads(GgufFile file) {
    return file.metadata().string("general.architecture").equals("llama")
        && file.metadata().optionalU32("llama.expert_count").orElse(0) > 0;
  }

  @Override
  public ModelConfig fromHf(HfConfig c) {
    var d = new HfDecoder(c, DEFAULTS);
    Span span = d.window("sliding_window", Optional.empty()).orElse(new Span.Full());
    return d.config(
        name(),
        d.attention(false, false, QkNorm.NONE),
        d.ffn(),
        moe(
            c.size("num_local_experts", 8, Limits.EXPERTS),
            c.size("num_experts_per_tok", 2, Limits.EXPERTS),
            d.ffn),
        d.alike(span, d.rope("full_attention"), true));
  }

  @Override
  public ModelConfig fromGguf(GgufFile file) {
    var d = new GgufDecoder(file);
    return d.config(
        name(),
        d.attention(QkNorm.NONE),
        d.ffn(),
        moe(
            d.size("expert_count", Limits.EXPERTS),
            d.size("expert_used_count", Limits.EXPERTS),
            d.u32("expert_feed_forward_length").orElse(d.ffn)),
        d.alike(d.window().orElse(new Span.Full()), true));
  }

  private static Optional<Moe> moe(int experts, int active, int dim) {
    return Optional.of(new Moe(experts, active, dim, 0, Routing.SOFTMAX_TOP_K));
  }

  @Override
  public Map<String, GgufValue> toGguf(ModelConfig c) {
    var out = GgufDecoder.write(c, ggufName());
    HfDecoder.window(c).ifPresent(w -> out.put("llama.attention.sliding_window", GgufValue.u32(w)));
    return out;
  }

  @Override
  public Map<String, Object> toHf(ModelConfig c) {
    var out = HfDecoder.write(c, "mixtral", "MixtralForCausalLM");
    Moe m = c.moe().orElseThrow();
    out.put("num_local_experts", m.nExperts());
    out.put("num_experts_per_tok", m.nActive());
    out.put("intermediate_size", m.dim());
    HfDecoder.routing(out);
    out.put("sliding_window", HfDecoder.window(c).orElse(null));
    return out;
  }

  @Override
  public List<Weight> weights(ModelConfig c) {
    return DecoderWeights.of(c, false);
  }

  @Override
  public List<Stored> hfLayout(ModelConfig c, HfNames names) {
    int experts = c.moe().orElseThrow().nExperts();
    return DecoderWeights.hf(
        weights(c),
        names,
        NAMES,
        (layer, name, w) ->
            Optional.ofNullable(EXPERTS.get(name))
                .map(file ->
                    new Stored.Experts(
                        IntStream.range(0, experts)
                            .mapToObj(e ->
                                names.layer(
                                    layer,
                                    "block_sparse_moe.experts." + e + "." + file + ".weight"))
                            .toList(),
                        w)));
  }

  @Override
  public boolean ggufRopeInterleaved() {
    return true;
  }
}
