package org.puna.model.layers;

import org.puna.model.config.ModelConfig;
import org.puna.tensor.Graph;
import org.puna.tensor.Value;

/**
 * The orders in which decoder layers are put together. An architecture names the one it follows.
 */
public final class Decoders {
  private Decoders() {}

  /** Records {@link #preNorm(ModelConfig, Params, int, Result)} up to logits. */
  public static Graph preNorm(ModelConfig c, Params w, int contextLength) {
    return preNorm(c, w, contextLength, Result.LOGITS);
  }

  /**
   * Records a decoder that normalises what enters each part: {@code x += attention(norm(x)); x +=
   * ffn(norm(x))}.
   *
   * @param contextLength positions that will be used
   * @param result what the graph ends with
   * @return from token ids to logits [M, V] or states [M, D]
   * @see "Xiong et al. 2020, On Layer Normalization in the Transformer Architecture"
   */
  public static Graph preNorm(ModelConfig c, Params w, int contextLength, Result result) {
    Blocks b = new Blocks(c, w, contextLength);
    Value x = b.embedding();
    for (int i = 0; i < c.nLayers(); i++) {
      x = b.add(x, b.attention(i, b.norm(i, "attn_norm", x)));
      Value h = b.norm(i, "ffn_norm", x);
      x = b.add(x, c.layers().get(i).experts() ? b.experts(i, h) : b.feedForward(i, h));
    }
    return b.head(x, result);
  }

  /**
   * Records a decoder that normalises what enters and what leaves each part: {@code x +=
   * norm(attention(norm(x))); x += norm(ffn(norm(x)))}.
   *
   * @param contextLength positions that will be used
   * @param result what the graph ends with
   * @return from token ids to logits [M, V] or states [M, D]
   * @see "Gemma Team 2025, Gemma 3 Technical Report"
   */
  public static Graph sandwichNorm(ModelConfig c, Params w, int contextLength, Result result) {
    Blocks b = new Blocks(c, w, contextLength);
    Value x = b.embedding();
    for (int i = 0; i < c.nLayers(); i++) {
      Value a = b.attention(i, b.norm(i, "attn_norm", x));
      x = b.add(x, b.norm(i, "post_attention_norm", a));
      Value f = b.feedForward(i, b.norm(i, "ffn_norm", x));
      x = b.add(x, b.norm(i, "post_ffw_norm", f));
    }
    return b.head(x, result);
  }
}
