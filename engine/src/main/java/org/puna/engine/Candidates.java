package org.puna.engine;

import java.util.Arrays;

/**
 * Tokens that may be drawn, with their logits, the likeliest first where they were ranked. Arrays
 * are reused.
 */
final class Candidates {
  private int[] ids = new int[0];
  private float[] logits = new float[0];
  private int size;
  private double total;

  /** Returns the number of candidates. */
  int size() {
    return size;
  }

  /** Returns the candidates' ids, in order. */
  int[] ids() {
    return Arrays.copyOf(ids, size);
  }

  /** Returns the id of the largest number, the smallest id of several; 0 where none is a number. */
  static int largest(float[] x) {
    int best = 0;
    for (int i = 1; i < x.length; i++) {
      if (x[i] > x[best] || (Float.isNaN(x[best]) && !Float.isNaN(x[i]))) best = i;
    }
    return best;
  }

  /** Returns the sum of exp(x − max x) over all numbers above negative infinity. */
  static double sumExp(float[] x) {
    float max = x[largest(x)];
    double sum = 0;
    for (float v : x) if (v > Float.NEGATIVE_INFINITY) sum += Math.exp(v - max);
    return sum;
  }

  private void room(int n) {
    if (ids.length < n) {
      ids = new int[n];
      logits = new float[n];
    }
    size = 0;
    total = 0;
  }

  /** Takes every token above negative infinity, in order of ids. */
  void all(float[] x) {
    room(x.length);
    for (int i = 0; i < x.length; i++) {
      if (x[i] > Float.NEGATIVE_INFINITY) {
        ids[size] = i;
        logits[size++] = x[i];
      }
    }
  }

  /**
   * Takes the {@code k} likeliest tokens above negative infinity, likeliest first, equal ones by
   * id.
   */
  void top(float[] x, int k) {
    room(Math.min(k, x.length));
    if (k == 0) return;
    // A heap with the least likely at its root: most tokens are turned away by one comparison.
    for (int i = 0; i < x.length; i++) {
      if (!(x[i] > Float.NEGATIVE_INFINITY)) continue;
      if (size < ids.length && size < k) {
        ids[size] = i;
        logits[size] = x[i];
        up(size++);
      } else if (x[i] > logits[0]) {
        ids[0] = i;
        logits[0] = x[i];
        down(0, size);
      }
    }
    for (int n = size - 1; n > 0; n--) {
      swap(0, n);
      down(0, n);
    }
  }

  private boolean lessLikely(int a, int b) {
    return logits[a] < logits[b] || (logits[a] == logits[b] && ids[a] > ids[b]);
  }

  private void up(int i) {
    while (i > 0 && lessLikely(i, (i - 1) / 2)) {
      swap(i, (i - 1) / 2);
      i = (i - 1) / 2;
    }
  }

  private void down(int i, int n) {
    while (true) {
      int child = 2 * i + 1;
      if (child >= n) return;
      if (child + 1 < n && lessLikely(child + 1, child)) child++;
      if (!lessLikely(child, i)) return;
      swap(i, child);
      i = child;
    }
  }

  private void swap(int a, int b) {
    int id = ids[a];
    ids[a] = ids[b];
    ids[b] = id;
    float logit = logits[a];
    logits[a] = logits[b];
    logits[b] = logit;
  }

  /**
   * Returns the probability that the candidates hold together, and remembers the total.
   *
   * @param totalOfAll sum of exp(logit − max) over all tokens
   */
  double mass(double totalOfAll) {
    total = totalOfAll;
    double sum = 0;
    for (int i = 0; i < size; i++) sum += Math.exp(logits[i] - logits[0]);
    return sum / totalOfAll;
  }

  /** Returns the sum of exp(logit − max) that probabilities refer to. */
  private double total() {
    if (total > 0) return total;
    double sum = 0;
    float max = max();
    for (int i = 0; i < size; i++) sum += Math.exp(logits[i] - max);
    return sum;
  }

  private float max() {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < size; i++) max = Math.max(max, logits[i]);
    return max;
  }

  /**
   * Keeps the first candidates that together have probability {@code p}, at least one. They are
   * ranked.
   */
  void nucleus(double p) {
    double all = total();
    float max = max();
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += Math.exp(logits[i] - max) / all;
      if (sum >= p) {
        size = i + 1;
        break;
      }
    }
    total = 0;
  }

  /** Keeps candidates at least {@code p} times as likely as the likeliest. */
  void atLeast(double p) {
    float max = max();
    double least = max + Math.log(p);
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (logits[i] >= least) {
        ids[kept] = ids[i];
        logits[kept++] = logits[i];
      }
    }
    size = kept;
    total = 0;
  }

  /**
   * Keeps the tokens whose surprise is nearest to the entropy, together of probability {@code p},
   * at least one; their ranking by likelihood stays.
   */
  void typical(double p) {
    double all = total();
    float max = max();
    double[] surprise = new double[size];
    double entropy = 0;
    for (int i = 0; i < size; i++) {
      surprise[i] = Math.log(all) - (logits[i] - max);
      entropy += Math.exp(-surprise[i]) * surprise[i];
    }
    Integer[] order = new Integer[size];
    for (int i = 0; i < size; i++) order[i] = i;
    double h = entropy;
    Arrays.sort(
        order, (a, b) -> Double.compare(Math.abs(surprise[a] - h), Math.abs(surprise[b] - h)));
    boolean[] keep = new boolean[size];
    double sum = 0;
    for (int i : order) {
      keep[i] = true;
      sum += Math.exp(-surprise[i]);
      if (sum >= p) break;
    }
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (keep[i]) {
        ids[kept] = ids[i];
        logits[kept++] = logits[i];
      }
    }
    size = kept;
    total = 0;
  }

  /**
   * Draws a candidate.
   *
   * @param temperature divisor of the logits, above 0
   * @param uniform a random number from 0 to 1, exclusive
   */
  int draw(double temperature, double uniform) {
    float max = max();
    double sum = 0;
    for (int i = 0; i < size; i++) sum += Math.exp((logits[i] - max) / temperature);
    double rest = uniform * sum;
    for (int i = 0; i < size; i++) {
      rest -= Math.exp((logits[i] - max) / temperature);
      if (rest < 0) return ids[i];
    }
    return ids[size - 1];
  }
}
