package org.puna.chat.constraint;

import java.util.ArrayList;
import java.util.List;
import org.puna.chat.constraint.Grammar.Node;
import org.puna.model.config.BadInput;

/**
 * Reads a regular expression as ECMA-262 writes it (the dialect of JSON Schema): characters,
 * classes, groups, alternatives, quantifiers, {@code ^} and {@code $} at the ends. Look-around,
 * back references and word boundaries are refused: they are not regular, or not worth their cost in
 * a mask.
 */
final class RegexParser {
  private static final CodePoints DIGITS = CodePoints.of('0', '9');
  private static final CodePoints WORD =
      DIGITS.or(CodePoints.of('a', 'z')).or(CodePoints.of('A', 'Z')).or(CodePoints.of('_'));
  private static final CodePoints SPACE =
      CodePoints.among("\t\n\u000B\f\r \u00A0\u1680\u2028\u2029\u202F\u205F\u3000\uFEFF")
          .or(CodePoints.of(0x2000, 0x200A));
  private static final CodePoints LINE_ENDS = CodePoints.among("\n\r\u2028\u2029");
  private static final int MAX_COUNT = 100_000;

  private final String source;
  private final int[] chars;
  private int at;

  private RegexParser(String source) {
    this.source = source;
    this.chars = source.codePoints().toArray();
  }

  /**
   * Parses an expression that must match a whole text.
   *
   * @throws BadInput naming the position of what is wrong or not supported
   */
  static Node whole(String source) {
    RegexParser p = new RegexParser(source);
    Node n = p.choice(false);
    if (p.at < p.chars.length) throw p.bad("unexpected \")\"");
    return n;
  }

  /**
   * Parses an expression that must match somewhere in a text, as JSON Schema's {@code pattern}
   * does.
   *
   * @throws BadInput naming the position of what is wrong or not supported
   */
  static Node search(String source) {
    RegexParser p = new RegexParser(source);
    Node n = p.choice(true);
    if (p.at < p.chars.length) throw p.bad("unexpected \")\"");
    return n;
  }

  private Node choice(boolean search) {
    List<Node> options = new ArrayList<>();
    do {
      options.add(sequence(search));
    } while (eat('|'));
    return options.size() == 1 ? options.getFirst() : new Node.Choice(options);
  }

  private Node sequence(boolean search) {
    Node anything = new Node.Repeat(new Node.Chars(CodePoints.ALL), 0, -1);
    List<Node> parts = new ArrayList<>();
    boolean open = search;
    if (eat('^')) open = false;
    if (open) parts.add(anything);
    boolean end = !search;
    while (at < chars.length && chars[at] != '|' && chars[at] != ')') {
      if (chars[at] == '$') {
        at++;
        if (at < chars.length && chars[at] != '|' && chars[at] != ')') {
          throw bad("\"$\" is supported at the end only");
        }
        end = true;
        break;
      }
      if (chars[at] == '^') throw bad("\"^\" is supported at the start only");
      parts.add(quantified(atom()));
    }
    if (!end) parts.add(anything);
    return parts.size() == 1 ? parts.getFirst() : new Node.Sequence(parts);
  }

  private Node quantified(Node part) {
    Node n = part;
    while (at < chars.length) {
      int c = chars[at];
      if (c == '*') n = repeat(n, 0, -1);
      else if (c == '+') n = repeat(n, 1, -1);
      else if (c == '?') n = repeat(n, 0, 1);
      else if (c == '{' && isCount()) n = counted(n);
      else return n;
    }
    return n;
  }

  /**
   * Takes the quantifier's character and a question mark that would make it lazy, which changes no
   * match.
   */
  private Node repeat(Node n, int min, int max) {
    at++;
    eat('?');
    return new Node.Repeat(n, min, max);
  }

  private boolean isCount() {
    int i = at + 1;
    int digits = 0;
    while (i < chars.length && ((chars[i] >= '0' && chars[i] <= '9') || chars[i] == ',')) {
      if (chars[i] != ',') digits++;
      i++;
    }
    return digits > 0 && i < chars.length && chars[i] == '}';
  }

  private Node counted(Node n) {
    at++;
    int min = chars[at] == ',' ? 0 : number();
    int max = min;
    if (eat(',')) max = chars[at] == '}' ? -1 : number();
    if (max >= 0 && max < min) throw bad("a count whose end is before its start");
    return repeat(n, min, max);
  }

  private int number() {
    long value = 0;
    while (at < chars.length && chars[at] >= '0' && chars[at] <= '9') {
      value = value * 10 + chars[at++] - '0';
      if (value > MAX_COUNT) throw bad("a count above " + MAX_COUNT);
    }
    return (int) value;
  }

  private Node atom() {
    int c = chars[at++];
    switch (c) {
      case '.':
        return new Node.Chars(LINE_ENDS.complement());
      case '[':
        return new Node.Chars(set());
      case '(':
        return group();
      case '\\':
        return new Node.Chars(escape(false));
      case '*', '+', '?':
        at--;
        throw bad("a quantifier without anything before it");
      default:
        return new Node.Chars(CodePoints.of(c));
    }
  }

  private Node group() {
    if (eat('?')) {
      if (eat(':')) {
        // a group that is not captured
      } else if (at + 1 < chars.length
          && chars[at] == '<'
          && chars[at + 1] != '='
          && chars[at + 1] != '!') {
        while (at < chars.length && chars[at] != '>') at++;
        at++;
      } else {
        throw bad("look-around and flags in groups are not supported");
      }
    }
    Node n = choice(false);
    if (!eat(')')) throw bad("a group without its \")\"");
    return n;
  }

  private CodePoints set() {
    boolean negated = eat('^');
    CodePoints out = CodePoints.NONE;
    while (true) {
      if (at >= chars.length) throw bad("a class without its \"]\"");
      if (eat(']')) break;
      CodePoints first = member();
      if (at + 1 < chars.length && chars[at] == '-' && chars[at + 1] != ']') {
        at++;
        CodePoints last = member();
        int a = single(first);
        int b = single(last);
        if (b < a) throw bad("a range whose end is before its start");
        out = out.or(CodePoints.of(a, b));
      } else {
        out = out.or(first);
      }
    }
    return negated ? out.complement() : out;
  }

  private int single(CodePoints set) {
    if (set.ranges().size() != 1
        || set.ranges().getFirst().first() != set.ranges().getFirst().last()) {
      throw bad("a range from or to a class");
    }
    return set.ranges().getFirst().first();
  }

  private CodePoints member() {
    int c = chars[at++];
    return c == '\\' ? escape(true) : CodePoints.of(c);
  }

  private CodePoints escape(boolean inClass) {
    if (at >= chars.length) throw bad("a backslash at the end");
    int c = chars[at++];
    return switch (c) {
      case 'd' -> DIGITS;
      case 'D' -> DIGITS.complement();
      case 'w' -> WORD;
      case 'W' -> WORD.complement();
      case 's' -> SPACE;
      case 'S' -> SPACE.complement();
      case 't' -> CodePoints.of('\t');
      case 'n' -> CodePoints.of('\n');
      case 'r' -> CodePoints.of('\r');
      case 'f' -> CodePoints.of('\f');
      case 'v' -> CodePoints.of(0x0B);
      case '0' -> CodePoints.of(0);
      case 'x' -> CodePoints.of(hex(2));
      case 'u' -> {
        if (eat('{')) {
          int start = at;
          while (at < chars.length && chars[at] != '}') at++;
          int length = at - start;
          at = start;
          int value = hex(length);
          at++;
          yield CodePoints.of(value);
        }
        yield CodePoints.of(hex(4));
      }
      case 'p', 'P' -> property(c == 'P');
      case 'b', 'B' -> {
        if (inClass && c == 'b') yield CodePoints.of('\b');
        throw bad("word boundaries are not supported");
      }
      case '1', '2', '3', '4', '5', '6', '7', '8', '9', 'k' ->
          throw bad("back references are not supported");
      default -> CodePoints.of(c);
    };
  }

  private int hex(int digits) {
    if (digits < 1 || digits > 6 || at + digits > chars.length)
      throw bad("a bad hexadecimal escape");
    int value = 0;
    for (int i = 0; i < digits; i++) {
      int d = Character.digit(chars[at++], 16);
      if (d < 0) throw bad("a bad hexadecimal escape");
      value = value * 16 + d;
    }
    if (value > Character.MAX_CODE_POINT) throw bad("a bad hexadecimal escape");
    return value;
  }

  /**
   * General categories by their short names: {@code \p{L}}, {@code \p{Lu}}, {@code \p{N}} and so
   * on.
   */
  private CodePoints property(boolean negated) {
    if (!eat('{')) throw bad("a property without \"{\"");
    int start = at;
    while (at < chars.length && chars[at] != '}') at++;
    String name = new String(chars, start, at - start);
    at++;
    CodePoints set = UnicodeCategories.named(name);
    if (set.isEmpty()) throw bad("the property \"" + name + "\" is not supported");
    return negated ? set.complement() : set;
  }

  private boolean eat(int c) {
    if (at < chars.length && chars[at] == c) {
      at++;
      return true;
    }
    return false;
  }

  private BadInput bad(String what) {
    return new BadInput(
        "regular expression: " + what + " at character " + (at + 1) + " of \"" + source + "\"");
  }
}
