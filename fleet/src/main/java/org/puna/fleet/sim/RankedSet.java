package org.puna.fleet.sim;

import java.util.Arrays;

/**
 * Items with small ranks, found by rank in constant time for practical sizes: the pairs (rank,
 * item) are bits of one long map with a summary bit for every 64 bits below, so that a search
 * climbs and descends log₆₄ levels. Best fit is {@link #ceiling}, worst fit is {@link #highest}.
 */
final class RankedSet {
  private final int items;
  private final int maxRank;
  private final long[][] levels;
  private final int[] ranks;
  private final int[] ofRank;

  /**
   * An empty set.
   *
   * @param items items are 0 to {@code items} − 1
   * @param maxRank ranks are 1 to {@code maxRank}; rank 0 means absent
   */
  RankedSet(int items, int maxRank) {
    this.items = items;
    this.maxRank = maxRank;
    this.ranks = new int[items];
    this.ofRank = new int[maxRank + 1];
    ofRank[0] = items;
    int words = words(Math.multiplyExact(Math.max(items, 1), maxRank + 1));
    int depth = 1;
    for (int w = words; w > 1; w = words(w)) depth++;
    levels = new long[depth][];
    for (int level = 0; level < depth; level++, words = words(words)) {
      levels[level] = new long[words];
    }
  }

  /** Gives an item a rank; 0 takes it out. */
  void put(int item, int rank) {
    int old = ranks[item];
    if (old == rank) return;
    if (old > 0) clear(old * items + item);
    ranks[item] = rank;
    ofRank[old]--;
    ofRank[rank]++;
    if (rank > 0) set(rank * items + item);
  }

  /** Returns the first item of the lowest rank that is at least {@code rank}, or −1. */
  int ceiling(int rank) {
    if (rank > maxRank) return -1;
    int bit = next(rank * items);
    return bit < 0 ? -1 : bit % items;
  }

  /** Returns the first item of exactly {@code rank} that is at least {@code item}, or −1. */
  int from(int rank, int item) {
    int bit = next(rank * items + item);
    return bit < 0 || bit / items != rank ? -1 : bit % items;
  }

  /** Returns the item that follows a present one in the order of rank, then number, or −1. */
  int after(int item) {
    int bit = next(ranks[item] * items + item + 1);
    return bit < 0 ? -1 : bit % items;
  }

  /** Returns how many items have at least a rank, in time proportional to the ranks. */
  int atLeast(int rank) {
    int count = 0;
    for (int r = rank; r <= maxRank; r++) count += ofRank[r];
    return count;
  }

  /** Returns an item of the highest rank, or −1 if the set is empty. */
  int highest() {
    int top = levels.length - 1;
    if (levels[top][0] == 0) return -1;
    int word = 0;
    for (int level = top; level >= 0; level--) {
      word = (word << 6) + 63 - Long.numberOfLeadingZeros(levels[level][word]);
    }
    return word % items;
  }

  /** Returns the rank of an item, 0 if it is absent. */
  int rank(int item) {
    return ranks[item];
  }

  private void set(int bit) {
    int at = bit;
    for (long[] level : levels) {
      long before = level[at >> 6];
      level[at >> 6] = before | 1L << at;
      if (before != 0) return;
      at >>= 6;
    }
  }

  private void clear(int bit) {
    int at = bit;
    for (long[] level : levels) {
      long after = level[at >> 6] & ~(1L << at);
      level[at >> 6] = after;
      if (after != 0) return;
      at >>= 6;
    }
  }

  private int next(int from) {
    int at = from;
    for (int level = 0; level < levels.length; level++) {
      int word = at >> 6;
      if (word >= levels[level].length) return -1;
      long rest = levels[level][word] & (-1L << at);
      if (rest != 0) {
        int found = (word << 6) + Long.numberOfTrailingZeros(rest);
        for (int down = level - 1; down >= 0; down--) {
          found = (found << 6) + Long.numberOfTrailingZeros(levels[down][found]);
        }
        return found;
      }
      at = word + 1;
    }
    return -1;
  }

  private static int words(int bits) {
    return (bits + 63) >>> 6;
  }

  @Override
  public String toString() {
    return "RankedSet" + Arrays.toString(ranks);
  }
}
