package org.puna.tensor.cpu;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.Op;
import org.puna.tensor.Repacked;
import org.puna.tensor.Tensor;

/**
 * The numeric work of the CPU backend, each method one operation over whole matrices of float32,
 * row-major, in arrays that may be longer than needed: nothing beyond the stated rows and columns
 * is read or written. An output never overlaps an input unless a method says so. Methods split
 * their work over the {@link Team} they are given; scratch memory belongs to the implementation and
 * does not grow from step to step.
 *
 * <p>Kernels of one instance are used by one thread at a time (the one that runs the program).
 */
public interface Kernels extends AutoCloseable {
  /** Returns the short name, {@code scalar} or {@code vector}. */
  String name();

  /** Returns one line for people: what it uses, such as {@code Vector API, 512 bits}. */
  String describe();

  /**
   * Allows copies of weights in a layout of the kernels' own, where that makes products faster.
   *
   * @param weights matrices that do not change; they stay open longer than what is returned
   * @param after products of few rows with a weight before its copy is made
   */
  default Repacked repack(List<Tensor> weights, int after) {
    return Repacked.NONE;
  }

  /**
   * Matrix product {@code y[rows,N] = x[rows,K] · w[N,K]ᵀ + bias[N]}.
   *
   * @param w [N, K], any block format
   * @param bias [N] or null
   */
  void linear(Team team, float[] x, int rows, Tensor w, float @Nullable [] bias, float[] y);

  /**
   * RMS norm of each of {@code groups} groups of {@code group} consecutive numbers; {@code y} may
   * be {@code x}.
   *
   * @param weight [group] or null
   */
  void rmsNorm(
      Team team, float[] x, int groups, int group, float @Nullable [] weight, float eps, float[] y);

  /**
   * Layer norm of each of {@code rows} rows of {@code cols} numbers; {@code y} may be {@code x}.
   *
   * @param weight [cols]
   * @param bias [cols]
   */
  void layerNorm(
      Team team, float[] x, int rows, int cols, float[] weight, float[] bias, float eps, float[] y);

  /** Sum {@code y[i] = a[i] + b[i]} of the first n; {@code y} may be {@code a} or {@code b}. */
  void add(Team team, float[] a, float[] b, int n, float[] y);

  /** Product {@code y[i] = x[i] · factor} of the first n; {@code y} may be {@code x}. */
  void scale(Team team, float[] x, int n, float factor, float[] y);

  /**
   * Soft limit {@code y[i] = cap · tanh(x[i] / cap)} of the first n; {@code y} may be {@code x}.
   */
  void softcap(Team team, float[] x, int n, float cap, float[] y);

  /** Gate {@code y[i] = act(gate[i]) · up[i]} of the first n; {@code y} may be either input. */
  void gate(Team team, float[] gate, float[] up, int n, Op.Activation activation, float[] y);

  /** Non-linearity {@code y[i] = act(x[i])} of the first n; {@code y} may be {@code x}. */
  void activate(Team team, float[] x, int n, Op.Activation activation, float[] y);

  /**
   * Rotary embedding; {@code y} may be {@code x}.
   *
   * @param x [rows, heads · headDim]
   * @param cos [rows, pairs]
   * @param sin [rows, pairs]
   * @param pairs rotating pairs of a head; the columns of a head beyond {@code 2 · pairs} are
   *     copied
   * @param interleaved whether a pair is columns (2i, 2i+1); otherwise (i, i + pairs)
   */
  void rope(
      Team team,
      float[] x,
      int rows,
      int heads,
      int headDim,
      float[] cos,
      float[] sin,
      int pairs,
      boolean interleaved,
      float[] y);

  /**
   * Attention of every row over its sequence's cached positions, its own included (the cache
   * already holds this step's keys and values): {@code y = softmax(scale · q · Kᵀ) · V} over
   * positions {@code shape.firstVisible(p)} (inclusive) to {@code shape.endVisible(p, length)}
   * (exclusive), where the length is that of the sequence after this step.
   *
   * @param q [batch.tokens(), nHeads · headDim]
   * @param keys [pageTokens, nKvHeads · headDim] in each page; only pages of the batch's tables are
   *     read
   * @param values likewise
   * @param y [batch.tokens(), nHeads · headDim]
   */
  void attention(
      Team team,
      AttentionShape shape,
      Batch batch,
      float[] q,
      KvPages keys,
      KvPages values,
      float[] y);

  /** Lets go of scratch memory. */
  @Override
  void close();
}
