package org.puna.model.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** UTF-8 as the tokenizers need it. */
final class Utf8 {
  /** Zero bytes after a padded text, so that 16 bytes can be read from any place in it. */
  static final int PADDING = 16;

  private Utf8() {}

  /** Encodes text; a lone surrogate becomes U+FFFD, as in Rust's and Python's replacing readers. */
  static byte[] encode(String text) {
    return wellFormed(text).getBytes(StandardCharsets.UTF_8);
  }

  /** Encodes text and appends {@link #PADDING} zero bytes. */
  static byte[] encodePadded(String text) {
    byte[] bytes = encode(text);
    return Arrays.copyOf(bytes, bytes.length + PADDING);
  }

  static String decode(byte[] bytes, int from, int to) {
    return new String(bytes, from, to - from, StandardCharsets.UTF_8);
  }

  /** Replaces lone surrogates. */
  static String wellFormed(String text) {
    int n = text.length();
    for (int i = 0; i < n; i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isHighSurrogate(c)
            && i + 1 < n
            && Character.isLowSurrogate(text.charAt(i + 1))) {
          i++;
        } else {
          return replaceLone(text);
        }
      }
    }
    return text;
  }

  private static String replaceLone(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().forEach(c -> out.appendCodePoint(c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c));
    return out.toString();
  }

  /** Bytes of the character that begins with a byte; the text is well-formed. */
  static int length(byte lead) {
    if (lead >= 0) return 1;
    return (lead & 0xE0) == 0xC0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : 4;
  }

  /** The code point at a place in well-formed text. */
  static int codePoint(byte[] s, int p) {
    int b = s[p];
    if (b >= 0) return b;
    if ((b & 0xE0) == 0xC0) return (b & 0x1F) << 6 | (s[p + 1] & 0x3F);
    if ((b & 0xF0) == 0xE0) {
      return (b & 0x0F) << 12 | (s[p + 1] & 0x3F) << 6 | (s[p + 2] & 0x3F);
    }
    return (b & 0x07) << 18 | (s[p + 1] & 0x3F) << 12 | (s[p + 2] & 0x3F) << 6 | (s[p + 3] & 0x3F);
  }

  /** Whether bytes are one or more whole characters in the strict form of UTF-8. */
  static boolean valid(byte[] bytes) {
    return Arrays.equals(
        new String(bytes, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8), bytes);
  }
}
