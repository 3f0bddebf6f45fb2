package org.puna.app.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the word that a typo most likely meant. */
public final class Nearest {
  private Nearest() {}

  /**
   * Returns the candidate with the smallest edit distance to {@code word}, where it is at most a
   * third of the word's letters (and one at least).
   */
  public static Optional<String> of(String word, Collection<String> candidates) {
    int most = Math.max(1, word.length() / 3);
    return candidates.stream()
        .filter(c -> distance(word, c) <= most)
        .min(Comparator.comparingInt(c -> distance(word, c)));
  }

  /** Levenshtein's distance, letters compared without case. */
  private static int distance(String a, String b) {
    String x = a.toLowerCase(Locale.ROOT);
    String y = b.toLowerCase(Locale.ROOT);
    int[] row = new int[y.length() + 1];
    for (int j = 0; j <= y.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= x.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= y.length(); j++) {
        int above = row[j];
        int change = x.charAt(i - 1) == y.charAt(j - 1) ? 0 : 1;
        row[j] = Math.min(Math.min(above, row[j - 1]) + 1, diagonal + change);
        diagonal = above;
      }
    }
    return row[y.length()];
  }
}
