package org.puna.model.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Python's ways to split a string. */
final class Splits {
  private Splits() {}

  /** Parts between occurrences of {@code separator}, at most {@code max} splits from the left. */
  static List<String> by(String s, String separator, int max, Limits limits) {
    List<String> out = new ArrayList<>();
    int from = 0;
    while (out.size() < max) {
      int at = Text.indexOf(s, separator, from);
      if (at < 0) break;
      add(out, limits, s.substring(from, at));
      from = at + separator.length();
    }
    add(out, limits, s.substring(from));
    return out;
  }

  /** The same from the right. */
  static List<String> fromRight(String s, String separator, int max, Limits limits) {
    List<String> out = new ArrayList<>();
    int end = s.length();
    while (out.size() < max) {
      int at = Text.lastIndexOf(s, separator, end);
      if (at < 0) break;
      add(out, limits, s.substring(at + separator.length(), end));
      end = at;
    }
    add(out, limits, s.substring(0, end));
    Collections.reverse(out);
    return out;
  }

  /** Words between white space; after {@code max} splits the rest stays as it is. */
  static List<String> blank(String s, int max, Limits limits) {
    List<String> out = new ArrayList<>();
    int i = 0;
    while (true) {
      while (i < s.length() && Text.isSpace(s.charAt(i))) i++;
      if (i >= s.length()) return out;
      if (out.size() >= max) {
        add(out, limits, s.substring(i));
        return out;
      }
      int start = i;
      while (i < s.length() && !Text.isSpace(s.charAt(i))) i++;
      add(out, limits, s.substring(start, i));
    }
  }

  /** The same from the right. */
  static List<String> blankFromRight(String s, int max, Limits limits) {
    List<String> out = new ArrayList<>();
    int i = s.length();
    while (true) {
      while (i > 0 && Text.isSpace(s.charAt(i - 1))) i--;
      if (i <= 0) break;
      if (out.size() >= max) {
        add(out, limits, s.substring(0, i));
        break;
      }
      int end = i;
      while (i > 0 && !Text.isSpace(s.charAt(i - 1))) i--;
      add(out, limits, s.substring(i, end));
    }
    Collections.reverse(out);
    return out;
  }

  private static void add(List<String> out, Limits limits, String part) {
    limits.objects(1);
    out.add(part);
  }
}
