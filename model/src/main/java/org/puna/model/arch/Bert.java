package org.puna.model.arch;

import java.util.List;
import java.util.Map;
import org.puna.model.config.ModelConfig;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufValue;
import org.puna.model.layers.Encoders;
import org.puna.model.layers.Params;
import org.puna.model.layers.Result;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;
import org.puna.tensor.Graph;

/**
 * BERT and what others built alike (MiniLM, BGE, E5, GTE), with or without a classification head.
 *
 * @see "Devlin et al. 2019, BERT: Pre-training of Deep Bidirectional Transformers"
 */
public final class Bert implements Architecture {
  private static final HfEncoder.Defaults DEFAULTS =
      new HfEncoder.Defaults(30522, 768, 3072, 12, 12, 512, 2, 1e-12);

  @Override
  public String name() {
    return "bert";
  }

  @Override
  public ModelConfig fromHf(HfConfig c) {
    return HfEncoder.read(c, name(), DEFAULTS, 0);
  }

  @Override
  public ModelConfig fromGguf(GgufFile file) {
    return GgufEncoder.read(file, name());
  }

  @Override
  public Map<String, GgufValue> toGguf(ModelConfig c) {
    return GgufEncoder.write(c, ggufName());
  }

  @Override
  public Map<String, Object> toHf(ModelConfig c) {
    return HfEncoder.write(c, "bert", "Bert", 0);
  }

  @Override
  public List<Weight> weights(ModelConfig c) {
    return EncoderWeights.of(c);
  }

  @Override
  public List<Stored> hfLayout(ModelConfig c, HfNames names) {
    return EncoderWeights.hf(c, names, EncoderWeights.Style.BERT);
  }

  @Override
  public boolean ggufRopeInterleaved() {
    return false;
  }

  @Override
  public Graph forward(ModelConfig config, Params weights, int contextLength, Result result) {
    return Encoders.postNorm(config, weights, result);
  }
}
