package org.puna.model.arch;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.QkNorm;
import org.puna.model.config.ModelConfig.Span;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufValue;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;

/**
 * Llama 2, 3, 3.1, 3.2, 3.3 and what others built alike: RMS norms, grouped-query attention with
 * rotary embeddings, a gated SiLU network.
 *
 * @see "Touvron et al. 2023, Llama 2; Grattafiori et al. 2024, The Llama 3 Herd of Models"
 */
public final class Llama implements Architecture {
  private static final HfDecoder.Defaults DEFAULTS =
      new HfDecoder.Defaults(32000, 4096, 11008, 32, 32, 0, 0, 2048, 1e-6, false, 10000);

  @Override
  public String name() {
    return "llama";
  }

  @Override
  public ModelConfig fromHf(HfConfig c) {
    var d = new HfDecoder(c, DEFAULTS);
    boolean bias = c.bool("attention_bias", false);
    return d.config(
        name(),
        d.attention(bias, bias, QkNorm.NONE),
        d.ffn(),
        Optional.empty(),
        d.alike(new Span.Full(), d.rope("full_attention"), false));
  }

  @Override
  public ModelConfig fromGguf(GgufFile file) {
    var d = new GgufDecoder(file);
    return d.config(
        name(),
        d.attention(QkNorm.NONE),
        d.ffn(),
        Optional.empty(),
        d.alike(new Span.Full(), false));
  }

  @Override
  public Map<String, GgufValue> toGguf(ModelConfig c) {
    return GgufDecoder.write(c, ggufName());
  }

  @Override
  public Map<String, Object> toHf(ModelConfig c) {
    var out = HfDecoder.write(c, "llama", "LlamaForCausalLM");
    out.put("attention_bias", c.attention().qkvBias());
    out.put("mlp_bias", false);
    out.put("pretraining_tp", 1);
    return out;
  }

  @Override
  public List<Weight> weights(ModelConfig c) {
    return DecoderWeights.of(c, false);
  }

  @Override
  public List<Stored> hfLayout(ModelConfig c, HfNames names) {
    return DecoderWeights.hf(
        weights(c), names, DecoderWeights.NAMES, (layer, name, w) -> Optional.empty());
  }

  @Override
  public boolean ggufRopeInterleaved() {
    return true;
  }
}
