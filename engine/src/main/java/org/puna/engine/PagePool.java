package org.puna.engine;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.SequencedSet;

/**
 * Who holds which page of the cache. A full page is known by its tokens and the page before it, so
 * that a later sequence with the same beginning shares it; a page that nobody holds stays known
 * until its memory is needed, the longest unused first.
 */
final class PagePool {
  /** The page before the first. */
  static final long ROOT = 0;

  private final int pageTokens;
  private final int[] holders;
  private final long[] serial;
  private final Key[] keyOf;
  private final Deque<Integer> free = new ArrayDeque<>();
  private final SequencedSet<Integer> idle = new LinkedHashSet<>();
  private final Map<Key, Integer> known = new HashMap<>();
  private long nextSerial = ROOT + 1;

  /**
   * What a full page holds: its tokens, after everything that the page of serial {@code before}
   * stands for.
   */
  private record Key(long before, int[] tokens) {
    private static final Key NONE = new Key(-1, new int[0]);

    @Override
    public boolean equals(Object o) {
      return o instanceof Key k && before == k.before && Arrays.equals(tokens, k.tokens);
    }

    @Override
    public int hashCode() {
      return Long.hashCode(before) * 31 + Arrays.hashCode(tokens);
    }
  }

  PagePool(int pages, int pageTokens) {
    this.pageTokens = pageTokens;
    holders = new int[pages];
    serial = new long[pages];
    keyOf = new Key[pages];
    Arrays.fill(keyOf, Key.NONE);
    for (int p = 0; p < pages; p++) free.add(p);
  }

  int pageTokens() {
    return pageTokens;
  }

  /** Returns the pages that can be taken now. */
  int available() {
    return free.size() + idle.size();
  }

  /** Returns the pages held by sequences. */
  int held() {
    return holders.length - available();
  }

  /** Returns the pages that nobody holds but that are known. */
  int idle() {
    return idle.size();
  }

  /** Takes a page for one holder, forgetting an idle one where needed; −1 if every page is held. */
  int take() {
    Integer page = free.poll();
    if (page == null) {
      if (idle.isEmpty()) return -1;
      page = idle.removeFirst();
      known.remove(keyOf[page], page);
      keyOf[page] = Key.NONE;
    }
    holders[page] = 1;
    serial[page] = nextSerial++;
    return page;
  }

  /** Lets go of a page for one holder. */
  void release(int page) {
    if (--holders[page] > 0) return;
    if (keyOf[page].equals(Key.NONE)) free.push(page);
    else idle.addLast(page);
  }

  /**
   * Makes a full page known, unless an equal one is.
   *
   * @param before serial of the page before, {@link #ROOT} for the first
   * @param tokens the sequence's tokens
   * @param from index of the page's first token
   */
  void publish(int page, long before, int[] tokens, int from) {
    Key key = new Key(before, Arrays.copyOfRange(tokens, from, from + pageTokens));
    if (known.putIfAbsent(key, page) == null) keyOf[page] = key;
  }

  /** Returns the number by which pages after this one know it. */
  long serial(int page) {
    return serial[page];
  }

  /**
   * Finds the known page with these tokens after {@code before} and holds it; −1 if there is none.
   */
  int share(long before, int[] tokens, int from) {
    Integer page = known.get(new Key(before, Arrays.copyOfRange(tokens, from, from + pageTokens)));
    if (page == null) return -1;
    if (holders[page]++ == 0) idle.remove(page);
    return page;
  }
}
