package org.puna.train.bpe;

/**
 * The alphabet in which byte-level vocabularies are spelled: printable bytes as themselves, the
 * others as the characters from 256 on.
 *
 * @see "GPT-2, encoder.py, bytes_to_unicode"
 */
final class ByteSpelling {
  private ByteSpelling() {}

  /** Returns the byte that a character spells, −1 where it spells none. */
  static int byteOf(char c) {
    if (printable(c)) return c;
    if (c < 256) return -1;
    int n = c - 256;
    for (int b = 0; b < 256; b++) {
      if (!printable(b) && n-- == 0) return b;
    }
    return -1;
  }

  private static boolean printable(int b) {
    return (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || (b >= 0xae && b <= 0xff);
  }
}
