package org.puna.model.chat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Strings as Python sees them: sequences of code points, with Python's idea of white space. */
final class Text {
  /** Length from which a part is searched in linear time. */
  private static final int LONG_PART = 16;

  private Text() {}

  /** Whether Python's {@code str.isspace} holds for a character. */
  static boolean isSpace(int c) {
    return (c >= 9 && c <= 13)
        || (c >= 0x1c && c <= 0x20)
        || c == 0x85
        || c == 0xa0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  /** Whether a code point belongs to {@code \w} of Python's regular expressions. */
  static boolean isWord(int c) {
    return c == '_' || isAlnum(c);
  }

  static boolean isAlpha(int c) {
    return Character.isLetter(c);
  }

  static boolean isAlnum(int c) {
    return Character.isLetter(c) || isNumeric(c);
  }

  /** Whether a code point has a numeric value of any kind ({@code str.isnumeric}). */
  static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER;
  }

  /** Whether a code point is a digit, superscripts and circled digits included. */
  static boolean isDigit(int c) {
    if (Character.isDigit(c)) return true;
    return c == 0xb2
        || c == 0xb3
        || c == 0xb9
        || c == 0x2070
        || (c >= 0x2074 && c <= 0x2079)
        || (c >= 0x2080 && c <= 0x2089)
        || (c >= 0x2460 && c <= 0x2468)
        || (c >= 0x2474 && c <= 0x247c)
        || (c >= 0x2488 && c <= 0x2490);
  }

  static boolean isBlank(String s, int from) {
    for (int i = from; i < s.length(); i++) {
      if (!isSpace(s.charAt(i))) return false;
    }
    return true;
  }

  static String lstrip(String s) {
    int i = 0;
    while (i < s.length() && isSpace(s.charAt(i))) i++;
    return s.substring(i);
  }

  static String rstrip(String s) {
    int end = s.length();
    while (end > 0 && isSpace(s.charAt(end - 1))) end--;
    return s.substring(0, end);
  }

  /** Strips leading characters that occur in {@code chars}. */
  static String lstrip(String s, String chars) {
    Set<Integer> set = set(chars);
    int i = 0;
    while (i < s.length() && set.contains(s.codePointAt(i))) {
      i += Character.charCount(s.codePointAt(i));
    }
    return s.substring(i);
  }

  /** Strips trailing characters that occur in {@code chars}. */
  static String rstrip(String s, String chars) {
    Set<Integer> set = set(chars);
    int end = s.length();
    while (end > 0 && set.contains(s.codePointBefore(end))) {
      end -= Character.charCount(s.codePointBefore(end));
    }
    return s.substring(0, end);
  }

  private static Set<Integer> set(String chars) {
    Set<Integer> set = new HashSet<>();
    chars.codePoints().forEach(set::add);
    return set;
  }

  /**
   * Where {@code part} first occurs from {@code from} on, or -1. Java's own search takes time in
   * proportion to the product of the lengths on hostile texts, so long parts are searched by Knuth,
   * Morris and Pratt.
   */
  static int indexOf(String s, String part, int from) {
    int m = part.length();
    if (m <= LONG_PART) return s.indexOf(part, from);
    if (s.length() - from < m) return -1;
    int[] border = new int[m];
    for (int i = 1, k = 0; i < m; i++) {
      while (k > 0 && part.charAt(i) != part.charAt(k)) k = border[k - 1];
      if (part.charAt(i) == part.charAt(k)) k++;
      border[i] = k;
    }
    for (int i = from, k = 0; i < s.length(); i++) {
      while (k > 0 && s.charAt(i) != part.charAt(k)) k = border[k - 1];
      if (s.charAt(i) == part.charAt(k)) k++;
      if (k == m) return i - m + 1;
    }
    return -1;
  }

  /** Where {@code part} last occurs before {@code end}, or -1. */
  static int lastIndexOf(String s, String part, int end) {
    if (part.length() <= LONG_PART) {
      return end < part.length() ? -1 : s.lastIndexOf(part, end - part.length());
    }
    String reversed = new StringBuilder(s.substring(0, end)).reverse().toString();
    int i = indexOf(reversed, new StringBuilder(part).reverse().toString(), 0);
    return i < 0 ? -1 : end - i - part.length();
  }

  /** Length in code points. */
  static int length(String s) {
    return s.codePointCount(0, s.length());
  }

  /** Whether each char is a code point, so that indexes need no conversion. */
  static boolean isSimple(String s) {
    for (int i = 0; i < s.length(); i++) {
      if (Character.isSurrogate(s.charAt(i))) return false;
    }
    return true;
  }

  /** Splits at Python's line boundaries; a final boundary opens no further line. */
  static List<String> lines(String s, boolean keepEnds, Limits limits) {
    List<String> out = new ArrayList<>();
    int start = 0;
    int i = 0;
    while (i < s.length()) {
      char c = s.charAt(i);
      i++;
      if (!isLineEnd(c)) continue;
      limits.objects(1);
      int end = i - 1;
      if (c == '\r' && i < s.length() && s.charAt(i) == '\n') i++;
      out.add(s.substring(start, keepEnds ? i : end));
      start = i;
    }
    if (start < s.length()) out.add(s.substring(start));
    return out;
  }

  private static boolean isLineEnd(char c) {
    return (c >= 0x0a && c <= 0x0d)
        || (c >= 0x1c && c <= 0x1e)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  /** First character in title case, the rest in lower case. */
  static String capitalize(String s) {
    if (s.isEmpty()) return s;
    int n = Character.charCount(s.codePointAt(0));
    return title(s.codePointAt(0)) + lower(s.substring(n));
  }

  /** The title-case form of one character; ß and its like become two letters. */
  static String title(int c) {
    int simple = Character.toTitleCase(c);
    if (simple != c) return Character.toString(simple);
    String upper = upper(Character.toString(c));
    if (length(upper) == 1) return upper;
    int first = Character.charCount(upper.codePointAt(0));
    return upper.substring(0, first) + lower(upper.substring(first));
  }

  static String lower(String s) {
    return s.toLowerCase(Locale.ROOT);
  }

  static String upper(String s) {
    return s.toUpperCase(Locale.ROOT);
  }

  /** A text for an error message: one line, no longer than a screen is wide. */
  static String oneLine(String s) {
    String flat = s.replaceAll("\\s+", " ");
    return flat.length() <= 80 ? flat : flat.substring(0, 77) + "...";
  }

  /** Replaces the characters that have a meaning in HTML, as markupsafe does. */
  static String escapeHtml(String s) {
    return s.replace("&", "&amp;")
        .replace(">", "&gt;")
        .replace("<", "&lt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }
}
