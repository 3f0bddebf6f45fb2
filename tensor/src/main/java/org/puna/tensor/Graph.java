package org.puna.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Value.Rows;

/**
 * A forward pass, recorded once: operations in order, from token ids to one output. An architecture
 * writes it with a {@link Builder}; a {@link Backend} compiles it; training walks it backwards. The
 * number of tokens is not part of it.
 *
 * @param ops in an order in which every input comes before its use
 * @param output the result
 * @param layers attention layers, which a cache must have
 */
public record Graph(List<Op> ops, Value output, List<AttentionShape> layers) {
  /** Copies the lists. */
  public Graph {
    ops = List.copyOf(ops);
    layers = List.copyOf(layers);
  }

  /** Returns the distinct weights in order of first use. */
  public List<Param> params() {
    return ops.stream().flatMap(op -> op.params().stream()).distinct().toList();
  }

  /**
   * Records a graph. Each method adds one operation and returns its value; a shape that does not
   * fit is an {@link IllegalArgumentException} that names the operation, the weight and both
   * shapes.
   */
  public static final class Builder {
    private final List<Op> ops = new ArrayList<>();
    private final List<AttentionShape> layers = new ArrayList<>();
    private int next;

    /** Starts an empty graph. */
    public Builder() {}

    /** Ends the graph with its result. */
    public Graph build(Value output) {
      return new Graph(ops, output, layers);
    }

    /** Adds {@link Op.Embed} by token ids. */
    public Value embed(Param table) {
      return embed(table, Op.Index.TOKEN);
    }

    /** Adds {@link Op.Embed}. */
    public Value embed(Param table, Op.Index index) {
      rank(table, 2, "embed");
      Value out = value(Rows.TOKENS, 1, Math.toIntExact(table.tensor().dim(1)));
      return add(new Op.Embed(out, table, index));
    }

    /** Adds {@link Op.Linear} without a bias. */
    public Value linear(Value x, Param weight) {
      return linear(x, weight, Optional.empty());
    }

    /** Adds {@link Op.Linear}. */
    public Value linear(Value x, Param weight, Optional<Param> bias) {
      rank(weight, 2, "linear");
      if (weight.tensor().dim(1) != x.cols()) {
        throw new IllegalArgumentException(
            "linear: inner dimensions differ: x has " + x.cols() + " columns, " + weight);
      }
      int n = Math.toIntExact(weight.tensor().dim(0));
      bias.ifPresent(b -> vector(b, n, "linear"));
      return add(new Op.Linear(value(x.rows(), x.perToken(), n), x, weight, orNull(bias)));
    }

    /** Adds {@link Op.RmsNorm} over groups of {@code group} columns. */
    public Value rmsNorm(Value x, int group, Optional<Param> weight, double eps) {
      if (group < 1 || x.cols() % group != 0) {
        throw new IllegalArgumentException(
            "rmsNorm: groups of " + group + " do not divide " + x.cols() + " columns");
      }
      weight.ifPresent(w -> vector(w, group, "rmsNorm"));
      return add(new Op.RmsNorm(like(x), x, group, orNull(weight), (float) eps));
    }

    /** Adds {@link Op.RmsNorm} over all columns. */
    public Value rmsNorm(Value x, Param weight, double eps) {
      return rmsNorm(x, x.cols(), Optional.of(weight), eps);
    }

    /** Adds {@link Op.LayerNorm}. */
    public Value layerNorm(Value x, Param weight, Param bias, double eps) {
      vector(weight, x.cols(), "layerNorm");
      vector(bias, x.cols(), "layerNorm");
      return add(new Op.LayerNorm(like(x), x, weight, bias, (float) eps));
    }

    /** Adds {@link Op.Add}. */
    public Value add(Value a, Value b) {
      same(a, b, "add");
      return add(new Op.Add(like(a), a, b));
    }

    /** Adds {@link Op.Scale}. */
    public Value scale(Value x, double factor) {
      return add(new Op.Scale(like(x), x, (float) factor));
    }

    /** Adds {@link Op.Softcap}. */
    public Value softcap(Value x, double cap) {
      return add(new Op.Softcap(like(x), x, (float) cap));
    }

    /** Adds {@link Op.Gate}. */
    public Value gate(Value gate, Value up, Op.Activation activation) {
      same(gate, up, "gate");
      return add(new Op.Gate(like(gate), gate, up, activation));
    }

    /** Adds {@link Op.Activate}. */
    public Value activate(Value x, Op.Activation activation) {
      return add(new Op.Activate(like(x), x, activation));
    }

    /** Adds {@link Op.Rope}. */
    public Value rope(Value x, int headDim, RopeTable table, boolean interleaved) {
      if (x.cols() % headDim != 0 || 2 * table.frequencies() > headDim) {
        throw new IllegalArgumentException(
            "rope: "
                + table.frequencies()
                + " frequencies for heads of "
                + headDim
                + " in "
                + x.cols()
                + " columns");
      }
      return add(new Op.Rope(like(x), x, headDim, table, interleaved));
    }

    /** Adds {@link Op.PositionScale}. */
    public Value positionScale(Value x, double floorScale, double attnScale) {
      return add(new Op.PositionScale(like(x), x, (float) floorScale, (float) attnScale));
    }

    /**
     * Adds {@link Op.Attention} as the next layer of the cache. Attention that is not causal needs
     * its keys and values in this step alone: such layers of one shape share a layer of the cache.
     */
    public Value attention(Value q, Value k, Value v, AttentionShape shape) {
      if (q.cols() != shape.qCols() || k.cols() != shape.kvCols() || v.cols() != shape.kvCols()) {
        throw new IllegalArgumentException(
            "attention: q, k, v have "
                + q.cols()
                + ", "
                + k.cols()
                + ", "
                + v.cols()
                + " columns, expected "
                + shape.qCols()
                + ", "
                + shape.kvCols()
                + ", "
                + shape.kvCols());
      }
      int layer = shape.causal() ? -1 : layers.indexOf(shape);
      if (layer < 0) {
        layer = layers.size();
        layers.add(shape);
      }
      return add(new Op.Attention(like(q), q, k, v, layer, shape));
    }

    /** Adds {@link Op.Route}. */
    public Value route(Value logits, int k, Op.Routing routing) {
      if (k < 1 || k > logits.cols()) {
        throw new IllegalArgumentException("route: " + k + " of " + logits.cols() + " experts");
      }
      return add(new Op.Route(value(Rows.TOKENS, 1, k), logits, k, routing));
    }

    /** Adds {@link Op.Dispatch}. */
    public Value dispatch(Value x, Value route, boolean weighted) {
      return add(new Op.Dispatch(value(Rows.ROUTED, route.cols(), x.cols()), x, route, weighted));
    }

    /** Adds {@link Op.ExpertLinear}. */
    public Value expertLinear(Value x, Value route, Param weight) {
      rank(weight, 3, "expertLinear");
      if (weight.tensor().dim(2) != x.cols() || x.rows() != Rows.ROUTED) {
        throw new IllegalArgumentException(
            "expertLinear: inner dimensions differ: x has " + x.cols() + " columns, " + weight);
      }
      int n = Math.toIntExact(weight.tensor().dim(1));
      return add(new Op.ExpertLinear(value(Rows.ROUTED, x.perToken(), n), x, route, weight));
    }

    /** Adds {@link Op.Combine}. */
    public Value combine(Value x, Value route, boolean weighted) {
      return add(new Op.Combine(value(Rows.TOKENS, 1, x.cols()), x, route, weighted));
    }

    /** Adds {@link Op.Outputs}. */
    public Value outputs(Value x) {
      return add(new Op.Outputs(value(Rows.OUTPUTS, 1, x.cols()), x));
    }

    private Value add(Op op) {
      ops.add(op);
      return op.out();
    }

    private Value value(Rows rows, int perToken, int cols) {
      return new Value(next++, rows, perToken, cols);
    }

    private Value like(Value x) {
      return value(x.rows(), x.perToken(), x.cols());
    }

    private static @Nullable Param orNull(Optional<Param> p) {
      return p.isPresent() ? p.get() : null;
    }

    private static void same(Value a, Value b, String op) {
      if (!a.sameShape(b)) {
        throw new IllegalArgumentException(op + ": shapes differ: " + a + " and " + b);
      }
    }

    private static void rank(Param p, int rank, String op) {
      if (p.tensor().rank() != rank) {
        throw new IllegalArgumentException(op + ": expected " + rank + " dimensions, found " + p);
      }
    }

    private static void vector(Param p, int n, String op) {
      if (p.tensor().elements() != n) {
        throw new IllegalArgumentException(op + ": expected " + n + " numbers, found " + p);
      }
    }
  }
}
