package org.puna.tensor;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The closed vocabulary of operations. A backend, and the gradients of training, switch over it
 * exhaustively, so that a missing kernel or a missing derivative does not compile.
 *
 * <p>Shapes: T tokens, R routed rows (T times the experts of a token), M outputs; the other letters
 * are columns.
 */
public sealed interface Op {
  /** Returns what this operation produces. */
  Value out();

  /** Returns the values that it reads, in order. */
  List<Value> inputs();

  /** Returns the weights that it reads, in order. */
  default List<Param> params() {
    return List.of();
  }

  /**
   * Rows of an embedding table: {@code out[T,D] = table[index[T], D]}.
   *
   * @param table [V, D]
   * @param index which number of a token chooses its row
   */
  record Embed(Value out, Param table, Index index) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of();
    }

    @Override
    public List<Param> params() {
      return List.of(table);
    }
  }

  /** The numbers of a token that choose rows of a table. */
  enum Index {
    /** Its id. */
    TOKEN,
    /** Its position in its sequence. */
    POSITION,
    /** Its segment: 0 for a first text, 1 for a second. */
    SEGMENT
  }

  /**
   * A matrix product: {@code out[·,N] = x[·,K] · weight[N,K]ᵀ + bias[N]}.
   *
   * @param weight [N, K]
   * @param bias [N], or null for none
   */
  record Linear(Value out, Value x, Param weight, @Nullable Param bias) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(x);
    }

    @Override
    public List<Param> params() {
      return bias == null ? List.of(weight) : List.of(weight, bias);
    }
  }

  /**
   * Root-mean-square norm of each group of {@code group} columns: {@code out = x / √(mean(x²) +
   * eps) · weight}.
   *
   * @param group columns in a group, a divisor of the columns: all of them, or the size of a head
   * @param weight [group], or null for none
   * @see "Zhang and Sennrich 2019, Root Mean Square Layer Normalization"
   */
  record RmsNorm(Value out, Value x, int group, @Nullable Param weight, float eps) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(x);
    }

    @Override
    public List<Param> params() {
      return weight == null ? List.of() : List.of(weight);
    }
  }

  /**
   * Layer norm of each row: {@code out = (x − mean(x)) / √(variance(x) + eps) · weight + bias}.
   *
   * @param weight [D]
   * @param bias [D]
   * @see "Ba, Kiros and Hinton 2016, Layer Normalization"
   */
  record LayerNorm(Value out, Value x, Param weight, Param bias, float eps) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(x);
    }

    @Override
    public List<Param> params() {
      return List.of(weight, bias);
    }
  }

  /** The sum {@code out = a + b}. */
  record Add(Value out, Value a, Value b) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(a, b);
    }
  }

  /** The product with a constant: {@code out = x · factor}. */
  record Scale(Value out, Value x, float factor) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(x);
    }
  }

  /** A soft limit: {@code out = cap · tanh(x / cap)}. */
  record Softcap(Value out, Value x, float cap) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(x);
    }
  }

  /**
   * The gate of a feed-forward network: {@code out = act(gate) · up}.
   *
   * @see "Shazeer 2020, GLU Variants Improve Transformer"
   */
  record Gate(Value out, Value gate, Value up, Activation activation) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(gate, up);
    }
  }

  /** A non-linearity by itself: {@code out = act(x)}. */
  record Activate(Value out, Value x, Activation activation) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(x);
    }
  }

  /** Non-linearities. */
  enum Activation {
    /** x · sigmoid(x). */
    SILU,
    /** ½x · (1 + tanh(√(2/π) · (x + 0.044715x³))). */
    GELU_TANH,
    /** ½x · (1 + erf(x / √2)). */
    GELU
  }

  /**
   * Rotary position embedding of each head at its token's position.
   *
   * @param headDim columns of a head
   * @param table frequencies; rotates the first {@code 2 · table.frequencies()} columns of each
   *     head
   * @param interleaved whether a pair is columns (2i, 2i+1); otherwise (i, i + half)
   * @see "Su et al. 2021, RoFormer"
   */
  record Rope(Value out, Value x, int headDim, RopeTable table, boolean interleaved) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(x);
    }
  }

  /**
   * Llama 4's temperature: {@code out = x · (ln(1 + ⌊(position + 1) / floorScale⌋) · attnScale +
   * 1)}.
   *
   * @param floorScale positions per step
   * @param attnScale growth
   */
  record PositionScale(Value out, Value x, float floorScale, float attnScale) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(x);
    }
  }

  /**
   * Attention of every token over its own sequence: the keys and values of this step join the
   * layer's cache, then each query attends to all cached positions that its shape lets it see. A
   * sequence whose attention is not causal must be whole in one step.
   *
   * @param q [T, heads · headDim]
   * @param k [T, kvHeads · headDim]
   * @param v [T, kvHeads · headDim]
   * @param layer index in the cache
   */
  record Attention(Value out, Value q, Value k, Value v, int layer, AttentionShape shape)
      implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(q, k, v);
    }
  }

  /**
   * Chooses experts: for each token the {@code k} largest of its router scores, ties to the smaller
   * index, and their weights. The choice itself is kept beside {@code out}, which holds the weights
   * [T, k] in order of falling score.
   *
   * @param logits [T, experts]
   */
  record Route(Value out, Value logits, int k, Routing routing) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(logits);
    }
  }

  /** How router scores become weights. */
  enum Routing {
    /** Softmax over the chosen scores, which is softmax over all, renormalised. */
    SOFTMAX,
    /** Sigmoid of each chosen score. */
    SIGMOID
  }

  /**
   * A copy of each token for each of its experts: {@code out[t·k + j] = x[t]}, times the weight
   * {@code route[t, j]} where weighted.
   */
  record Dispatch(Value out, Value x, Value route, boolean weighted) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(x, route);
    }
  }

  /**
   * The product of each routed row with its expert's matrix: {@code out[r,N] = x[r,K] ·
   * weight[expert(r),N,K]ᵀ}.
   *
   * @param weight [E, N, K]
   */
  record ExpertLinear(Value out, Value x, Value route, Param weight) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(x, route);
    }

    @Override
    public List<Param> params() {
      return List.of(weight);
    }
  }

  /**
   * The sum of each token's routed rows: {@code out[t] = Σⱼ x[t·k + j]}, times {@code route[t, j]}
   * where weighted.
   */
  record Combine(Value out, Value x, Value route, boolean weighted) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(x, route);
    }
  }

  /** The rows whose result is asked for: {@code out[M] = x[outputRow[M]]}. */
  record Outputs(Value out, Value x) implements Op {
    @Override
    public List<Value> inputs() {
      return List.of(x);
    }
  }
}
