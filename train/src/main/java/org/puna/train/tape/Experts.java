package org.puna.train.tape;

import java.util.Arrays;
import org.puna.tensor.Op;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;

/** The experts that the tokens of a step visit, the products that follow, and their gradients. */
final class Experts {
  private final int k;
  private final int experts;
  private final int[] expert;
  private final int[] rowsOf;
  private float[] a = new float[0];
  private float[] b = new float[0];

  Experts(int k, int experts, int maxRows) {
    this.k = k;
    this.experts = experts;
    expert = new int[maxRows * k];
    rowsOf = new int[maxRows * k];
  }

  /**
   * Chooses the k largest scores of each token, ties to the smaller index; writes their weights.
   */
  void choose(Op.Routing routing, float[] logits, int tokens, float[] y) {
    boolean[] taken = new boolean[experts];
    for (int t = 0; t < tokens; t++) {
      Arrays.fill(taken, false);
      for (int j = 0; j < k; j++) {
        int best = -1;
        for (int e = 0; e < experts; e++) {
          if (taken[e]) continue;
          if (best < 0 || logits[t * experts + e] > logits[t * experts + best]) best = e;
        }
        taken[best] = true;
        expert[t * k + j] = best;
        y[t * k + j] = logits[t * experts + best];
      }
      switch (routing) {
        case SOFTMAX -> softmax(y, t * k);
        case SIGMOID -> {
          for (int j = 0; j < k; j++) y[t * k + j] = (float) (1 / (1 + Math.exp(-y[t * k + j])));
        }
      }
    }
  }

  private void softmax(float[] y, int at) {
    float max = y[at];
    float sum = 0;
    for (int j = 0; j < k; j++) {
      y[at + j] = (float) Math.exp(y[at + j] - max);
      sum += y[at + j];
    }
    for (int j = 0; j < k; j++) y[at + j] /= sum;
  }

  /**
   * Gradient of the weights by the scores; scores that were not chosen have none.
   *
   * @param y the weights
   * @param dx receives [tokens, experts]
   */
  void route(Op.Routing routing, float[] dy, float[] y, int tokens, float[] dx) {
    Arrays.fill(dx, 0, tokens * experts, 0);
    for (int t = 0; t < tokens; t++) {
      float dot = 0;
      for (int j = 0; j < k; j++) dot += dy[t * k + j] * y[t * k + j];
      for (int j = 0; j < k; j++) {
        int r = t * k + j;
        float slope =
            switch (routing) {
              case SOFTMAX -> y[r] * (dy[r] - dot);
              case SIGMOID -> dy[r] * y[r] * (1 - y[r]);
            };
        dx[t * experts + expert[r]] = slope;
      }
    }
  }

  /** Multiplies each routed row with its expert's matrix. */
  void linear(GradKernels grads, Team team, Tensor w, float[] x, int rows, float[] y) {
    int n = Math.toIntExact(w.dim(1));
    int kIn = w.rowElements();
    reserve(rows, Math.max(n, kIn));
    for (int e = 0; e < experts; e++) {
      int count = gather(e, x, rows, kIn, a);
      if (count == 0) continue;
      grads.linear(team, a, count, w.slice(e), b);
      scatter(b, count, n, y);
    }
  }

  /** Gradient of {@link #linear} by its input, overwriting {@code dx}. */
  void linearInput(GradKernels grads, Team team, float[] dy, int rows, Tensor w, float[] dx) {
    int n = Math.toIntExact(w.dim(1));
    int kIn = w.rowElements();
    reserve(rows, Math.max(n, kIn));
    for (int e = 0; e < experts; e++) {
      int count = gather(e, dy, rows, n, a);
      if (count == 0) continue;
      grads.linearInput(team, a, count, w.slice(e), false, b);
      scatter(b, count, kIn, dx);
    }
  }

  /** Gradient of {@link #linear} by its weight [E, N, K], added to {@code dw}. */
  void linearWeight(
      GradKernels grads, Team team, float[] dy, float[] x, int rows, int n, int kIn, float[] dw) {
    reserve(rows, Math.max(n, kIn));
    for (int e = 0; e < experts; e++) {
      int count = gather(e, dy, rows, n, a);
      if (count == 0) continue;
      gather(e, x, rows, kIn, b);
      grads.linearWeight(team, a, b, count, n, kIn, dw, e * n * kIn);
    }
  }

  private void reserve(int rows, int cols) {
    if (a.length < rows * cols) {
      a = new float[rows * cols];
      b = new float[rows * cols];
    }
  }

  private int gather(int e, float[] x, int rows, int cols, float[] to) {
    int count = 0;
    for (int r = 0; r < rows; r++) {
      if (expert[r] != e) continue;
      System.arraycopy(x, r * cols, to, count * cols, cols);
      rowsOf[count++] = r;
    }
    return count;
  }

  private void scatter(float[] from, int count, int cols, float[] y) {
    for (int i = 0; i < count; i++) System.arraycopy(from, i * cols, y, rowsOf[i] * cols, cols);
  }
}
