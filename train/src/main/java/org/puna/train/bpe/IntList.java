package org.puna.train.bpe;

import java.util.Arrays;

/** A growing list of rising ints without repetition. */
final class IntList {
  int[] items = new int[2];
  int size;

  /** Appends a number, unless it is the last one. */
  void add(int i) {
    if (size > 0 && items[size - 1] == i) return;
    if (size == items.length) items = Arrays.copyOf(items, 2 * size);
    items[size++] = i;
  }
}
