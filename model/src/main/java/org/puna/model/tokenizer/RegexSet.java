package org.puna.model.tokenizer;

import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import org.puna.model.config.BadInput;

/** Parses what stands for one character in a regular expression: escapes and bracketed sets. */
final class RegexSet {
  private static final int MOST_NESTING = 50;

  private final String regex;
  private final String where;
  private int at;
  private int nesting;

  RegexSet(String regex, int at, String where) {
    this.regex = regex;
    this.at = at;
    this.where = where;
  }

  /**
   * One escape.
   *
   * @param point the character that it stands for, or -1
   * @param set the set that it stands for otherwise
   * @param end place after it
   */
  record Escape(int point, IntPredicate set, int end) {}

  /** Parses a set in brackets and reports the place after it. */
  IntPredicate parse(IntConsumer moveTo) {
    IntPredicate set = brackets();
    moveTo.accept(at);
    return set;
  }

  private IntPredicate brackets() {
    if (++nesting > MOST_NESTING) throw bad("too many nested sets");
    at++;
    boolean negated = at < regex.length() && regex.charAt(at) == '^';
    if (negated) at++;
    IntPredicate all = null;
    IntPredicate part = c -> false;
    boolean first = true;
    while (true) {
      if (at >= regex.length()) throw bad("a set without ']'");
      if (regex.charAt(at) == ']' && !first) break;
      first = false;
      if (regex.startsWith("&&", at)) {
        at += 2;
        all = all == null ? part : all.and(part);
        part = c -> false;
      } else {
        part = part.or(item());
      }
    }
    at++;
    nesting--;
    IntPredicate set = all == null ? part : all.and(part);
    return table(negated ? set.negate() : set);
  }

  /** The set with its answers for ASCII looked up. */
  private static IntPredicate table(IntPredicate set) {
    boolean[] ascii = new boolean[128];
    for (int c = 0; c < 128; c++) ascii[c] = set.test(c);
    return c -> c < 128 ? ascii[c] : set.test(c);
  }

  private IntPredicate item() {
    char c = regex.charAt(at);
    if (c == '[') {
      if (regex.startsWith("[:", at)) {
        int close = regex.indexOf(":]", at + 2);
        if (close > 0 && regex.substring(at + 2, close).matches("\\^?[A-Za-z]+")) {
          String name = regex.substring(at + 2, close);
          at = close + 2;
          return property(name);
        }
      }
      return brackets();
    }
    int low;
    if (c == '\\') {
      Escape escape = escape();
      at = escape.end;
      if (escape.point < 0) return escape.set;
      low = escape.point;
    } else {
      low = regex.codePointAt(at);
      at += Character.charCount(low);
    }
    boolean range =
        at + 1 < regex.length() && regex.charAt(at) == '-' && regex.charAt(at + 1) != ']';
    if (!range) {
      int only = low;
      return x -> x == only;
    }
    at++;
    int high;
    if (regex.charAt(at) == '\\') {
      Escape escape = escape();
      at = escape.end;
      if (escape.point < 0) {
        // [a-\s]: the hyphen is itself.
        int only = low;
        IntPredicate set = escape.set;
        return x -> x == only || x == '-' || set.test(x);
      }
      high = escape.point;
    } else if (regex.charAt(at) == '[') {
      int only = low;
      return x -> x == only || x == '-';
    } else {
      high = regex.codePointAt(at);
      at += Character.charCount(high);
    }
    int from = low;
    if (high < from) throw bad("an empty range");
    return x -> x >= from && x <= high;
  }

  /** Parses an escape at the current place; its backslash is there. */
  Escape escape() {
    if (at + 1 >= regex.length()) throw bad("a backslash at the end");
    int c = regex.codePointAt(at + 1);
    int end = at + 1 + Character.charCount(c);
    return switch (c) {
      case 'n' -> point('\n', end);
      case 'r' -> point('\r', end);
      case 't' -> point('\t', end);
      case 'f' -> point('\f', end);
      case 'v' -> point(0x0B, end);
      case 'a' -> point(0x07, end);
      case 'e' -> point(0x1B, end);
      case 's' -> set(CharClass::isSpace, end);
      case 'S' -> set(x -> !CharClass.isSpace(x), end);
      case 'd' -> set(CharSet::isDigit, end);
      case 'D' -> set(x -> !CharSet.isDigit(x), end);
      case 'w' -> set(CharSet::isWord, end);
      case 'W' -> set(x -> !CharSet.isWord(x), end);
      case 'h' -> set(CharSet::isHexDigit, end);
      case 'H' -> set(x -> !CharSet.isHexDigit(x), end);
      case 'p', 'P' -> named(c == 'P', end);
      case 'x' -> hex(end);
      case 'u' -> digits(end, 4, 16);
      case '0' -> octal(end);
      default -> {
        boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter || (c >= '1' && c <= '9')) {
          throw bad("\\" + Character.toString(c) + " is not supported");
        }
        yield point(c, end);
      }
    };
  }

  private static Escape point(int point, int end) {
    return new Escape(point, c -> c == point, end);
  }

  private static Escape set(IntPredicate set, int end) {
    return new Escape(-1, set, end);
  }

  private Escape named(boolean negated, int from) {
    int end;
    String name;
    if (from < regex.length() && regex.charAt(from) == '{') {
      int close = regex.indexOf('}', from);
      if (close < 0) throw bad("\\p{ without '}'");
      name = regex.substring(from + 1, close);
      end = close + 1;
    } else if (from < regex.length()) {
      name = regex.substring(from, from + 1);
      end = from + 1;
    } else {
      throw bad("\\p at the end");
    }
    IntPredicate property = property(name);
    return set(negated ? property.negate() : property, end);
  }

  private IntPredicate property(String name) {
    boolean negated = name.startsWith("^");
    Optional<IntPredicate> property = CharSet.named(negated ? name.substring(1) : name);
    if (property.isEmpty()) throw bad("unknown property " + VocabularyTokenizer.quote(name));
    return negated ? property.get().negate() : property.get();
  }

  private Escape hex(int from) {
    if (from < regex.length() && regex.charAt(from) == '{') {
      int close = regex.indexOf('}', from);
      if (close < 0 || close - from > 9) throw bad("\\x{ without '}'");
      return number(regex.substring(from + 1, close), 16, close + 1);
    }
    int end = from;
    while (end < regex.length() && end < from + 2 && CharSet.isHexDigit(regex.charAt(end))) end++;
    return number(regex.substring(from, end), 16, end);
  }

  private Escape octal(int from) {
    int end = from;
    while (end < regex.length()
        && end < from + 2
        && regex.charAt(end) >= '0'
        && regex.charAt(end) <= '7') {
      end++;
    }
    return number("0" + regex.substring(from, end), 8, end);
  }

  private Escape digits(int from, int count, int radix) {
    if (from + count > regex.length()) throw bad("too few digits");
    return number(regex.substring(from, from + count), radix, from + count);
  }

  private Escape number(String digits, int radix, int end) {
    try {
      int point = Integer.parseInt(digits, radix);
      if (Character.isValidCodePoint(point)) return point(point, end);
    } catch (NumberFormatException e) {
      throw bad("the character number " + VocabularyTokenizer.quote(digits));
    }
    throw bad("the character number " + VocabularyTokenizer.quote(digits));
  }

  private BadInput bad(String what) {
    return new BadInput(where + ": regular expression, place " + at + ": " + what);
  }
}
