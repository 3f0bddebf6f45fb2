package org.puna.tensor.cpu;

import org.jspecify.annotations.Nullable;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Op;
import org.puna.tensor.Tensor;

/**
 * The derivatives of {@link Kernels}, and what a training step needs beside them. Matrices are
 * float32, row-major, in arrays that may be longer than needed.
 *
 * <p>{@code dy} is the gradient of the loss by an operation's output, {@code dx} by an input. Where
 * {@code add} is true a method adds to {@code dx}, otherwise it overwrites it. Gradients of weights
 * are always added to, so that they accumulate over micro-batches. A method over single numbers
 * allows {@code dx} to be {@code dy}.
 *
 * <p>Results depend on the arguments alone, to the last bit: not on the size of the team, nor on
 * which member does which piece. That is what makes a resumed run equal to an uninterrupted one.
 */
public interface GradKernels extends AutoCloseable {
  /** Returns the short name, {@code scalar} or {@code vector}. */
  String name();

  /**
   * Matrix product {@code y[rows,N] = x[rows,K] · w[N,K]ᵀ} with a weight whose numbers change from
   * step to step, so that nothing about it may be remembered.
   *
   * @param y receives the product
   */
  void linear(Team team, float[] x, int rows, Tensor w, float[] y);

  /**
   * Gradient of a product by its input: {@code dx[rows,K] (+)= dy[rows,N] · w[N,K]}.
   *
   * @param w [N, K], any block format
   */
  void linearInput(Team team, float[] dy, int rows, Tensor w, boolean add, float[] dx);

  /**
   * Gradient of a product by its weight: {@code dw[N,K] += dy[rows,N]ᵀ · x[rows,K]}.
   *
   * @param at index in {@code dw} of the matrix's first number
   */
  void linearWeight(Team team, float[] dy, float[] x, int rows, int n, int k, float[] dw, int at);

  /** Gradient of a bias: {@code db[N] += Σ dy[·,N]}. */
  void bias(Team team, float[] dy, int rows, int n, float[] db);

  /**
   * Gradient of the RMS norm of {@code groups} groups.
   *
   * @param weight [group] or null
   * @param dx [groups · group], or null where nobody asks
   * @param dweight [group], or null where nobody asks
   */
  void rmsNorm(
      Team team,
      float[] dy,
      float[] x,
      int groups,
      int group,
      float @Nullable [] weight,
      float eps,
      boolean add,
      float @Nullable [] dx,
      float @Nullable [] dweight);

  /**
   * Gradient of the layer norm of {@code rows} rows.
   *
   * @param weight [cols]
   * @param dx [rows · cols], or null where nobody asks
   * @param dweight [cols], or null where nobody asks
   * @param dbias [cols], or null where nobody asks
   */
  void layerNorm(
      Team team,
      float[] dy,
      float[] x,
      int rows,
      int cols,
      float[] weight,
      float eps,
      boolean add,
      float @Nullable [] dx,
      float @Nullable [] dweight,
      float @Nullable [] dbias);

  /** Gradient of {@code cap · tanh(x / cap)}. */
  void softcap(Team team, float[] dy, float[] x, int n, float cap, boolean add, float[] dx);

  /**
   * Gradients of {@code act(gate) · up}. {@code dup} may be {@code dy}; {@code dgate} may be {@code
   * gate}.
   */
  void gate(
      Team team,
      float[] dy,
      float[] gate,
      float[] up,
      int n,
      Op.Activation activation,
      boolean addGate,
      float @Nullable [] dgate,
      boolean addUp,
      float @Nullable [] dup);

  /** Gradient of a non-linearity by itself. */
  void activate(
      Team team, float[] dy, float[] x, int n, Op.Activation activation, boolean add, float[] dx);

  /**
   * Attention of whole sequences over themselves, without a cache: {@code y = softmax(scale · q ·
   * kᵀ) · v}.
   *
   * @param bounds sequence i is rows {@code bounds[i]} (inclusive) to {@code bounds[i + 1]}
   *     (exclusive), at positions from 0
   * @param sequences number of sequences
   * @param q [rows, nHeads · headDim]
   * @param k [rows, nKvHeads · headDim]
   * @param v [rows, nKvHeads · headDim]
   * @param y receives [rows, nHeads · headDim]
   * @param lse receives [rows, nHeads]: the logarithm of the sum of the exponentials of the scores
   */
  void attend(
      Team team,
      AttentionShape shape,
      int[] bounds,
      int sequences,
      float[] q,
      float[] k,
      float[] v,
      float[] y,
      float[] lse);

  /**
   * Gradients of {@link #attend}, which overwrite {@code dq}, {@code dk} and {@code dv}; none of
   * them may be another argument.
   *
   * @param y what {@link #attend} returned
   * @param lse what {@link #attend} returned
   * @see "Dao et al. 2022, FlashAttention, appendix B.2"
   */
  void attention(
      Team team,
      AttentionShape shape,
      int[] bounds,
      int sequences,
      float[] dy,
      float[] q,
      float[] k,
      float[] v,
      float[] y,
      float[] lse,
      float[] dq,
      float[] dk,
      float[] dv);

  /**
   * Cross-entropy of each row, in place: {@code logits} become the gradient of {@code Σ weights[r]
   * · loss[r]} by them, where {@code loss[r] = ln Σ exp(logits[r]) − logits[r, targets[r]]}.
   *
   * @param logits [rows, vocab]
   * @param targets {@code rows} ids from index {@code at}
   * @param weights as many factors from index {@code at}; a row of weight 0 has gradient 0
   * @param losses receives as many losses from index {@code at}, not multiplied by the weight
   */
  void crossEntropy(
      Team team,
      float[] logits,
      int rows,
      int vocab,
      int[] targets,
      float[] weights,
      float[] losses,
      int at);

  /** Returns the sum of the squares of {@code n} numbers from index {@code at}, in double. */
  double sumOfSquares(Team team, float[] x, int at, int n);

  /**
   * One step of Adam with decoupled weight decay over {@code n} numbers, in one pass: scales the
   * gradient, updates both moments and the weight, and leaves the gradient 0.
   *
   * @param step learning rate and constants of this step
   * @see "Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization"
   */
  void adamW(Team team, float[] w, float[] g, float[] m, float[] v, int n, AdamStep step);

  /**
   * Constants of one Adam step.
   *
   * @param gradScale factor on the gradient, such as a clip
   * @param lr learning rate
   * @param beta1 decay of the mean
   * @param beta2 decay of the mean square
   * @param eps added to the root of the mean square
   * @param decay weight decay, multiplied by {@code lr}
   * @param step number of this step, from 1
   */
  record AdamStep(
      double gradScale,
      double lr,
      double beta1,
      double beta2,
      double eps,
      double decay,
      long step) {
    /** Returns 1 − beta1ᵗ. */
    public double correction1() {
      return 1 - Math.pow(beta1, (double) step);
    }

    /** Returns 1 − beta2ᵗ. */
    public double correction2() {
      return 1 - Math.pow(beta2, (double) step);
    }
  }

  /** Lets go of scratch memory. */
  @Override
  void close();
}
