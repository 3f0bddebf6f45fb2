package org.puna.model.chat;

/**
 * Decodes the escapes of a string literal as Python's {@code unicode-escape} codec does after
 * Jinja's detour over ASCII.
 */
final class Escapes {
  private Escapes() {}

  static String decode(String body, int line) {
    if (body.indexOf('\\') < 0) return body;
    StringBuilder out = new StringBuilder(body.length());
    int i = 0;
    while (i < body.length()) {
      char c = body.charAt(i);
      if (c != '\\') {
        out.append(c);
        i++;
        continue;
      }
      int e = body.codePointAt(i + 1);
      i += 1 + Character.charCount(e);
      switch (e) {
        case '\n' -> {}
        case '\\', '\'', '"' -> out.append((char) e);
        case 'a' -> out.append('\u0007');
        case 'b' -> out.append('\b');
        case 'f' -> out.append('\f');
        case 'n' -> out.append('\n');
        case 'r' -> out.append('\r');
        case 't' -> out.append('\t');
        case 'v' -> out.append('\u000b');
        case 'x' -> i = hex(body, i, 2, out, line);
        case 'u' -> i = hex(body, i, 4, out, line);
        case 'U' -> i = hex(body, i, 8, out, line);
        case 'N' -> i = named(body, i, out, line);
        default -> {
          if (e >= '0' && e <= '7') {
            i = octal(body, i - 1, out);
          } else {
            unknown(e, out);
          }
        }
      }
    }
    return out.toString();
  }

  /** An unknown escape stays; a character outside ASCII had become an escape of its own before. */
  private static void unknown(int e, StringBuilder out) {
    out.append('\\');
    if (e < 0x80) {
      out.append((char) e);
    } else if (e < 0x100) {
      out.append("x%02x".formatted(e));
    } else if (e < 0x10000) {
      out.append("u%04x".formatted(e));
    } else {
      out.append("U%08x".formatted(e));
    }
  }

  private static int octal(String body, int start, StringBuilder out) {
    int i = start;
    int value = 0;
    while (i < body.length() && i < start + 3 && body.charAt(i) >= '0' && body.charAt(i) <= '7') {
      value = value * 8 + body.charAt(i++) - '0';
    }
    out.appendCodePoint(value);
    return i;
  }

  private static int hex(String body, int start, int digits, StringBuilder out, int line) {
    int end = start + digits;
    int value = 0;
    for (int i = start; i < end; i++) {
      int digit = i < body.length() ? Character.digit(body.charAt(i), 16) : -1;
      if (digit < 0 || body.charAt(i) >= 0x80)
        throw Lexer.syntax("truncated escape in a string", line);
      value = value * 16 + digit;
    }
    if (!Character.isValidCodePoint(value)) {
      throw Lexer.syntax("escape beyond the last Unicode character in a string", line);
    }
    out.appendCodePoint(value);
    return end;
  }

  private static int named(String body, int start, StringBuilder out, int line) {
    int end = body.startsWith("{", start) ? body.indexOf('}', start) : -1;
    if (end < 0) throw Lexer.syntax("malformed \\N character escape in a string", line);
    String name = body.substring(start + 1, end);
    try {
      out.appendCodePoint(Character.codePointOf(name));
    } catch (IllegalArgumentException e) {
      throw Lexer.syntax("unknown Unicode character name in a string: " + Text.oneLine(name), line);
    }
    return end + 1;
  }
}
