package org.puna.model.tokenizer;

import java.nio.charset.StandardCharsets;
import java.text.BreakIterator;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;

/**
 * SentencePiece's precompiled normalisation: a double-array trie from byte strings to places in a
 * list of replacements, each of which ends with a zero byte.
 */
final class Charsmap {
  /** The most bytes that one rule replaces. */
  private static final int LONGEST_RULE = 32;

  private final int[] units;
  private final byte[] replacements;

  private Charsmap(int[] units, byte[] replacements) {
    this.units = units;
    this.replacements = replacements;
  }

  /** Reads the table: its trie's length in bytes, the trie, the replacements. */
  static Charsmap read(byte[] table, String where) {
    long length = table.length < 4 ? -1 : unit(table, 0) & 0xFFFFFFFFL;
    if (length < 4 || length % 4 != 0 || length > table.length - 4) {
      throw new BadInput(
          where
              + ": expected a trie of at most "
              + Math.max(0, table.length - 4)
              + " bytes in the normalisation table, found "
              + length);
    }
    int[] units = new int[(int) length / 4];
    for (int i = 0; i < units.length; i++) units[i] = unit(table, 4 + 4 * i);
    return new Charsmap(units, java.util.Arrays.copyOfRange(table, 4 + (int) length, table.length));
  }

  private static int unit(byte[] table, int at) {
    return (table[at] & 0xFF)
        | (table[at + 1] & 0xFF) << 8
        | (table[at + 2] & 0xFF) << 16
        | table[at + 3] << 24;
  }

  /** A rule that applies. */
  private record Rule(int length, int replacement) {}

  /** The shortest or the longest rule for the bytes at a place. */
  private @Nullable Rule rule(byte[] s, int from, int to, boolean shortest) {
    Rule found = null;
    int node = 0;
    if (units.length == 0) return null;
    node ^= offset(units[0]);
    for (int p = from; p < Math.min(to, from + LONGEST_RULE); p++) {
      node ^= s[p] & 0xFF;
      if (node < 0 || node >= units.length) return found;
      int unit = units[node];
      // A node's label is its lowest byte and its top bit, which marks values.
      if ((unit & 0x800000FF) != (s[p] & 0xFF)) return found;
      node ^= offset(unit);
      if (node < 0 || node >= units.length) return found;
      if ((unit >>> 8 & 1) == 1) {
        found = new Rule(p + 1 - from, units[node] & 0x7FFFFFFF);
        if (shortest) return found;
      }
    }
    return found;
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 0x200) >>> 6);
  }

  private String replacement(int at) {
    if (at >= replacements.length) return "";
    int end = at;
    while (end < replacements.length && replacements[end] != 0) end++;
    return new String(replacements, at, end - at, StandardCharsets.UTF_8);
  }

  /** SentencePiece's own way: at each place the longest rule. */
  Normalizer byPlaces() {
    return text -> {
      byte[] s = Utf8.encode(text);
      StringBuilder out = new StringBuilder(text.length());
      for (int p = 0; p < s.length; ) {
        Rule rule = rule(s, p, s.length, false);
        if (rule != null) {
          out.append(replacement(rule.replacement));
          p += rule.length;
          // A rule ends where a character does, in any table that SentencePiece wrote.
          while (p < s.length && (s[p] & 0xC0) == 0x80) p++;
        } else {
          out.appendCodePoint(Utf8.codePoint(s, p));
          p += Utf8.length(s[p]);
        }
      }
      return out.toString();
    };
  }

  /**
   * Hugging Face's way: a rule for the beginning of a short grapheme cluster replaces all of it,
   * else each character is looked up.
   */
  Normalizer byGraphemes() {
    return text -> {
      BreakIterator clusters = BreakIterator.getCharacterInstance(Locale.ROOT);
      clusters.setText(text);
      StringBuilder out = new StringBuilder(text.length());
      int start = 0;
      for (int end = clusters.next(); end != BreakIterator.DONE; end = clusters.next()) {
        String cluster = text.substring(start, end);
        start = end;
        byte[] s = Utf8.encode(cluster);
        Rule rule = s.length < 6 ? rule(s, 0, s.length, true) : null;
        if (rule != null) {
          out.append(replacement(rule.replacement));
          continue;
        }
        for (int p = 0; p < s.length; p += Utf8.length(s[p])) {
          Rule single = rule(s, p, p + Utf8.length(s[p]), true);
          if (single != null) out.append(replacement(single.replacement));
          else out.appendCodePoint(Utf8.codePoint(s, p));
        }
      }
      return out.toString();
    };
  }
}
