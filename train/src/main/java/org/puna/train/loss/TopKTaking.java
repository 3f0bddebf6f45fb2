package org.puna.train.loss;

import java.util.Arrays;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;

/** Takes of each row of logits the likeliest tokens; it is no loss, and returns 0. */
public final class TopKTaking implements Objective {
  private final TopK to;
  private final double temperature;

  /**
   * Prepares for rows.
   *
   * @param to receives them
   * @param temperature of the distribution, above 0
   */
  public TopKTaking(TopK to, double temperature) {
    this.to = to;
    this.temperature = temperature;
  }

  @Override
  public double apply(
      Team team, GradKernels grads, float[] logits, int first, int rows, int vocab) {
    team.run(rows, (r, _) -> row(logits, r * vocab, vocab, first + r));
    return 0;
  }

  private void row(float[] logits, int from, int vocab, int row) {
    int k = to.k();
    int[] ids = largest(logits, from, vocab, k);
    Arrays.sort(ids);
    System.arraycopy(ids, 0, to.ids(), row * k, k);
    double all = Distillation.logSum(logits, from, vocab, temperature);
    for (int i = 0; i < k; i++) {
      to.logProbs()[row * k + i] = (float) (logits[from + ids[i]] / temperature - all);
    }
    double outside = to.outside(row, logits, from, vocab, temperature);
    to.rest()[row] = (float) (outside - all);
  }

  /** The places of the largest, of equal ones the first: a heap whose top is the least of them. */
  private static int[] largest(float[] x, int from, int n, int k) {
    int[] heap = new int[k];
    for (int i = 0; i < k; i++) heap[i] = i;
    for (int i = k / 2 - 1; i >= 0; i--) sink(heap, i, x, from);
    for (int i = k; i < n; i++) {
      if (x[from + i] > x[from + heap[0]]) {
        heap[0] = i;
        sink(heap, 0, x, from);
      }
    }
    return heap;
  }

  private static void sink(int[] heap, int at, float[] x, int from) {
    while (true) {
      int least = at;
      for (int child = 2 * at + 1; child <= 2 * at + 2 && child < heap.length; child++) {
        if (below(x, from, heap[child], heap[least])) least = child;
      }
      if (least == at) return;
      int t = heap[at];
      heap[at] = heap[least];
      heap[least] = t;
      at = least;
    }
  }

  private static boolean below(float[] x, int from, int a, int b) {
    return x[from + a] != x[from + b] ? x[from + a] < x[from + b] : a > b;
  }
}
