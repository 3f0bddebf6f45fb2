package org.puna.train.data;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds documents that were seen before: the same text but for white space, or nearly the same by
 * MinHash over runs of five words. The first of several is kept.
 *
 * @see "Broder 1997, On the resemblance and containment of documents"
 * @see "Lee et al. 2022, Deduplicating Training Data Makes Language Models Better"
 */
public final class Duplicates {
  /** How close documents must be to count as the same. */
  public enum Kind {
    /** Nothing is left out. */
    NONE,
    /** Equal but for white space. */
    EXACT,
    /** Equal, or of an estimated Jaccard similarity above a threshold. */
    NEAR
  }

  private static final int SHINGLE_WORDS = 5;
  private static final int BANDS = 32;
  private static final int BAND_ROWS = 4;
  private static final int HASHES = BANDS * BAND_ROWS;

  private final Kind kind;
  private final double threshold;
  private final Set<String> seen = new HashSet<>();
  private final List<int[]> signatures = new ArrayList<>();
  private final Map<Long, List<Integer>> buckets = new HashMap<>();

  /**
   * Nothing seen yet.
   *
   * @param threshold similarity from which documents count as near, 0 to 1
   */
  public Duplicates(Kind kind, double threshold) {
    this.kind = kind;
    this.threshold = threshold;
  }

  /** Returns whether a text was not seen before, and remembers it. */
  public boolean isNew(String text) {
    return switch (kind) {
      case NONE -> true;
      case EXACT -> seen.add(digest(text));
      case NEAR -> seen.add(digest(text)) && !near(text);
    };
  }

  /** Returns the SHA-256 of a text whose runs of white space count as one space. */
  static String digest(String text) {
    String plain = text.strip().replaceAll("\\s+", " ");
    try {
      byte[] d =
          MessageDigest.getInstance("SHA-256").digest(plain.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(d);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean near(String text) {
    int[] signature = signature(text);
    boolean found = false;
    long[] keys = new long[BANDS];
    for (int b = 0; b < BANDS; b++) {
      long key = b;
      for (int r = 0; r < BAND_ROWS; r++) key = mix(key * 31 + signature[b * BAND_ROWS + r]);
      keys[b] = key;
      for (int other : buckets.getOrDefault(key, List.of())) {
        found |= similarity(signature, signatures.get(other)) >= threshold;
      }
    }
    if (found) return true;
    int id = signatures.size();
    signatures.add(signature);
    for (long key : keys) buckets.computeIfAbsent(key, _ -> new ArrayList<>()).add(id);
    return false;
  }

  private static double similarity(int[] a, int[] b) {
    int same = 0;
    for (int i = 0; i < HASHES; i++) same += a[i] == b[i] ? 1 : 0;
    return (double) same / HASHES;
  }

  /** The smallest hash of any shingle under each of 128 hash functions. */
  private static int[] signature(String text) {
    String[] words = text.toLowerCase(java.util.Locale.ROOT).strip().split("[^\\p{L}\\p{N}]+", -1);
    int[] least = new int[HASHES];
    java.util.Arrays.fill(least, Integer.MAX_VALUE);
    int shingles = Math.max(1, words.length - SHINGLE_WORDS + 1);
    for (int s = 0; s < shingles; s++) {
      long h = 0;
      for (int w = s; w < Math.min(words.length, s + SHINGLE_WORDS); w++) {
        h = mix(h * 31 + words[w].hashCode());
      }
      for (int i = 0; i < HASHES; i++) {
        int v = (int) (mix(h + i * 0x9E3779B97F4A7C15L) >>> 33);
        if (v < least[i]) least[i] = v;
      }
    }
    return least;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
