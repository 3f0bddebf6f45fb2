package org.puna.train.bpe;

import java.util.Arrays;

/** How often each pair of neighbouring tokens comes: a hash table with open addressing. */
final class PairCounts {
  private long[] keys = new long[1 << 16];
  private long[] counts = new long[1 << 16];
  private int size;

  static long key(int a, int b) {
    return ((long) a << 32) | b;
  }

  /** Adds to a pair's count; a pair is a key of two ids, each at least 0. */
  void add(long key, long count) {
    int slot = slot(key);
    if (keys[slot] == 0) {
      if (2 * size > keys.length) {
        grow();
        slot = slot(key);
      }
      keys[slot] = key + 1;
      size++;
    }
    counts[slot] += count;
  }

  long get(long key) {
    return counts[slot(key)];
  }

  private int slot(long key) {
    long h = key * 0x9E3779B97F4A7C15L;
    int mask = keys.length - 1;
    int slot = (int) (h >>> 40) & mask;
    // Keys are stored plus one, since the pair (0, 0) is a key of zero.
    while (keys[slot] != 0 && keys[slot] != key + 1) slot = (slot + 1) & mask;
    return slot;
  }

  private void grow() {
    long[] oldKeys = keys;
    long[] oldCounts = counts;
    keys = new long[2 * oldKeys.length];
    counts = new long[2 * oldCounts.length];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] == 0) continue;
      int slot = slot(oldKeys[i] - 1);
      keys[slot] = oldKeys[i];
      counts[slot] = oldCounts[i];
    }
  }

  /** Returns all pairs that were ever counted, in no order. */
  long[] pairs() {
    long[] out = new long[size];
    int n = 0;
    for (long k : keys) {
      if (k != 0) out[n++] = k - 1;
    }
    return Arrays.copyOf(out, n);
  }
}
