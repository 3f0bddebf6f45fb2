package org.puna.chat.constraint;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.puna.chat.constraint.Grammar.Node;
import org.puna.model.config.BadInput;

/**
 * Reads a grammar in GBNF, llama.cpp's notation: {@code name ::= alternatives}, quoted text,
 * character classes, {@code .}, groups, {@code * + ? {m,n}}, and comments after {@code #}. The rule
 * {@code root} is the whole answer.
 */
public final class Gbnf {
  private final String source;
  private final int[] chars;
  private final Map<String, Node> rules = new HashMap<>();
  private int at;

  private Gbnf(String source) {
    this.source = source;
    this.chars = source.codePoints().toArray();
  }

  /**
   * Parses a grammar.
   *
   * @throws BadInput naming the line of what is wrong
   */
  public static Grammar parse(String source) {
    Gbnf g = new Gbnf(source);
    g.space(true);
    while (g.at < g.chars.length) g.rule();
    if (!g.rules.containsKey("root")) throw new BadInput("grammar: there is no rule \"root\"");
    return new Grammar(g.rules, "root");
  }

  private void rule() {
    String name = name();
    space(false);
    if (!eat("::=")) throw bad("expected \"::=\" after \"" + name + "\"");
    space(true);
    Node body = choice(false);
    if (rules.putIfAbsent(name, body) != null) throw bad("\"" + name + "\" is defined twice");
    if (at < chars.length && chars[at] != '\n') throw bad("expected the end of a rule");
    space(true);
  }

  private Node choice(boolean nested) {
    List<Node> options = new ArrayList<>();
    do {
      space(true);
      options.add(sequence(nested));
    } while (eat("|"));
    return options.size() == 1 ? options.getFirst() : new Node.Choice(options);
  }

  private Node sequence(boolean nested) {
    List<Node> parts = new ArrayList<>();
    while (at < chars.length) {
      int c = chars[at];
      if (c == '|' || c == ')' || (c == '\n' && !nested && !continues())) break;
      if (c == '\n') {
        space(true);
        continue;
      }
      parts.add(quantified(atom()));
      space(nested);
    }
    return parts.size() == 1 ? parts.getFirst() : new Node.Sequence(parts);
  }

  /** Whether the lines that follow still belong to this rule: they start with an alternative. */
  private boolean continues() {
    int saved = at;
    space(true);
    boolean more = at < chars.length && chars[at] == '|';
    if (!more) at = saved;
    return more;
  }

  private Node atom() {
    int c = chars[at];
    if (c == '"') return literal();
    if (c == '[') return new Node.Chars(set());
    if (eat(".")) return new Node.Chars(CodePoints.ALL);
    if (eat("(")) {
      Node n = choice(true);
      if (!eat(")")) throw bad("a group without its \")\"");
      return n;
    }
    return new Node.Rule(name());
  }

  private Node quantified(Node part) {
    Node n = part;
    while (at < chars.length) {
      if (eat("*")) n = new Node.Repeat(n, 0, -1);
      else if (eat("+")) n = new Node.Repeat(n, 1, -1);
      else if (eat("?")) n = new Node.Repeat(n, 0, 1);
      else if (eat("{")) {
        int min = number();
        int max = min;
        if (eat(",")) max = at < chars.length && chars[at] == '}' ? -1 : number();
        if (!eat("}")) throw bad("a count without its \"}\"");
        n = new Node.Repeat(n, min, max);
      } else {
        return n;
      }
    }
    return n;
  }

  private int number() {
    long value = -1;
    while (at < chars.length && chars[at] >= '0' && chars[at] <= '9') {
      value = Math.max(value, 0) * 10 + chars[at++] - '0';
      if (value > 100_000) throw bad("a count above 100000");
    }
    if (value < 0) throw bad("expected a number");
    return (int) value;
  }

  private Node literal() {
    at++;
    StringBuilder text = new StringBuilder();
    while (true) {
      if (at >= chars.length || chars[at] == '\n')
        throw bad("a text without its closing quotation mark");
      if (eat("\"")) return Node.text(text.toString());
      text.appendCodePoint(character());
    }
  }

  private CodePoints set() {
    at++;
    boolean negated = eat("^");
    CodePoints out = CodePoints.NONE;
    while (true) {
      if (at >= chars.length) throw bad("a class without its \"]\"");
      if (eat("]")) return negated ? out.complement() : out;
      int first = character();
      if (at + 1 < chars.length && chars[at] == '-' && chars[at + 1] != ']') {
        at++;
        int last = character();
        if (last < first) throw bad("a range whose end is before its start");
        out = out.or(CodePoints.of(first, last));
      } else {
        out = out.or(CodePoints.of(first));
      }
    }
  }

  private int character() {
    int c = chars[at++];
    if (c != '\\') return c;
    if (at >= chars.length) throw bad("a backslash at the end");
    int e = chars[at++];
    return switch (e) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'x' -> hex(2);
      case 'u' -> hex(4);
      case 'U' -> hex(8);
      default -> e;
    };
  }

  private int hex(int digits) {
    long value = 0;
    for (int i = 0; i < digits; i++) {
      int d = at < chars.length ? Character.digit(chars[at], 16) : -1;
      if (d < 0) throw bad("a bad hexadecimal escape");
      value = value * 16 + d;
      at++;
    }
    if (value > Character.MAX_CODE_POINT) throw bad("a bad hexadecimal escape");
    return (int) value;
  }

  private String name() {
    int start = at;
    while (at < chars.length
        && (Character.isLetterOrDigit(chars[at]) || chars[at] == '-' || chars[at] == '_')) at++;
    if (at == start) throw bad("expected a rule's name");
    return new String(chars, start, at - start);
  }

  private void space(boolean lines) {
    while (at < chars.length) {
      int c = chars[at];
      if (c == '#') {
        while (at < chars.length && chars[at] != '\n') at++;
      } else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
        at++;
      } else {
        return;
      }
    }
  }

  private boolean eat(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (at + i >= chars.length || chars[at + i] != text.charAt(i)) return false;
    }
    at += text.length();
    return true;
  }

  private BadInput bad(String what) {
    long line =
        source
            .substring(0, source.offsetByCodePoints(0, Math.min(at, chars.length)))
            .lines()
            .count();
    return new BadInput("grammar: " + what + " in line " + Math.max(1, line));
  }
}
