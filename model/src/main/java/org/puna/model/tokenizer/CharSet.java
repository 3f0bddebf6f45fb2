package org.puna.model.tokenizer;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;

/** Sets of characters that regular expressions name, by Oniguruma's definitions. */
final class CharSet {
  private static final Map<String, Integer> CATEGORIES =
      Map.ofEntries(
          Map.entry("cn", (int) Character.UNASSIGNED),
          Map.entry("lu", (int) Character.UPPERCASE_LETTER),
          Map.entry("ll", (int) Character.LOWERCASE_LETTER),
          Map.entry("lt", (int) Character.TITLECASE_LETTER),
          Map.entry("lm", (int) Character.MODIFIER_LETTER),
          Map.entry("lo", (int) Character.OTHER_LETTER),
          Map.entry("mn", (int) Character.NON_SPACING_MARK),
          Map.entry("me", (int) Character.ENCLOSING_MARK),
          Map.entry("mc", (int) Character.COMBINING_SPACING_MARK),
          Map.entry("nd", (int) Character.DECIMAL_DIGIT_NUMBER),
          Map.entry("nl", (int) Character.LETTER_NUMBER),
          Map.entry("no", (int) Character.OTHER_NUMBER),
          Map.entry("zs", (int) Character.SPACE_SEPARATOR),
          Map.entry("zl", (int) Character.LINE_SEPARATOR),
          Map.entry("zp", (int) Character.PARAGRAPH_SEPARATOR),
          Map.entry("cc", (int) Character.CONTROL),
          Map.entry("cf", (int) Character.FORMAT),
          Map.entry("co", (int) Character.PRIVATE_USE),
          Map.entry("cs", (int) Character.SURROGATE),
          Map.entry("pd", (int) Character.DASH_PUNCTUATION),
          Map.entry("ps", (int) Character.START_PUNCTUATION),
          Map.entry("pe", (int) Character.END_PUNCTUATION),
          Map.entry("pc", (int) Character.CONNECTOR_PUNCTUATION),
          Map.entry("po", (int) Character.OTHER_PUNCTUATION),
          Map.entry("pi", (int) Character.INITIAL_QUOTE_PUNCTUATION),
          Map.entry("pf", (int) Character.FINAL_QUOTE_PUNCTUATION),
          Map.entry("sm", (int) Character.MATH_SYMBOL),
          Map.entry("sc", (int) Character.CURRENCY_SYMBOL),
          Map.entry("sk", (int) Character.MODIFIER_SYMBOL),
          Map.entry("so", (int) Character.OTHER_SYMBOL));

  private static final Map<String, String> LONG_NAMES =
      Map.of(
          "letter", "l",
          "mark", "m",
          "number", "n",
          "punctuation", "p",
          "symbol", "s",
          "separator", "z",
          "other", "c");

  private CharSet() {}

  /** Whether a character is punctuation to BERT: {@code \p{P}} or an ASCII symbol. */
  static boolean isPunctuation(int c) {
    boolean ascii =
        (c >= 33 && c <= 47)
            || (c >= 58 && c <= 64)
            || (c >= 91 && c <= 96)
            || (c >= 123 && c <= 126);
    return ascii || (CharClass.of(c) & CharClass.PUNCTUATION) != 0;
  }

  /** {@code \p{N}}. */
  static boolean isNumber(int c) {
    return (CharClass.of(c) & CharClass.NUMBER) != 0;
  }

  /** Oniguruma's {@code \w}. */
  static boolean isWord(int c) {
    int type = Character.getType(c);
    return Character.isAlphabetic(c)
        || (CharClass.of(c) & CharClass.MARK) != 0
        || type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.CONNECTOR_PUNCTUATION;
  }

  /** Rust's {@code \w}: also what joins or parts letters invisibly. */
  static boolean isRustWord(int c) {
    return isWord(c) || c == 0x200C || c == 0x200D;
  }

  static boolean isDigit(int c) {
    return Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER;
  }

  static boolean isHexDigit(int c) {
    return c < 128 && Character.digit(c, 16) >= 0;
  }

  /** What {@code \p{name}} or {@code [:name:]} means, where the name is known. */
  static Optional<IntPredicate> named(String name) {
    String key = name.toLowerCase(Locale.ROOT).replaceAll("[ _-]", "");
    int equals = key.indexOf('=');
    if (equals >= 0) {
      String what = key.substring(0, equals);
      String value = key.substring(equals + 1);
      return switch (what) {
        case "script", "sc" -> script(value);
        case "gc", "generalcategory" -> category(value);
        default -> Optional.empty();
      };
    }
    IntPredicate property =
        switch (key) {
          case "any" -> c -> true;
          case "ascii" -> c -> c < 128;
          case "assigned" -> c -> Character.getType(c) != Character.UNASSIGNED;
          case "alpha", "alphabetic" -> Character::isAlphabetic;
          case "alnum" -> c -> Character.isAlphabetic(c) || isDigit(c);
          case "digit" -> CharSet::isDigit;
          case "lower", "lowercase" -> Character::isLowerCase;
          case "upper", "uppercase" -> Character::isUpperCase;
          case "space", "whitespace" -> CharClass::isSpace;
          case "blank" -> c -> c == '\t' || Character.getType(c) == Character.SPACE_SEPARATOR;
          case "cntrl" -> c -> Character.getType(c) == Character.CONTROL;
          case "word" -> CharSet::isWord;
          case "xdigit" -> CharSet::isHexDigit;
          case "punct" -> CharSet::isPunctuation;
          case "graph" -> c -> !CharClass.isSpace(c) && !isOther(c);
          case "print" -> c -> !isOther(c) && (c == ' ' || !Character.isISOControl(c));
          case "ideographic" -> Character::isIdeographic;
          case "emoji" -> Character::isEmoji;
          case "extendedpictographic" -> Character::isExtendedPictographic;
          default -> null;
        };
    if (property != null) return Optional.of(property);
    Optional<IntPredicate> category = category(key);
    return category.isPresent() ? category : script(key);
  }

  private static boolean isOther(int c) {
    int type = Character.getType(c);
    return type == Character.CONTROL || type == Character.SURROGATE || type == Character.UNASSIGNED;
  }

  private static Optional<IntPredicate> category(String name) {
    String key = LONG_NAMES.getOrDefault(name, name);
    int mask = 0;
    for (Map.Entry<String, Integer> category : CATEGORIES.entrySet()) {
      boolean matches = key.length() == 1 && category.getKey().startsWith(key);
      if (matches || category.getKey().equals(key)) mask |= 1 << category.getValue();
    }
    if (key.equals("lc")) {
      mask =
          1 << Character.UPPERCASE_LETTER
              | 1 << Character.LOWERCASE_LETTER
              | 1 << Character.TITLECASE_LETTER;
    }
    if (mask == 0) return Optional.empty();
    int types = mask;
    return Optional.of(c -> (types >>> Character.getType(c) & 1) != 0);
  }

  private static Optional<IntPredicate> script(String name) {
    for (Character.UnicodeScript script : Character.UnicodeScript.values()) {
      if (script.name().replace("_", "").equalsIgnoreCase(name)) {
        return Optional.of(c -> Character.UnicodeScript.of(c) == script);
      }
    }
    try {
      Character.UnicodeScript script = Character.UnicodeScript.forName(name);
      return Optional.of(c -> Character.UnicodeScript.of(c) == script);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** A character without its case: two that fold alike match each other where case is ignored. */
  static int fold(int c) {
    return Character.toLowerCase(Character.toUpperCase(c));
  }

  /** A set where case is ignored. */
  static IntPredicate ignoringCase(IntPredicate set) {
    return c -> {
      if (set.test(c)) return true;
      int upper = Character.toUpperCase(c);
      int lower = Character.toLowerCase(c);
      if (set.test(upper) || set.test(lower) || set.test(Character.toLowerCase(upper))) return true;
      // The other letters of ASCII's k and s: the Kelvin sign and the long s.
      return (lower == 'k' && set.test(0x212A)) || (fold(c) == 's' && set.test(0x17F));
    };
  }
}
