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
 * Mistral: Llama whose layers may see a window of positions only.
 *
 * <p>In GGUF it is a {@code llama}; llama.cpp's converter drops the window there. Puna writes it as
 * {@code llama.attention.sliding_window}, a key that llama.cpp passes over for this architecture,
 * and a file that has it is read as this family.
 *
 * @see "Jiang et al. 2023, Mistral 7B"
 */
public final class Mistral implements Architecture {
  private static final HfDecoder.Defaults DEFAULTS =
      new HfDecoder.Defaults(32000, 4096, 14336, 32, 32, 8, 0, 131072, 1e-6, false, 10000);
  private static final int DEFAULT_WINDOW = 4096;

  @Override
  public String name() {
    return "mistral";
  }

  @Override
  public String ggufName() {
    return "llama";
  }

  @Override
  public boolean reads(GgufFile file) {
    return file.metadata().string("general.architecture").equals("llama")
        && file.metadata().optionalU32("llama.attention.sliding_window").orElse(0) > 0;
  }

  @Override
  public ModelConfig fromHf(HfConfig c) {
    var d = new HfDecoder(c, DEFAULTS);
    Span span = d.window("sliding_window", Optional.of(DEFAULT_WINDOW)).orElse(new Span.Full());
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
    HfDecoder.window(c).ifPresent(w -> out.put("llama.attention.sliding_window", GgufValue.u32(w)));
    return out;
  }

  @Override
  public Map<String, Object> toHf(ModelConfig c) {
    var out = HfDecoder.write(c, "mistral", "MistralForCausalLM");
    out.put("sliding_window", HfDecoder.window(c).orElse(null));
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
