package org.puna.model.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * GPT-2's alphabet: each byte as a printable character. Printable Latin-1 stands for itself, the
 * other bytes take the characters from U+0100 on in their order.
 */
final class ByteAlphabet {
  private static final char[] OF_BYTE = new char[256];

  /** Byte of each character below 0x144, or -1. */
  private static final short[] OF_CHAR = new short[0x144];

  static {
    Arrays.fill(OF_CHAR, (short) -1);
    int next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b != 0xAD);
      OF_BYTE[b] = (char) (printable ? b : next++);
      OF_CHAR[OF_BYTE[b]] = (short) b;
    }
  }

  private ByteAlphabet() {}

  /** The bytes that a spelling stands for, or null where a character is not of the alphabet. */
  static byte @Nullable [] bytesOrNull(String spelling) {
    byte[] bytes = new byte[spelling.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = spelling.charAt(i);
      if (c >= OF_CHAR.length || OF_CHAR[c] < 0) return null;
      bytes[i] = (byte) OF_CHAR[c];
    }
    return bytes;
  }

  /**
   * Writes the bytes that a spelling stands for but for one character of it.
   *
   * @return how many there are, or -1 where a character is not of the alphabet or the room too
   *     small
   */
  static int bytes(String spelling, int without, byte[] out) {
    int n = spelling.length();
    if (n > out.length) return -1;
    int length = 0;
    for (int i = 0; i < n; i++) {
      if (i == without) continue;
      char c = spelling.charAt(i);
      if (c >= OF_CHAR.length || OF_CHAR[c] < 0) return -1;
      out[length++] = (byte) OF_CHAR[c];
    }
    return length;
  }

  /** The bytes that a spelling stands for; one outside the alphabet is text as it stands. */
  static byte[] bytes(String spelling) {
    byte[] bytes = bytesOrNull(spelling);
    return bytes == null ? spelling.getBytes(StandardCharsets.UTF_8) : bytes;
  }

  /** Bytes in the alphabet. */
  static String spell(byte[] bytes) {
    char[] chars = new char[bytes.length];
    for (int i = 0; i < chars.length; i++) chars[i] = OF_BYTE[bytes[i] & 0xFF];
    return new String(chars);
  }
}
