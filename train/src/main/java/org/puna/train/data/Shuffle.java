package org.puna.train.data;

import java.util.SplittableRandom;

/** An endless order of n things: each epoch all of them once, in a seeded order of its own. */
public final class Shuffle {
  private final int n;
  private final long seed;
  private long epoch = -1;
  private int[] order = new int[0];

  /**
   * An order.
   *
   * @param n things, at least 1
   */
  public Shuffle(int n, long seed) {
    this.n = n;
    this.seed = seed;
  }

  /** Returns which thing comes at a place, counted from 0 through all epochs. */
  public int at(long index) {
    long e = index / n;
    if (e != epoch) {
      order = new int[n];
      for (int i = 0; i < n; i++) order[i] = i;
      var random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + e);
      for (int i = n - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        int t = order[i];
        order[i] = order[j];
        order[j] = t;
      }
      epoch = e;
    }
    return order[(int) (index % n)];
  }
}
