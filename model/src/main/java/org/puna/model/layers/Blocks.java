package org.puna.model.layers;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Attention;
import org.puna.model.config.ModelConfig.Layer;
import org.puna.model.config.ModelConfig.Moe;
import org.puna.model.config.ModelConfig.QkNorm;
import org.puna.model.config.ModelConfig.Span;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Graph;
import org.puna.tensor.Op;
import org.puna.tensor.Param;
import org.puna.tensor.RopeTable;
import org.puna.tensor.Value;

/**
 * Records the parts of a decoder into one graph. An architecture strings them together; what
 * differs between families is read from the configuration or left to the architecture's own file.
 *
 * <p>T tokens, M outputs; letters of columns: D model, Q all query heads, K all key heads, F
 * feed-forward, V vocabulary.
 */
public final class Blocks {
  private final Graph.Builder g = new Graph.Builder();
  private final ModelConfig c;
  private final Params w;
  private final int contextLength;
  private final Map<ModelConfig.Rope, RopeTable> ropes = new HashMap<>();

  /**
   * An empty graph.
   *
   * @param contextLength positions that will be used
   */
  public Blocks(ModelConfig c, Params w, int contextLength) {
    this.c = c;
    this.w = w;
    this.contextLength = contextLength;
  }

  /** Embeds the tokens: [T, D]. */
  public Value embedding() {
    Value x_TD = g.embed(w.get("token_embd.weight"));
    return c.embeddingScale() == 1 ? x_TD : g.scale(x_TD, c.embeddingScale());
  }

  /** Adds a residual. */
  public Value add(Value a, Value b) {
    return g.add(a, b);
  }

  /** Normalises by the weight {@code blk.layer.name.weight}. */
  public Value norm(int layer, String name, Value x) {
    return g.rmsNorm(x, layer(layer, name), c.normEps());
  }

  /** Self-attention of a layer over a normalised input: [T, D] to [T, D]. */
  public Value attention(int layer, Value x_TD) {
    Attention a = c.attention();
    Layer spec = c.layers().get(layer);
    Value q_TQ = projection(layer, "attn_q", x_TD);
    Value k_TK = projection(layer, "attn_k", x_TD);
    Value v_TK = projection(layer, "attn_v", x_TD);
    if (a.qkNorm() == QkNorm.LEARNED) {
      q_TQ = headNorm(q_TQ, Optional.of(layer(layer, "attn_q_norm")));
      k_TK = headNorm(k_TK, Optional.of(layer(layer, "attn_k_norm")));
    }
    if (spec.rope().isPresent()) {
      RopeTable table =
          ropes.computeIfAbsent(spec.rope().get(), r -> RopeTables.of(r, contextLength));
      q_TQ = g.rope(q_TQ, a.headDim(), table, w.ropeInterleaved());
      k_TK = g.rope(k_TK, a.headDim(), table, w.ropeInterleaved());
      if (a.qkNorm() == QkNorm.PLAIN_AFTER_ROPE) {
        q_TQ = headNorm(q_TQ, Optional.empty());
        k_TK = headNorm(k_TK, Optional.empty());
      }
    } else if (a.tuning().isPresent()) {
      var t = a.tuning().get();
      q_TQ = g.positionScale(q_TQ, t.floorScale(), t.attnScale());
    }
    Value y_TQ = g.attention(q_TQ, k_TK, v_TK, shape(a, spec.span()));
    return projection(layer, "attn_output", y_TQ);
  }

  /** The dense feed-forward network of a layer over a normalised input: [T, D] to [T, D]. */
  public Value feedForward(int layer, Value x_TD) {
    return gated(layer, "", x_TD);
  }

  /**
   * The mixture of experts of a layer, with the expert that all share where there is one: [T, D] to
   * [T, D].
   */
  public Value experts(int layer, Value x_TD) {
    Moe m = c.moe().orElseThrow();
    Value logits_TE = g.linear(x_TD, layer(layer, "ffn_gate_inp"));
    boolean weighInput = m.routing() == ModelConfig.Routing.SIGMOID_INPUT;
    Value route_TA =
        g.route(logits_TE, m.nActive(), weighInput ? Op.Routing.SIGMOID : Op.Routing.SOFTMAX);
    Value x_RD = g.dispatch(x_TD, route_TA, weighInput);
    Value gate_RF = g.expertLinear(x_RD, route_TA, layer(layer, "ffn_gate_exps"));
    Value up_RF = g.expertLinear(x_RD, route_TA, layer(layer, "ffn_up_exps"));
    Value h_RF = g.gate(gate_RF, up_RF, activation());
    Value y_RD = g.expertLinear(h_RF, route_TA, layer(layer, "ffn_down_exps"));
    Value y_TD = g.combine(y_RD, route_TA, !weighInput);
    return m.sharedDim() == 0 ? y_TD : g.add(y_TD, gated(layer, "_shexp", x_TD));
  }

  /**
   * The final norm and the head over the rows asked for, and the end of the graph: [T, D] to [M, V]
   * or [M, D].
   *
   * @throws BadInput if scores are asked for, which decoders do not give
   */
  public Graph head(Value x_TD, Result result) {
    if (result == Result.SCORES) {
      throw new BadInput(
          c.architecture() + ": the model has no classification head; take a reranking model");
    }
    Value x_MD = g.outputs(x_TD);
    x_MD = g.rmsNorm(x_MD, w.get("output_norm.weight"), c.normEps());
    if (result == Result.HIDDEN) return g.build(x_MD);
    Param output = w.find("output.weight").orElseGet(() -> w.get("token_embd.weight"));
    Value logits_MV = g.linear(x_MD, output, w.find("output.bias"));
    return g.build(c.logitSoftcap() > 0 ? g.softcap(logits_MV, c.logitSoftcap()) : logits_MV);
  }

  private Value gated(int layer, String suffix, Value x_TD) {
    Value gate_TF = projection(layer, "ffn_gate" + suffix, x_TD);
    Value up_TF = projection(layer, "ffn_up" + suffix, x_TD);
    return projection(layer, "ffn_down" + suffix, g.gate(gate_TF, up_TF, activation()));
  }

  private Value projection(int layer, String name, Value x) {
    return g.linear(x, layer(layer, name), w.find("blk." + layer + "." + name + ".bias"));
  }

  private Value headNorm(Value x, Optional<Param> weight) {
    return g.rmsNorm(x, c.attention().headDim(), weight, c.normEps());
  }

  private Param layer(int layer, String name) {
    return w.get("blk." + layer + "." + name + ".weight");
  }

  private Op.Activation activation() {
    return activation(c.ffn().activation());
  }

  /** Returns the operation's name of a non-linearity. */
  static Op.Activation activation(ModelConfig.Activation activation) {
    return switch (activation) {
      case SILU -> Op.Activation.SILU;
      case GELU_TANH -> Op.Activation.GELU_TANH;
      case GELU -> Op.Activation.GELU;
    };
  }

  private static AttentionShape shape(Attention a, Span span) {
    int window =
        switch (span) {
          case Span.Full _, Span.Chunked _ -> 0;
          case Span.Sliding s -> s.window();
        };
    int chunk =
        switch (span) {
          case Span.Full _, Span.Sliding _ -> 0;
          case Span.Chunked s -> s.size();
        };
    return new AttentionShape(
        a.nHeads(),
        a.nKvHeads(),
        a.headDim(),
        (float) a.scale(),
        window,
        chunk,
        (float) a.softcap());
  }
}
