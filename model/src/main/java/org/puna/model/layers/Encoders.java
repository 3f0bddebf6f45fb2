package org.puna.model.layers;

import java.util.Optional;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Attention;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Graph;
import org.puna.tensor.Op;
import org.puna.tensor.Value;

/**
 * Records encoders of BERT's kind into one graph.
 *
 * <p>T tokens, M outputs; letters of columns: D model, F feed-forward, L labels.
 */
public final class Encoders {
  private final Graph.Builder g = new Graph.Builder();
  private final ModelConfig c;
  private final Params w;

  private Encoders(ModelConfig c, Params w) {
    this.c = c;
    this.w = w;
  }

  /**
   * Records an encoder that normalises the sum of each part and what went around it: {@code x =
   * norm(x + attention(x)); x = norm(x + ffn(x))}.
   *
   * @param result states, or scores where the model has a classification head
   * @return from token ids to states [M, D] or scores [M, L]
   * @throws BadInput if the model cannot give the result
   * @see "Devlin et al. 2019, BERT"
   */
  public static Graph postNorm(ModelConfig c, Params w, Result result) {
    Encoders e = new Encoders(c, w);
    Value x_TD = e.embedding();
    for (int i = 0; i < c.nLayers(); i++) {
      x_TD = e.norm(i, "attn_output_norm", e.g.add(x_TD, e.attention(i, x_TD)));
      x_TD = e.norm(i, "layer_output_norm", e.g.add(x_TD, e.feedForward(i, x_TD)));
    }
    return e.end(x_TD, result);
  }

  private Value embedding() {
    Value x_TD = g.embed(w.get("token_embd.weight"));
    x_TD = g.add(x_TD, g.embed(w.get("token_types.weight"), Op.Index.SEGMENT));
    x_TD = g.add(x_TD, g.embed(w.get("position_embd.weight"), Op.Index.POSITION));
    return norm("token_embd_norm", x_TD);
  }

  private Value norm(int layer, String name, Value x) {
    return norm("blk." + layer + "." + name, x);
  }

  private Value norm(String name, Value x) {
    return g.layerNorm(x, w.get(name + ".weight"), w.get(name + ".bias"), c.normEps());
  }

  private Value linear(String name, Value x) {
    return g.linear(x, w.get(name + ".weight"), w.find(name + ".bias"));
  }

  private Value attention(int layer, Value x_TD) {
    Attention a = c.attention();
    String p = "blk." + layer + ".attn_";
    var shape =
        new AttentionShape(
            a.nHeads(), a.nKvHeads(), a.headDim(), (float) a.scale(), 0, 0, 0, false);
    Value y_TD =
        g.attention(linear(p + "q", x_TD), linear(p + "k", x_TD), linear(p + "v", x_TD), shape);
    return linear(p + "output", y_TD);
  }

  private Value feedForward(int layer, Value x_TD) {
    String p = "blk." + layer + ".ffn_";
    Value h_TF = g.activate(linear(p + "up", x_TD), Blocks.activation(c.ffn().activation()));
    return linear(p + "down", h_TF);
  }

  private Graph end(Value x_TD, Result result) {
    Value x_MD = g.outputs(x_TD);
    return switch (result) {
      case HIDDEN -> g.build(x_MD);
      case SCORES -> g.build(head(x_MD));
      case LOGITS ->
          throw new BadInput(
              c.architecture()
                  + ": the model is an encoder, which embeds texts or ranks them and does not"
                  + " generate; use `puna embed` or `puna rerank`, or take another model");
    };
  }

  private Value head(Value x_MD) {
    Optional<ModelConfig.Encoder> e = c.encoder();
    if (e.isEmpty() || e.get().labels() == 0) {
      throw new BadInput(
          c.architecture()
              + ": the model has no classification head: it embeds and does not rank; take a"
              + " reranking model");
    }
    // A cap of 1 is the hyperbolic tangent itself.
    Value h_MD = e.get().pooler() ? g.softcap(linear("cls", x_MD), 1) : x_MD;
    return linear("cls.output", h_MD);
  }
}
