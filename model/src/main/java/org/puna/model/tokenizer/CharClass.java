package org.puna.model.tokenizer;

/**
 * What the pre-tokenizers ask of a character, as bits, from the JDK's Unicode tables. {@code \s} is
 * the property White_Space, as in Oniguruma and in Rust's regex.
 */
final class CharClass {
  /** {@code \p{L}}. */
  static final int LETTER = 1;

  /** {@code \p{N}}. */
  static final int NUMBER = 2;

  /** {@code \s}. */
  static final int SPACE = 4;

  /** Carriage return and line feed. */
  static final int NEWLINE = 8;

  /** {@code [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]}. */
  static final int UPPERISH = 16;

  /** {@code [\p{Ll}\p{Lm}\p{Lo}\p{M}]}. */
  static final int LOWERISH = 32;

  /** {@code \p{M}}. */
  static final int MARK = 64;

  /** {@code \p{P}}. */
  static final int PUNCTUATION = 128;

  /** Code points that share a row of the table. */
  private static final int ROW = 256;

  private static final byte[][] ROWS = new byte[(Character.MAX_CODE_POINT + 1) / ROW][];

  /** Classes of ASCII, the common case. */
  static final byte[] ASCII;

  static {
    byte[] none = null;
    for (int row = 0; row < ROWS.length; row++) {
      byte[] classes = new byte[ROW];
      int any = 0;
      for (int i = 0; i < ROW; i++) {
        classes[i] = (byte) compute(row * ROW + i);
        any |= classes[i];
      }
      if (any == 0) {
        if (none == null) none = classes;
        classes = none;
      }
      ROWS[row] = classes;
    }
    ASCII = ROWS[0];
  }

  private CharClass() {}

  /** The bits of a code point. */
  static int of(int codePoint) {
    return ROWS[codePoint >>> 8][codePoint & 0xFF];
  }

  static boolean isSpace(int c) {
    return (c >= 0x09 && c <= 0x0D)
        || c == 0x20
        || c == 0x85
        || c == 0xA0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }

  private static int compute(int c) {
    int bits =
        switch (Character.getType(c)) {
          case Character.UPPERCASE_LETTER, Character.TITLECASE_LETTER -> LETTER | UPPERISH;
          case Character.LOWERCASE_LETTER -> LETTER | LOWERISH;
          case Character.MODIFIER_LETTER, Character.OTHER_LETTER -> LETTER | UPPERISH | LOWERISH;
          case Character.NON_SPACING_MARK,
              Character.ENCLOSING_MARK,
              Character.COMBINING_SPACING_MARK ->
              MARK | UPPERISH | LOWERISH;
          case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
              NUMBER;
          case Character.CONNECTOR_PUNCTUATION,
              Character.DASH_PUNCTUATION,
              Character.START_PUNCTUATION,
              Character.END_PUNCTUATION,
              Character.INITIAL_QUOTE_PUNCTUATION,
              Character.FINAL_QUOTE_PUNCTUATION,
              Character.OTHER_PUNCTUATION ->
              PUNCTUATION;
          default -> 0;
        };
    if (isSpace(c)) bits |= SPACE;
    if (c == '\r' || c == '\n') bits |= NEWLINE;
    return bits;
  }
}
