package org.puna.app.cli;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import org.puna.model.config.BadInput;

/** Reads bytes as text, where another encoding must not become a text of question marks. */
public final class Utf8 {
  private Utf8() {}

  /**
   * Returns the text that bytes spell.
   *
   * @param where the bytes come from, as a person knows it: a file, standard input
   * @throws BadInput if they are not UTF-8; the message names the first byte that is not
   */
  public static String text(byte[] bytes, String where) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    // A decoder of its own reports what a String's constructor replaces.
    CharBuffer out = CharBuffer.allocate(bytes.length);
    if (StandardCharsets.UTF_8.newDecoder().decode(in, out, true).isError()) {
      throw new BadInput(
          String.format(
              "%s: expected a text in UTF-8, found byte 0x%02X at offset %d; convert it (iconv)",
              where, bytes[in.position()], in.position()));
    }
    return out.flip().toString();
  }
}
