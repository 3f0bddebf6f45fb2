package org.puna.model.tokenizer;

import static org.puna.model.tokenizer.CharClass.LETTER;
import static org.puna.model.tokenizer.CharClass.LOWERISH;
import static org.puna.model.tokenizer.CharClass.MARK;
import static org.puna.model.tokenizer.CharClass.NEWLINE;
import static org.puna.model.tokenizer.CharClass.NUMBER;
import static org.puna.model.tokenizer.CharClass.PUNCTUATION;
import static org.puna.model.tokenizer.CharClass.SPACE;
import static org.puna.model.tokenizer.CharClass.UPPERISH;

/**
 * The published pre-tokenizers as state machines. Each method names the regular expression that it
 * stands for; alternatives are tried in its order.
 */
final class Scanners {
  private static final int WORDLIKE = SPACE | LETTER | NUMBER;

  private Scanners() {}

  /** Bits of the character at a place. */
  static int bits(byte[] s, int p) {
    int b = s[p];
    return b >= 0 ? CharClass.ASCII[b] : CharClass.of(Utf8.codePoint(s, p));
  }

  /** End of the run, from a place, of characters that have one of the bits. */
  static int run(byte[] s, int from, int to, int any) {
    int p = from;
    while (p < to) {
      int b = s[p];
      if (b >= 0) {
        if ((CharClass.ASCII[b] & any) == 0) return p;
        p++;
      } else {
        if ((CharClass.of(Utf8.codePoint(s, p)) & any) == 0) return p;
        p += Utf8.length((byte) b);
      }
    }
    return p;
  }

  /** End of the run of characters that have none of the bits. */
  static int runWithout(byte[] s, int from, int to, int none) {
    int p = from;
    while (p < to && (bits(s, p) & none) == 0) p += Utf8.length(s[p]);
    return p;
  }

  /** End of at most {@code most} characters with one of the bits. */
  private static int runAtMost(byte[] s, int from, int to, int any, int most) {
    int p = from;
    for (int i = 0; i < most && p < to && (bits(s, p) & any) != 0; i++) p += Utf8.length(s[p]);
    return p;
  }

  /**
   * End of {@code 's|'t|'re|'ve|'m|'ll|'d} at an apostrophe, or the place itself.
   *
   * @param anyCase whether capitals count too, and U+017F, which folds to s
   */
  static int contraction(byte[] s, int p, int to, boolean anyCase) {
    if (p + 1 >= to) return p;
    int c = lower(s[p + 1], anyCase);
    return switch (c) {
      case 's', 't', 'm', 'd' -> p + 2;
      case 'r', 'v', 'l' ->
          p + 2 < to && lower(s[p + 2], anyCase) == (c == 'l' ? 'l' : 'e') ? p + 3 : p;
      default -> {
        boolean longS = anyCase && p + 2 < to && s[p + 1] == (byte) 0xC5 && s[p + 2] == (byte) 0xBF;
        yield longS ? p + 3 : p;
      }
    };
  }

  private static int lower(byte b, boolean anyCase) {
    return anyCase && b >= 'A' && b <= 'Z' ? b + 32 : b;
  }

  /** {@code \s+(?!\S)|\s+} at a space, after which comes the run's end. */
  private static int spaces(byte[] s, int from, int runEnd, int to) {
    if (runEnd == to) return runEnd;
    int last = runEnd - 1;
    while ((s[last] & 0xC0) == 0x80) last--;
    return last > from ? last : runEnd;
  }

  /** {@code \s*[\r\n]+|\s+(?!\S)|\s+} at a space. */
  private static int spacesOrLines(byte[] s, int from, int to) {
    int p = from;
    int lastLine = from;
    while (p < to) {
      int b = s[p];
      if (b >= 0) {
        int bits = CharClass.ASCII[b];
        if ((bits & SPACE) == 0) break;
        p++;
        if ((bits & NEWLINE) != 0) lastLine = p;
      } else {
        if ((CharClass.of(Utf8.codePoint(s, p)) & SPACE) == 0) break;
        p += Utf8.length((byte) b);
      }
    }
    return lastLine > from ? lastLine : spaces(s, from, p, to);
  }

  /**
   * GPT-2: {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}.
   *
   * @param s text
   * @param from first byte
   * @param to end
   */
  static int gpt2(byte[] s, int from, int to) {
    if (s[from] == '\'') {
      int end = contraction(s, from, to, false);
      if (end > from) return end;
    }
    int p = s[from] == ' ' && from + 1 < to ? from + 1 : from;
    int bits = bits(s, p);
    if ((bits & LETTER) != 0) return run(s, p, to, LETTER);
    if ((bits & NUMBER) != 0) return run(s, p, to, NUMBER);
    if ((bits & SPACE) == 0) return runWithout(s, p, to, WORDLIKE);
    return spaces(s, from, run(s, from, to, SPACE), to);
  }

  /**
   * Llama 3, Qwen 2 and their kin: {@code
   * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
   * ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+}.
   *
   * @param digits longest run of numbers in a piece
   * @param marks whether {@code \p{L}+} is {@code [\p{L}\p{M}]+} and marks are no symbols (Qwen
   *     3.5)
   */
  static Scanner words(int digits, boolean marks) {
    int letters = marks ? LETTER | MARK : LETTER;
    int symbolsNot = marks ? WORDLIKE | MARK : WORDLIKE;
    return (s, from, to) -> {
      if (s[from] == '\'') {
        int end = contraction(s, from, to, true);
        if (end > from) return end;
      }
      int bits = bits(s, from);
      if ((bits & letters) != 0 && (bits & MARK) == 0) return run(s, from, to, letters);
      int second = from + Utf8.length(s[from]);
      if ((bits & (NEWLINE | NUMBER)) == 0) {
        if (second < to && (bits(s, second) & letters) != 0) return run(s, second, to, letters);
        if ((bits & letters) != 0) return second;
      }
      if ((bits & NUMBER) != 0) return runAtMost(s, from, to, NUMBER, digits);
      return symbolsOrSpaces(s, from, to, bits, symbolsNot, false);
    };
  }

  /**
   * o200k (GPT-4o, Llama 4) and Tekken: words break where capitals follow small letters. {@code
   * [^\r\n\p{L}\p{N}]?U*L+(?i:'s|…)?|[^\r\n\p{L}\p{N}]?U+L*(?i:'s|…)?|\p{N}{1,3}|
   * ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+} with U = {@code
   * [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]} and L = {@code [\p{Ll}\p{Lm}\p{Lo}\p{M}]}.
   *
   * @param digits longest run of numbers in a piece
   * @param contractions whether a word takes an English contraction with it (Tekken's does not)
   */
  static Scanner cased(int digits, boolean contractions) {
    return (s, from, to) -> {
      int bits = bits(s, from);
      int second = from + Utf8.length(s[from]);
      boolean prefix = (bits & (NEWLINE | LETTER | NUMBER)) == 0 && second < to;
      // A mark can be the prefix or the word's first letter: with the prefix is tried first.
      int end = prefix ? capitalsThenSmall(s, second, to) : -1;
      if (end < 0) end = capitalsThenSmall(s, from, to);
      if (end < 0 && prefix) end = capitals(s, second, to);
      if (end < 0) end = capitals(s, from, to);
      if (end >= 0) {
        return contractions && end < to && s[end] == '\'' ? contraction(s, end, to, true) : end;
      }
      if ((bits & NUMBER) != 0) return runAtMost(s, from, to, NUMBER, digits);
      return symbolsOrSpaces(s, from, to, bits, WORDLIKE, true);
    };
  }

  /** End of {@code U*L+}, or -1. */
  private static int capitalsThenSmall(byte[] s, int from, int to) {
    int p = from;
    int lastBoth = -1;
    while (p < to) {
      int bits = bits(s, p);
      if ((bits & UPPERISH) == 0) {
        if ((bits & LOWERISH) != 0) return run(s, p, to, LOWERISH);
        break;
      }
      p += Utf8.length(s[p]);
      // Here U* may stop one short, to leave this letter to L+.
      if ((bits & LOWERISH) != 0) lastBoth = p;
    }
    return lastBoth;
  }

  /** End of {@code U+L*}, or -1. */
  private static int capitals(byte[] s, int from, int to) {
    int end = run(s, from, to, UPPERISH);
    return end == from ? -1 : run(s, end, to, LOWERISH);
  }

  /** {@code ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+} at neither a letter nor a number. */
  private static int symbolsOrSpaces(
      byte[] s, int from, int to, int bits, int symbolsNot, boolean slashes) {
    int p = s[from] == ' ' ? from + 1 : from;
    if ((bits & SPACE) == 0 || (p > from && p < to && (bits(s, p) & symbolsNot) == 0)) {
      int end = runWithout(s, p, to, symbolsNot);
      while (end < to && (s[end] == '\r' || s[end] == '\n' || (slashes && s[end] == '/'))) end++;
      return end;
    }
    return spacesOrLines(s, from, to);
  }

  /** Each number alone, the rest in runs: {@code \p{N}} as a splitter of its own. */
  static int singleNumbers(byte[] s, int from, int to) {
    if ((bits(s, from) & NUMBER) != 0) return from + Utf8.length(s[from]);
    return runWithout(s, from, to, NUMBER);
  }

  /** Up to so many numbers together, the rest in runs: {@code \p{N}{1,n}}. */
  static Scanner numbers(int most) {
    return (s, from, to) -> {
      int end = runAtMost(s, from, to, NUMBER, most);
      return end > from ? end : runWithout(s, from, to, NUMBER);
    };
  }

  /** Each punctuation character alone, the rest in runs: {@code \p{P}}. */
  static int singlePunctuation(byte[] s, int from, int to) {
    if ((bits(s, from) & PUNCTUATION) != 0) return from + Utf8.length(s[from]);
    return runWithout(s, from, to, PUNCTUATION);
  }

  /** One piece, whatever it is. */
  static int whole(byte[] s, int from, int to) {
    return to;
  }
}
