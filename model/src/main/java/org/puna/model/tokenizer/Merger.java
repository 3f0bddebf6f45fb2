package org.puna.model.tokenizer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Joins neighbouring symbols, the pair of lowest rank first and of equals the leftmost, until no
 * merge applies. Short runs search all ranks each time; long ones keep a heap, so that n symbols
 * take O(n log n).
 */
final class Merger {
  /** Symbols up to which searching is faster than a heap. */
  private static final int SHORT = 40;

  int[] symbols = new int[64];
  int size;
  private long[] merges = new long[64];
  private int[] previous = new int[0];
  private int[] following = new int[0];
  private long[] heap = new long[0];
  private int heapSize;

  /** For each symbol that is to be taken apart again, the pair that was last seen to make it. */
  final Map<Integer, Long> origins = new HashMap<>();

  void clear() {
    size = 0;
  }

  void add(int symbol) {
    if (size == symbols.length) {
      symbols = Arrays.copyOf(symbols, size * 2);
    }
    symbols[size++] = symbol;
  }

  /** Joins {@link #symbols} in place. */
  void merge(PairTable pairs, boolean[] unused) {
    if (size < 2) return;
    if (merges.length < symbols.length) merges = new long[symbols.length];
    for (int i = 0; i + 1 < size; i++) {
      merges[i] = look(pairs, unused, symbols[i], symbols[i + 1]);
    }
    merges[size - 1] = PairTable.NONE;
    if (size <= SHORT) {
      mergeShort(pairs, unused);
    } else {
      mergeLong(pairs, unused);
    }
  }

  private long look(PairTable pairs, boolean[] unused, int left, int right) {
    long merge = pairs.get(left, right);
    if (unused.length > 0 && merge != PairTable.NONE) {
      int merged = (int) merge;
      if (merged < unused.length && unused[merged]) {
        origins.put(merged, (long) left << 32 | right & 0xFFFFFFFFL);
      }
    }
    return merge;
  }

  private void mergeShort(PairTable pairs, boolean[] unused) {
    int[] symbols = this.symbols;
    long[] merges = this.merges;
    int n = size;
    while (n > 1) {
      int best = 0;
      int bestRank = PairTable.rank(merges[0]);
      for (int i = 1; i < n - 1; i++) {
        int rank = PairTable.rank(merges[i]);
        if (rank < bestRank) {
          bestRank = rank;
          best = i;
        }
      }
      if (merges[best] == PairTable.NONE) break;
      symbols[best] = (int) merges[best];
      n--;
      System.arraycopy(symbols, best + 2, symbols, best + 1, n - best - 1);
      System.arraycopy(merges, best + 2, merges, best + 1, n - best - 1);
      merges[best] =
          best + 1 < n ? look(pairs, unused, symbols[best], symbols[best + 1]) : PairTable.NONE;
      if (best > 0) merges[best - 1] = look(pairs, unused, symbols[best - 1], symbols[best]);
    }
    size = n;
  }

  private void mergeLong(PairTable pairs, boolean[] unused) {
    int n = size;
    if (previous.length < n) {
      previous = new int[n];
      following = new int[n];
    }
    heapSize = 0;
    for (int i = 0; i < n; i++) {
      previous[i] = i - 1;
      following[i] = i + 1;
      if (merges[i] != PairTable.NONE) append(entry(merges[i], i));
    }
    for (int i = heapSize / 2 - 1; i >= 0; i--) sink(i);
    while (heapSize > 0) {
      long top = heap[0];
      int at = (int) top;
      heap[0] = heap[--heapSize];
      sink(0);
      long merge = merges[at];
      // What stands there now may have another rank, or have gone into its neighbour.
      if (merge == PairTable.NONE || PairTable.rank(merge) != (int) (top >>> 32)) continue;
      int right = following[at];
      int next = following[right];
      symbols[at] = (int) merge;
      merges[right] = PairTable.NONE;
      following[at] = next;
      if (next < n) {
        previous[next] = at;
        update(pairs, unused, at, next);
      } else {
        merges[at] = PairTable.NONE;
      }
      if (previous[at] >= 0) update(pairs, unused, previous[at], at);
    }
    int out = 0;
    for (int i = 0; i < n; i = following[i]) symbols[out++] = symbols[i];
    size = out;
  }

  private void update(PairTable pairs, boolean[] unused, int left, int right) {
    long merge = look(pairs, unused, symbols[left], symbols[right]);
    merges[left] = merge;
    if (merge != PairTable.NONE) {
      append(entry(merge, left));
      rise(heapSize - 1);
    }
  }

  private static long entry(long merge, int at) {
    return merge & 0xFFFFFFFF00000000L | at;
  }

  private void append(long entry) {
    if (heapSize == heap.length) heap = Arrays.copyOf(heap, Math.max(256, heapSize * 2));
    heap[heapSize++] = entry;
  }

  private void rise(int from) {
    long[] heap = this.heap;
    long entry = heap[from];
    int at = from;
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (heap[parent] <= entry) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  private void sink(int from) {
    long[] heap = this.heap;
    int n = heapSize;
    if (from >= n) return;
    long entry = heap[from];
    int at = from;
    while (true) {
      int child = 2 * at + 1;
      if (child >= n) break;
      if (child + 1 < n && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= entry) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = entry;
  }
}
