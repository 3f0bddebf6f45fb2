package org.puna.model.tokenizer;

import java.util.Arrays;

/** Pairs of symbols to the merge that joins them: rank (lower is earlier) and resulting symbol. */
final class PairTable {
  /** What {@link #get} gives for a pair that no merge joins; its rank is above all others. */
  static final long NONE = Long.MAX_VALUE;

  private long[] keys;
  private long[] values;
  private int size;

  PairTable(int expected) {
    int capacity = 64;
    while (capacity < Math.min(expected, 1 << 28) * 2L) capacity <<= 1;
    keys = new long[capacity];
    Arrays.fill(keys, -1);
    values = new long[capacity];
  }

  int size() {
    return size;
  }

  /** Adds a merge; of two for one pair that with the lower rank stays. */
  void put(int left, int right, int rank, int merged) {
    if (size * 2 >= keys.length) grow();
    long value = (long) rank << 32 | merged;
    long key = key(left, right);
    int at = find(key);
    if (keys[at] == key) {
      values[at] = Math.min(values[at], value);
      return;
    }
    keys[at] = key;
    values[at] = value;
    size++;
  }

  /** Rank in the upper 32 bits, merged symbol in the lower; or {@link #NONE}. */
  long get(int left, int right) {
    long key = key(left, right);
    int at = find(key);
    return keys[at] == key ? values[at] : NONE;
  }

  static int rank(long merge) {
    return (int) (merge >>> 32);
  }

  private static long key(int left, int right) {
    return (long) left << 32 | right & 0xFFFFFFFFL;
  }

  private int find(long key) {
    int mask = keys.length - 1;
    long h = key * 0x9E3779B97F4A7C15L;
    int at = (int) (h >>> 32) & mask;
    while (keys[at] != key && keys[at] != -1) at = (at + 1) & mask;
    return at;
  }

  private void grow() {
    long[] oldKeys = keys;
    long[] oldValues = values;
    keys = new long[oldKeys.length * 2];
    Arrays.fill(keys, -1);
    values = new long[keys.length];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] == -1) continue;
      int at = find(oldKeys[i]);
      keys[at] = oldKeys[i];
      values[at] = oldValues[i];
    }
  }
}
