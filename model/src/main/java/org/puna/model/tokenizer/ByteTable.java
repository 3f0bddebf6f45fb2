package org.puna.model.tokenizer;

import java.util.Arrays;
import java.util.List;

/** Byte strings to ids, by open addressing over one pool: looking up leaves no garbage. */
final class ByteTable {
  private byte[] pool;
  private int poolSize;

  /** Start of each entry in the pool, and the end of the last. */
  private int[] offsets;

  private int[] ids;
  private int size;

  /** Entry number + 1, 0 for a free place; a power of two long. */
  private int[] slots;

  private int longest;

  ByteTable(int expected) {
    int capacity = Math.max(16, expected);
    pool = new byte[Math.min(capacity, 1 << 26) * 8];
    offsets = new int[capacity + 1];
    ids = new int[capacity];
    slots = new int[Integer.highestOneBit(capacity) * 4];
  }

  /** Entries of a list whose index is the id; null entries are left out, later twins too. */
  static ByteTable of(List<byte[]> entries) {
    ByteTable table = new ByteTable(entries.size());
    for (int id = 0; id < entries.size(); id++) table.putIfAbsent(entries.get(id), id);
    return table;
  }

  int size() {
    return size;
  }

  /** Bytes of the longest entry. */
  int longest() {
    return longest;
  }

  /** Adds an entry unless its bytes are there; an empty one is never added. */
  void putIfAbsent(byte[] key, int id) {
    if (key.length == 0 || get(key, 0, key.length) >= 0) return;
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, size * 2);
      offsets = Arrays.copyOf(offsets, size * 2 + 1);
    }
    if (poolSize + key.length > pool.length) {
      pool = Arrays.copyOf(pool, Math.max(poolSize + key.length, pool.length * 2));
    }
    System.arraycopy(key, 0, pool, poolSize, key.length);
    poolSize += key.length;
    ids[size] = id;
    size++;
    offsets[size] = poolSize;
    longest = Math.max(longest, key.length);
    if (size * 2 > slots.length) {
      slots = new int[slots.length * 2];
      for (int e = 0; e < size; e++) place(e);
    } else {
      place(size - 1);
    }
  }

  private void place(int entry) {
    int mask = slots.length - 1;
    int at = hash(pool, offsets[entry], offsets[entry + 1]) & mask;
    while (slots[at] != 0) at = (at + 1) & mask;
    slots[at] = entry + 1;
  }

  /** The id of bytes, or -1. */
  int get(byte[] s, int from, int to) {
    int mask = slots.length - 1;
    int at = hash(s, from, to) & mask;
    while (true) {
      int entry = slots[at] - 1;
      if (entry < 0) return -1;
      if (Arrays.equals(pool, offsets[entry], offsets[entry + 1], s, from, to)) return ids[entry];
      at = (at + 1) & mask;
    }
  }

  private static int hash(byte[] s, int from, int to) {
    int h = to - from;
    for (int i = from; i < to; i++) h = h * 31 + s[i];
    h *= 0x9E3779B1;
    return h ^ h >>> 15;
  }
}
