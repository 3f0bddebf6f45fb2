package org.puna.tensor.cpu;

import java.util.HashMap;
import java.util.Map;
import org.puna.tensor.Op;
import org.puna.tensor.Param;
import org.puna.tensor.Tensor;

/** The experts that the tokens of a step visit, and the products that follow from them. */
final class Routes {
  private final int k;
  private final int experts;
  private final int[] expert;
  private final int[] rowsOf;
  private final Map<Param, Tensor[]> matrices = new HashMap<>();
  private float[] in = new float[0];
  private float[] out = new float[0];

  Routes(int k, int experts, int maxTokens) {
    this.k = k;
    this.experts = experts;
    expert = new int[maxTokens * k];
    rowsOf = new int[maxTokens * k];
  }

  /** Makes the matrices of a weight [E, N, K] ready. */
  void weight(Param p) {
    Tensor[] m = new Tensor[experts];
    for (int e = 0; e < experts; e++) m[e] = p.tensor().slice(e);
    matrices.put(p, m);
  }

  /**
   * Chooses the k largest scores of each token and writes their weights.
   *
   * @param logits [tokens, experts]
   * @param y [tokens, k]
   */
  void choose(Op.Routing routing, float[] logits, int tokens, float[] y) {
    for (int t = 0; t < tokens; t++) {
      for (int j = 0; j < k; j++) {
        int best = -1;
        for (int e = 0; e < experts; e++) {
          if (!chosen(t, j, e)
              && (best < 0 || logits[t * experts + e] > logits[t * experts + best])) {
            best = e;
          }
        }
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

  private boolean chosen(int t, int before, int e) {
    for (int j = 0; j < before; j++) {
      if (expert[t * k + j] == e) return true;
    }
    return false;
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

  /** Multiplies each routed row with its expert's matrix, the rows of one expert together. */
  void linear(Kernels kernels, Team team, Param p, float[] x, int rows, float[] y) {
    Tensor[] m = matrices.get(p);
    if (m == null) throw new IllegalArgumentException("no matrices of " + p);
    int kIn = m[0].rowElements();
    int n = Math.toIntExact(m[0].dim(0));
    if (in.length < rows * kIn) in = new float[rows * kIn];
    if (out.length < rows * n) out = new float[rows * n];
    for (int e = 0; e < experts; e++) {
      int count = 0;
      for (int r = 0; r < rows; r++) {
        if (expert[r] == e) {
          System.arraycopy(x, r * kIn, in, count * kIn, kIn);
          rowsOf[count++] = r;
        }
      }
      if (count == 0) continue;
      kernels.linear(team, in, count, m[e], null, out);
      for (int i = 0; i < count; i++) System.arraycopy(out, i * n, y, rowsOf[i] * n, n);
    }
  }
}
