package org.puna.model.tokenizer;

import java.util.Arrays;

/** A growing list of token ids, without boxes. */
final class Ids {
  private int[] items;
  private int size;

  Ids(int capacity) {
    items = new int[Math.max(16, capacity)];
  }

  void add(int id) {
    if (size == items.length) items = Arrays.copyOf(items, grown(size + 1));
    items[size++] = id;
  }

  void addAll(int[] ids) {
    if (size + ids.length > items.length) items = Arrays.copyOf(items, grown(size + ids.length));
    System.arraycopy(ids, 0, items, size, ids.length);
    size += ids.length;
  }

  int size() {
    return size;
  }

  /** Drops the ids from an index on. */
  void truncate(int size) {
    this.size = size;
  }

  int[] toArray() {
    return Arrays.copyOf(items, size);
  }

  /** Copies the ids from an index on. */
  int[] tail(int from) {
    return Arrays.copyOfRange(items, from, size);
  }

  private int grown(int needed) {
    return Math.max(needed, items.length + (items.length >> 1));
  }
}
