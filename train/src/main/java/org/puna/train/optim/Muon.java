package org.puna.train.optim;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.quant.BlockFormats;
import org.puna.train.params.Parameter;

/**
 * Momentum whose matrix is made orthogonal, for the matrices inside layers; AdamW for embeddings,
 * head, norms and biases.
 *
 * @see "Jordan et al. 2024, Muon: An optimizer for hidden layers in neural networks"
 */
public final class Muon implements Optimizer {
  /** Coefficients of the quintic that drives singular values towards 1. */
  private static final float A = 3.4445f;

  private static final float B = -4.7750f;
  private static final float C = 2.0315f;
  private static final int ITERATIONS = 5;

  private final List<Parameter> matrices = new ArrayList<>();
  private final AdamW rest;
  private final Options options;
  private final GradKernels grads;
  private final Team team;
  private final Map<String, float[]> momenta = new LinkedHashMap<>();

  /**
   * Constants.
   *
   * @param momentum decay of the mean gradient
   * @param lrFactor learning rate of the matrices, relative to that of the rest
   * @param decay weight decay of the matrices, multiplied by their learning rate
   * @param adam constants of the rest
   */
  public record Options(double momentum, double lrFactor, double decay, AdamW.Options adam) {}

  /** An optimiser that has not seen a gradient. */
  public Muon(List<Parameter> parameters, Options options, GradKernels grads, Team team) {
    List<Parameter> others = new ArrayList<>();
    for (Parameter p : parameters) {
      (isHidden(p) ? matrices : others).add(p);
      if (isHidden(p)) momenta.put(p.name() + ".momentum", new float[p.size()]);
    }
    this.options = options;
    this.grads = grads;
    this.team = team;
    rest = new AdamW(others, options.adam(), grads, team);
  }

  private static boolean isHidden(Parameter p) {
    return p.rank() >= 2 && p.name().startsWith("blk.");
  }

  @Override
  public void step(long step, double lr, double gradScale) {
    rest.step(step, lr, gradScale);
    for (Parameter p : matrices) {
      long[] shape = p.shape();
      int cols = Math.toIntExact(shape[shape.length - 1]);
      int rows = Math.toIntExact(shape[shape.length - 2]);
      float[] m = momenta.get(p.name() + ".momentum");
      if (m == null) throw new IllegalStateException("no momentum of " + p.name());
      for (int at = 0; at < p.size(); at += rows * cols) {
        update(p, m, at, rows, cols, lr * options.lrFactor(), gradScale);
      }
      Arrays.fill(p.gradient(), 0);
    }
  }

  private void update(
      Parameter p, float[] m, int at, int rows, int cols, double lr, double gradScale) {
    int n = rows * cols;
    float beta = (float) options.momentum();
    float[] u = new float[n];
    for (int i = 0; i < n; i++) {
      float g = p.gradient()[at + i] * (float) gradScale;
      m[at + i] += (1 - beta) * (g - m[at + i]);
      u[i] = g + beta * (m[at + i] - g);
    }
    float[] o = orthogonal(u, rows, cols);
    float scale = (float) (lr * Math.sqrt(Math.max(1, (double) rows / cols)));
    float keep = (float) (1 - lr * options.decay());
    for (int i = 0; i < n; i++) p.value()[at + i] = p.value()[at + i] * keep - scale * o[i];
  }

  /** Returns a matrix with the same singular vectors and singular values near 1. */
  float[] orthogonal(float[] u, int rows, int cols) {
    if (rows > cols) {
      return transposed(orthogonal(transposed(u, rows, cols), cols, rows), cols, rows);
    }
    int n = rows * cols;
    double norm = Math.sqrt(grads.sumOfSquares(team, u, 0, n)) + 1e-7;
    float[] x = new float[n];
    for (int i = 0; i < n; i++) x[i] = (float) (u[i] / norm);
    float[] gram = new float[rows * rows];
    float[] square = new float[rows * rows];
    for (int t = 0; t < ITERATIONS; t++) {
      grads.linear(team, x, rows, matrix(x, rows, cols), gram);
      grads.linear(team, gram, rows, matrix(gram, rows, rows), square);
      for (int i = 0; i < square.length; i++) square[i] = B * gram[i] + C * square[i];
      float[] next = new float[n];
      grads.linearInput(team, square, rows, matrix(x, rows, cols), false, next);
      for (int i = 0; i < n; i++) x[i] = A * x[i] + next[i];
    }
    return x;
  }

  private static Tensor matrix(float[] x, int rows, int cols) {
    return new Tensor(BlockFormats.F32, new long[] {rows, cols}, MemorySegment.ofArray(x));
  }

  private static float[] transposed(float[] x, int rows, int cols) {
    float[] y = new float[x.length];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) y[c * rows + r] = x[r * cols + c];
    }
    return y;
  }

  @Override
  public Map<String, float[]> state() {
    Map<String, float[]> all = new LinkedHashMap<>(momenta);
    all.putAll(rest.state());
    return all;
  }
}
