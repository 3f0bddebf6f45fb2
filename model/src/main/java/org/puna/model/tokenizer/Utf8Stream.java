package org.puna.model.tokenizer;

/**
 * Decodes UTF-8 that comes in pieces. Complete characters come out at once, others wait. What can
 * never become a character is U+FFFD: one for each longest beginning of a character, as the Unicode
 * standard recommends, or one for each byte, as SentencePiece does.
 */
final class Utf8Stream {
  private static final char REPLACEMENT = '\uFFFD';

  private final boolean perByte;

  /** Code point so far, bytes still to come, bytes that came, smallest and largest next byte. */
  private int codePoint;

  private int missing;
  private int seen;
  private int low = 0x80;
  private int high = 0xBF;

  Utf8Stream(boolean perByte) {
    this.perByte = perByte;
  }

  /** Takes bytes and appends what is complete. */
  void add(byte[] bytes, StringBuilder out) {
    for (byte b : bytes) add(b & 0xFF, out);
  }

  /** Appends the replacement of what waits. */
  void finish(StringBuilder out) {
    if (missing > 0) replace(out);
  }

  private void add(int b, StringBuilder out) {
    if (missing > 0) {
      if (b >= low && b <= high) {
        codePoint = codePoint << 6 | b & 0x3F;
        seen++;
        low = 0x80;
        high = 0xBF;
        if (--missing == 0) out.appendCodePoint(codePoint);
        return;
      }
      replace(out);
    }
    if (b < 0x80) {
      out.append((char) b);
    } else if (b >= 0xC2 && b <= 0xDF) {
      begin(b & 0x1F, 1);
    } else if (b >= 0xE0 && b <= 0xEF) {
      begin(b & 0x0F, 2);
      // Overlong forms and surrogates are no characters.
      if (b == 0xE0) low = 0xA0;
      if (b == 0xED) high = 0x9F;
    } else if (b >= 0xF0 && b <= 0xF4) {
      begin(b & 0x07, 3);
      if (b == 0xF0) low = 0x90;
      if (b == 0xF4) high = 0x8F;
    } else {
      out.append(REPLACEMENT);
    }
  }

  private void begin(int bits, int more) {
    codePoint = bits;
    missing = more;
    seen = 1;
    low = 0x80;
    high = 0xBF;
  }

  private void replace(StringBuilder out) {
    for (int i = 0; i < (perByte ? seen : 1); i++) out.append(REPLACEMENT);
    missing = 0;
  }
}
