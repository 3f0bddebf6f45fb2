package org.puna.train.bpe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.puna.model.tokenizer.Scanner;

/** The distinct words of a text and how often each comes: a hash table over one array of bytes. */
final class WordCounts {
  /** A text is cut into parts of about this many bytes, so that threads share even a single one. */
  private static final int PART = 1 << 20;

  private byte[] bytes = new byte[1 << 16];
  private int used;
  private int[] starts = new int[1 << 12];
  private int[] hashes = new int[1 << 12];
  private long[] counts = new long[1 << 12];
  private int words;
  private int[] table = new int[1 << 13];

  /** Counts the words of texts in UTF-8 on several threads. */
  static WordCounts of(List<byte[]> texts, Scanner scanner, int threads) {
    record Part(byte[] text, int from, int to) {}
    List<Part> parts = new ArrayList<>();
    for (byte[] t : texts) {
      int from = 0;
      while (from < t.length) {
        int to = cut(t, from);
        parts.add(new Part(t, from, to));
        from = to;
      }
    }
    // Each thread takes every n-th part, so that the tables do not depend on chance.
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<WordCounts>> tables = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int first = i;
        tables.add(
            pool.submit(() -> {
              WordCounts w = new WordCounts();
              for (int p = first; p < parts.size(); p += threads) {
                Part part = parts.get(p);
                w.scan(part.text(), part.from(), part.to(), scanner);
              }
              return w;
            }));
      }
      WordCounts all = tables.getFirst().get();
      for (int i = 1; i < threads; i++) all.addAll(tables.get(i).get());
      return all;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while counting words", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /**
   * Returns where a part that begins at {@code from} may end: between a line end and an ASCII
   * letter no pre-tokenizer's word goes on.
   */
  private static int cut(byte[] t, int from) {
    for (int i = from + PART; i < t.length; i++) {
      int lower = t[i] | 0x20;
      if (t[i - 1] == '\n' && lower >= 'a' && lower <= 'z') return i;
    }
    return t.length;
  }

  private void scan(byte[] s, int from, int to, Scanner scanner) {
    int at = from;
    while (at < to) {
      int end = scanner.next(s, at, to);
      add(s, at, end, 1);
      at = end;
    }
  }

  private void addAll(WordCounts other) {
    for (int w = 0; w < other.words; w++) {
      add(other.bytes, other.starts[w], other.end(w), other.counts[w]);
    }
  }

  private void add(byte[] s, int from, int to, long count) {
    int h = 0;
    for (int i = from; i < to; i++) h = 31 * h + s[i];
    h ^= h >>> 15;
    h *= 0x2c1b3c6d;
    h ^= h >>> 12;
    int mask = table.length - 1;
    int slot = h & mask;
    while (table[slot] != 0) {
      int w = table[slot] - 1;
      if (hashes[w] == h && Arrays.equals(bytes, starts[w], end(w), s, from, to)) {
        counts[w] += count;
        return;
      }
      slot = (slot + 1) & mask;
    }
    insert(s, from, to, h, count);
    table[slot] = words;
    if (2 * words > table.length) grow();
  }

  private void insert(byte[] s, int from, int to, int h, long count) {
    int n = to - from;
    if (used > Integer.MAX_VALUE - 64 - n) {
      throw new IllegalArgumentException("more than 2 GB of distinct words; is this text?");
    }
    if (used + n > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 64, 2L * (used + n)));
    }
    if (words + 1 >= starts.length) {
      starts = Arrays.copyOf(starts, 2 * starts.length);
      hashes = Arrays.copyOf(hashes, starts.length);
      counts = Arrays.copyOf(counts, starts.length);
    }
    System.arraycopy(s, from, bytes, used, n);
    starts[words] = used;
    hashes[words] = h;
    counts[words] = count;
    used += n;
    words++;
    starts[words] = used;
  }

  private void grow() {
    int[] bigger = new int[2 * table.length];
    int mask = bigger.length - 1;
    for (int w = 0; w < words; w++) {
      int slot = hashes[w] & mask;
      while (bigger[slot] != 0) slot = (slot + 1) & mask;
      bigger[slot] = w + 1;
    }
    table = bigger;
  }

  /** Returns the number of distinct words. */
  int size() {
    return words;
  }

  /** Returns how often a word comes. */
  long count(int word) {
    return counts[word];
  }

  /** Returns the array that holds the words' bytes. */
  byte[] bytes() {
    return bytes;
  }

  /** Returns where a word begins in it. */
  int start(int word) {
    return starts[word];
  }

  /** Returns where a word ends in it. */
  int end(int word) {
    return starts[word + 1];
  }
}
