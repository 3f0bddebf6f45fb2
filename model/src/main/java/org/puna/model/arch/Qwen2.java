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
 * Qwen 2 and 2.5: Llama with biases on queries, keys and values.
 *
 * @see "Yang et al. 2024, Qwen2 Technical Report"
 */
public final class Qwen2 implements Architecture {
  private static final HfDecoder.Defaults DEFAULTS =
      new HfDecoder.Defaults(151936, 4096, 22016, 32, 32, 32, 0, 32768, 1e-6, false, 10000);

  @Override
  public String name() {
    return "qwen2";
  }

  @Override
  public ModelConfig fromHf(HfConfig c) {
    var d = new HfDecoder(c, DEFAULTS);
    return d.config(
        name(),
        d.attention(true, false, QkNorm.NONE),
        d.ffn(),
        Optional.empty(),
        d.windowedFromSomewhere());
  }

  @Override
  public ModelConfig fromGguf(GgufFile file) {
    var d = new GgufDecoder(file);
    return d.config(
        name(),
        d.attention(QkNorm.NONE),
        d.ffn(),
        Optional.empty(),
        d.patterned(d.window(), new Span.Full()));
  }

  @Override
  public Map<String, GgufValue> toGguf(ModelConfig c) {
    var out = GgufDecoder.write(c, ggufName());
    GgufDecoder.writePattern(out, c, ggufName());
    return out;
  }

  @Override
  public Map<String, Object> toHf(ModelConfig c) {
    var out = HfDecoder.write(c, "qwen2", "Qwen2ForCausalLM");
    HfDecoder.writeWindows(out, c);
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
    return false;
  }
}
