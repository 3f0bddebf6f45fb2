package org.puna.model.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.puna.model.config.BadInput;

/**
 * Splits a template into tokens as Jinja does with {@code trim_blocks} and {@code lstrip_blocks}: a
 * newline after a statement or comment is dropped, and so is the indentation before one; {@code -}
 * strips all white space on its side and {@code +} turns either rule off.
 */
final class Lexer {
  /** Longest source that is read; published templates stay below 100 thousand characters. */
  private static final int MAX_SOURCE = 1 << 22;

  private static final List<String> OPERATORS =
      List.of(
          "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", ">", "<", "=", ".", ":", "|", ",", ";");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int pos;
  private int line = 1;

  /** Whether the last piece ended with a newline, so that indentation starts here. */
  private boolean lineStarting = true;

  private Lexer(String source) {
    this.source = source;
  }

  /** Returns the tokens of {@code source}, closed by one of type END. */
  static List<Token> tokens(String source) {
    if (source.length() > MAX_SOURCE) {
      throw new BadInput(
          "chat template: "
              + source.length()
              + " characters, at most "
              + MAX_SOURCE
              + " are read; is this a template?");
    }
    String normal = source.replace("\r\n", "\n").replace('\r', '\n');
    if (normal.endsWith("\n")) normal = normal.substring(0, normal.length() - 1);
    Lexer lexer = new Lexer(normal);
    lexer.template();
    return lexer.tokens;
  }

  private void template() {
    while (pos < source.length()) {
      int tag = nextTag(pos);
      if (tag < 0) {
        add(Token.Type.DATA, source.substring(pos));
        advance(source.length());
        break;
      }
      int open = tag + 2;
      char kind = source.charAt(tag + 1);
      char sign = open < source.length() ? source.charAt(open) : ' ';
      boolean signed = sign == '-' || sign == '+';
      data(tag, signed ? sign : ' ', kind != '{');
      advance(signed ? open + 1 : open);
      lineStarting = false;
      switch (kind) {
        case '#' -> comment();
        case '{' -> {
          add(Token.Type.PRINT_BEGIN, "{{");
          expression(true);
        }
        default -> {
          int body = rawStart();
          if (body >= 0) {
            raw(body);
          } else {
            add(Token.Type.BLOCK_BEGIN, "{%");
            expression(false);
          }
        }
      }
    }
    add(Token.Type.END, "");
  }

  private int nextTag(int from) {
    for (int i = source.indexOf('{', from); i >= 0; i = source.indexOf('{', i + 1)) {
      if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) return i;
    }
    return -1;
  }

  /** Emits the text up to a tag at {@code end}, stripped as the tag's sign and kind ask. */
  private void data(int end, char sign, boolean stripsIndent) {
    String text = source.substring(pos, end);
    if (sign == '-') {
      text = Text.rstrip(text);
    } else if (sign != '+' && stripsIndent) {
      int start = text.lastIndexOf('\n') + 1;
      if ((start > 0 || lineStarting) && Text.isBlank(text, start)) text = text.substring(0, start);
    }
    if (!text.isEmpty()) add(Token.Type.DATA, text);
    advance(end);
  }

  private void comment() {
    int end = source.indexOf("#}", pos);
    if (end < 0) throw syntax("Missing end of comment tag");
    boolean signed = end > pos && "+-".indexOf(source.charAt(end - 1)) >= 0;
    close(end + 2, signed ? source.charAt(end - 1) : ' ', true);
  }

  /** Returns where the body of a raw block starts if one was just opened, else -1. */
  private int rawStart() {
    int i = skipSpace(pos);
    if (!source.startsWith("raw", i)) return -1;
    i = skipSpace(i + 3);
    if (source.startsWith("-%}", i)) return skipSpace(i + 3);
    return source.startsWith("%}", i) ? i + 2 : -1;
  }

  private void raw(int body) {
    advance(body);
    lineStarting = body > 0 && source.charAt(body - 1) == '\n';
    for (int tag = source.indexOf("{%", pos); tag >= 0; tag = source.indexOf("{%", tag + 1)) {
      char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
      boolean signed = sign == '-' || sign == '+';
      int i = skipSpace(signed ? tag + 3 : tag + 2);
      if (!source.startsWith("endraw", i)) continue;
      i = skipSpace(i + 6);
      char closing = i < source.length() ? source.charAt(i) : ' ';
      boolean closingSigned = closing == '-' || closing == '+';
      if (!source.startsWith("%}", closingSigned ? i + 1 : i)) continue;
      data(tag, signed ? sign : ' ', true);
      close(closingSigned ? i + 3 : i + 2, closingSigned ? closing : ' ', true);
      return;
    }
    throw syntax("Missing end of raw directive");
  }

  /** Passes a tag's end at {@code end}, with the white space after it that its sign drops. */
  private void close(int end, char sign, boolean trimsNewline) {
    int next = end;
    if (sign == '-') {
      next = skipSpace(end);
    } else if (sign != '+' && trimsNewline && end < source.length() && source.charAt(end) == '\n') {
      next = end + 1;
    }
    advance(next);
    lineStarting = source.charAt(next - 1) == '\n';
  }

  private void expression(boolean print) {
    Deque<String> open = new ArrayDeque<>();
    while (true) {
      advance(skipSpace(pos));
      if (pos >= source.length()) return;
      if (open.isEmpty() && end(print)) return;
      char c = source.charAt(pos);
      if (isDigit(c)) {
        number();
      } else if (c == '\'' || c == '"') {
        string(c);
      } else if (Text.isWord(source.codePointAt(pos))) {
        name();
      } else {
        operator(open);
      }
    }
  }

  private boolean end(boolean print) {
    String mark = print ? "}}" : "%}";
    char c = source.charAt(pos);
    boolean signed = c == '-' || (c == '+' && !print);
    if (!source.startsWith(mark, signed ? pos + 1 : pos)) return false;
    add(print ? Token.Type.PRINT_END : Token.Type.BLOCK_END, mark);
    close(pos + (signed ? 3 : 2), signed ? c : ' ', !print);
    return true;
  }

  private void number() {
    int end = pos > 0 && source.charAt(pos - 1) == '.' ? -1 : floatEnd();
    Token.Type type = end > 0 ? Token.Type.FLOAT : Token.Type.INTEGER;
    if (end < 0) end = integerEnd();
    add(type, source.substring(pos, end).replace("_", ""));
    advance(end);
  }

  /** Where a number with a fraction or an exponent ends, or -1 if there is none here. */
  private int floatEnd() {
    int i = digits(pos, 10);
    boolean fraction =
        i + 1 < source.length() && source.charAt(i) == '.' && isDigit(source.charAt(i + 1));
    if (fraction) i = digits(i + 1, 10);
    if (i < source.length() && (source.charAt(i) == 'e' || source.charAt(i) == 'E')) {
      int e = i + 1;
      if (e < source.length() && "+-".indexOf(source.charAt(e)) >= 0) e++;
      if (e < source.length() && isDigit(source.charAt(e))) return digits(e, 10);
    }
    return fraction ? i : -1;
  }

  private int integerEnd() {
    if (source.charAt(pos) != '0') return digits(pos, 10);
    int radix =
        switch (pos + 1 < source.length() ? source.charAt(pos + 1) : ' ') {
          case 'x', 'X' -> 16;
          case 'o', 'O' -> 8;
          case 'b', 'B' -> 2;
          default -> 1;
        };
    if (radix == 1) return digits(pos, radix);
    int start = pos + 2;
    if (start < source.length() && source.charAt(start) == '_') start++;
    int end = digits(start, radix);
    return end > start ? end : pos + 1;
  }

  /** The end of digits of a radix, single underscores between them; radix 1 has the digit 0. */
  private int digits(int from, int radix) {
    int i = from;
    while (i < source.length()) {
      char c = source.charAt(i);
      boolean digit =
          c < 0x80 && Character.digit(c, Math.max(2, radix)) >= 0 && (radix > 1 || c == '0');
      boolean between =
          c == '_'
              && i > from
              && source.charAt(i - 1) != '_'
              && i + 1 < source.length()
              && Character.digit(source.charAt(i + 1), Math.max(2, radix)) >= 0;
      if (!digit && !between) break;
      i++;
    }
    return i;
  }

  private void string(char quote) {
    int i = pos + 1;
    while (i < source.length() && source.charAt(i) != quote) {
      i += source.charAt(i) == '\\' ? 2 : 1;
    }
    if (i >= source.length()) throw syntax("unexpected char " + Repr.quote(String.valueOf(quote)));
    add(Token.Type.STRING, Escapes.decode(source.substring(pos + 1, i), line));
    advance(i + 1);
  }

  private void name() {
    int i = pos;
    while (i < source.length() && Text.isWord(source.codePointAt(i))) {
      i += Character.charCount(source.codePointAt(i));
    }
    add(Token.Type.NAME, source.substring(pos, i));
    advance(i);
  }

  private void operator(Deque<String> open) {
    String op = null;
    for (String candidate : OPERATORS) {
      if (source.startsWith(candidate, pos)) {
        op = candidate;
        break;
      }
    }
    if (op == null) {
      String c = new String(Character.toChars(source.codePointAt(pos)));
      throw syntax("unexpected char " + Repr.quote(c));
    }
    switch (op) {
      case "{" -> open.push("}");
      case "(" -> open.push(")");
      case "[" -> open.push("]");
      case "}", ")", "]" -> {
        if (open.isEmpty()) throw syntax("unexpected '" + op + "'");
        String expected = open.pop();
        if (!expected.equals(op)) {
          throw syntax("unexpected '" + op + "', expected '" + expected + "'");
        }
      }
      default -> {}
    }
    add(Token.Type.OPERATOR, op);
    advance(pos + op.length());
  }

  private int skipSpace(int from) {
    int i = from;
    while (i < source.length() && Text.isSpace(source.charAt(i))) i++;
    return i;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private void add(Token.Type type, String text) {
    tokens.add(new Token(type, text, line));
  }

  private void advance(int to) {
    for (int i = pos; i < to; i++) {
      if (source.charAt(i) == '\n') line++;
    }
    pos = to;
  }

  private BadInput syntax(String message) {
    return syntax(message, line);
  }

  /** A mistake in a template's source. */
  static BadInput syntax(String message, int line) {
    return new BadInput(
        "chat template: line "
            + line
            + ": "
            + message.replace('\n', ' ')
            + "; correct the template's syntax");
  }
}
