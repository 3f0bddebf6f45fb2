package org.puna.chat.constraint;

import static org.puna.chat.constraint.Grammar.Node.choice;
import static org.puna.chat.constraint.Grammar.Node.optional;
import static org.puna.chat.constraint.Grammar.Node.sequence;
import static org.puna.chat.constraint.Grammar.Node.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.puna.chat.constraint.Grammar.Node;

/**
 * The grammar of JSON texts. Numbers have at most sixteen digits before and after the point, and
 * white space between tokens is one blank, or a line break with some indentation, so that no answer
 * is lost in endless digits or blanks.
 *
 * @see "RFC 8259"
 */
final class Json {
  /** The rule of any JSON value, which {@link #addTo} defines. */
  static final Node VALUE = new Node.Rule("json value");

  /** The rule of any JSON object. */
  static final Node OBJECT = new Node.Rule("json object");

  /** The rule of any JSON array. */
  static final Node ARRAY = new Node.Rule("json array");

  /** The rule of optional white space. */
  static final Node SPACE = new Node.Rule("json space");

  private static final CodePoints CONTROLS = CodePoints.of(0, 0x1F);
  private static final CodePoints MUST_ESCAPE = CONTROLS.or(CodePoints.among("\"\\"));
  private static final CodePoints RAW = MUST_ESCAPE.complement();
  private static final Node DIGIT = new Node.Chars(CodePoints.of('0', '9'));
  private static final Node HEX =
      new Node.Chars(
          CodePoints.of('0', '9').or(CodePoints.of('a', 'f')).or(CodePoints.of('A', 'F')));

  /** An escape by a number: a character of the basic plane, or a pair of surrogates. */
  private static final Node NUMBERED =
      sequence(
          text("\\u"),
          choice(
              sequence(new Node.Chars(CodePoints.among("0123456789abcefABCEF")), HEX, HEX, HEX),
              sequence(
                  new Node.Chars(CodePoints.among("dD")),
                  new Node.Chars(CodePoints.of('0', '7')),
                  HEX,
                  HEX),
              sequence(
                  new Node.Chars(CodePoints.among("dD")),
                  new Node.Chars(CodePoints.among("89abAB")),
                  HEX,
                  HEX,
                  text("\\u"),
                  new Node.Chars(CodePoints.among("dD")),
                  new Node.Chars(CodePoints.among("cdefCDEF")),
                  HEX,
                  HEX)));

  /** One character of a string, however it is spelled. */
  static final Node CHARACTER = new Node.Rule("json character");

  private static final Node ANY_CHARACTER =
      choice(
          new Node.Chars(RAW),
          sequence(text("\\"), new Node.Chars(CodePoints.among("\"\\/bfnrt"))),
          NUMBERED);

  private static final Node INTEGER_PART =
      choice(
          text("0"),
          sequence(new Node.Chars(CodePoints.of('1', '9')), new Node.Repeat(DIGIT, 0, 15)));

  /** An integer. */
  static final Node INTEGER = sequence(optional(text("-")), INTEGER_PART);

  /** A number. */
  static final Node NUMBER =
      sequence(
          INTEGER,
          optional(sequence(text("."), new Node.Repeat(DIGIT, 1, 16))),
          optional(
              sequence(
                  new Node.Chars(CodePoints.among("eE")),
                  optional(new Node.Chars(CodePoints.among("+-"))),
                  new Node.Repeat(DIGIT, 1, 2))));

  /** True or false. */
  static final Node BOOLEAN = choice(text("true"), text("false"));

  private Json() {}

  /** Adds the rules of JSON itself. */
  static void addTo(Map<String, Node> rules) {
    rules.put(
        "json space",
        optional(
            choice(
                text(" "),
                sequence(text("\n"), new Node.Repeat(new Node.Chars(CodePoints.of(' ')), 0, 24)))));
    rules.put("json character", ANY_CHARACTER);
    rules.put("json value", choice(OBJECT, ARRAY, string(0, -1), NUMBER, BOOLEAN, text("null")));
    rules.put("json object", object(sequence(string(0, -1), SPACE, text(":"), SPACE, VALUE)));
    rules.put("json array", sequence(text("["), SPACE, optional(list(VALUE)), text("]")));
  }

  private static Node object(Node member) {
    return sequence(text("{"), SPACE, optional(list(member)), text("}"));
  }

  /** One or more items with commas between, and white space after each. */
  static Node list(Node item) {
    return sequence(item, SPACE, new Node.Repeat(sequence(text(","), SPACE, item, SPACE), 0, -1));
  }

  /**
   * A string of some length.
   *
   * @param min characters at least
   * @param max characters at most, −1 for any number
   */
  static Node string(int min, int max) {
    return sequence(text("\""), new Node.Repeat(CHARACTER, min, max), text("\""));
  }

  /**
   * A string whose content matches {@code content}; characters that JSON must escape are escaped in
   * their shortest way.
   */
  static Node string(Node content) {
    return sequence(text("\""), escaped(content), text("\""));
  }

  private static Node escaped(Node node) {
    return switch (node) {
      case Node.Chars c -> escaped(c.set());
      case Node.Sequence s -> new Node.Sequence(s.parts().stream().map(Json::escaped).toList());
      case Node.Choice c -> new Node.Choice(c.options().stream().map(Json::escaped).toList());
      case Node.Repeat r -> new Node.Repeat(escaped(r.part()), r.min(), r.max());
      case Node.Rule r -> r;
      case Node.Mark m -> m;
    };
  }

  private static Node escaped(CodePoints set) {
    List<Node> options = new ArrayList<>();
    CodePoints raw = set.and(RAW);
    if (!raw.isEmpty()) options.add(new Node.Chars(raw));
    for (CodePoints.Range r : set.and(MUST_ESCAPE).ranges()) {
      for (int c = r.first(); c <= r.last(); c++) options.add(text(escape(c)));
    }
    return options.size() == 1 ? options.getFirst() : new Node.Choice(options);
  }

  private static String escape(int c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\b' -> "\\b";
      case '\f' -> "\\f";
      default -> String.format("\\u%04x", c);
    };
  }

  /** A string that is none of some names, spelled without escapes by number. */
  static Node stringBut(Set<String> names) {
    Trie root = new Trie();
    for (String name : names) {
      Trie t = root;
      for (int c : name.codePoints().toArray()) t = t.children.computeIfAbsent(c, _ -> new Trie());
      t.end = true;
    }
    return sequence(text("\""), root.others());
  }

  private static final class Trie {
    final Map<Integer, Trie> children = new TreeMap<>();
    boolean end;

    /** What may follow here up to the closing quotation mark, so that no name comes out. */
    Node others() {
      List<Node> options = new ArrayList<>();
      if (!end) options.add(text("\""));
      CodePoints taken = CodePoints.NONE;
      for (Map.Entry<Integer, Trie> e : children.entrySet()) {
        taken = taken.or(CodePoints.of(e.getKey()));
        options.add(sequence(escaped(CodePoints.of(e.getKey())), e.getValue().others()));
      }
      options.add(
          sequence(
              escaped(taken.complement()),
              new Node.Repeat(escaped(CodePoints.ALL), 0, -1),
              text("\"")));
      return new Node.Choice(options);
    }
  }
}
