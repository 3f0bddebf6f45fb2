package org.puna.model.arch;

import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * RoBERTa, XLM-RoBERTa and CamemBERT (multilingual E5, BGE-M3): BERT whose positions are counted
 * from behind the padding token's id, with another classification head. In GGUF it is a {@code
 * bert} whose table of positions lacks the rows before the first.
 *
 * @see "Liu et al. 2019, RoBERTa; Conneau et al. 2020, Unsupervised Cross-lingual Representation
 *     Learning at Scale"
 */
public final class Roberta implements Architecture {
  /** The first position's row is the one behind the padding token's, which is token 1. */
  static final int SKIPPED = 2;

  private static final HfEncoder.Defaults DEFAULTS =
      new HfEncoder.Defaults(50265, 768, 3072, 12, 12, 512, 2, 1e-12);

  @Override
  public String name() {
    return "xlm-roberta";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("roberta", "xlm-roberta", "camembert");
  }

  @Override
  public String ggufName() {
    return "bert";
  }

  @Override
  public boolean reads(GgufFile file) {
    return false;
  }

  @Override
  public ModelConfig fromHf(HfConfig c) {
    int padding = c.integer("pad_token_id", SKIPPED - 1);
    if (padding != SKIPPED - 1) throw c.wrong("pad_token_id", "1", padding);
    return HfEncoder.read(c, name(), DEFAULTS, SKIPPED);
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
    var out = HfEncoder.write(c, "xlm-roberta", "XLMRoberta", SKIPPED);
    out.put("pad_token_id", SKIPPED - 1);
    return out;
  }

  @Override
  public List<Weight> weights(ModelConfig c) {
    return EncoderWeights.of(c);
  }

  @Override
  public List<Stored> hfLayout(ModelConfig c, HfNames names) {
    return EncoderWeights.hf(c, names, EncoderWeights.Style.ROBERTA);
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
