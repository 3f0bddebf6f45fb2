package org.puna.chat.constraint;

import java.util.List;
import java.util.Map;
import org.puna.model.config.BadInput;

/**
 * A context-free grammar over Unicode text: what JSON Schema, GBNF and regular expressions are all
 * turned into.
 *
 * @param rules by name
 * @param root the rule that a whole answer matches
 */
public record Grammar(Map<String, Node> rules, String root) {
  /** Copies the rules and checks that every one that is named is there. */
  public Grammar {
    rules = Map.copyOf(rules);
    check(rules, new Node.Rule(root), root);
    for (Map.Entry<String, Node> e : rules.entrySet()) check(rules, e.getValue(), e.getKey());
  }

  /** Control tokens that grammars may tell apart. */
  static final int MAX_MARKS = 64;

  /** A piece of a grammar. */
  public sealed interface Node {
    /**
     * One of a set of characters.
     *
     * @param set the characters
     */
    record Chars(CodePoints set) implements Node {}

    /**
     * A control token, which is no text.
     *
     * @param number which of the control tokens that the vocabulary was {@linkplain Alphabet#mark
     *     alphabet} knows
     */
    record Mark(int number) implements Node {
      /** Checks the number. */
      public Mark {
        if (number < 0 || number >= MAX_MARKS) {
          throw new IllegalArgumentException("mark " + number);
        }
      }
    }

    /**
     * Pieces one after another; the empty text where there are none.
     *
     * @param parts in order
     */
    record Sequence(List<Node> parts) implements Node {
      /** Copies the parts. */
      public Sequence {
        parts = List.copyOf(parts);
      }
    }

    /**
     * Any one of several pieces; nothing at all where there are none.
     *
     * @param options the pieces
     */
    record Choice(List<Node> options) implements Node {
      /** Copies the options. */
      public Choice {
        options = List.copyOf(options);
      }
    }

    /**
     * A piece some times over.
     *
     * @param part the piece
     * @param min times at least
     * @param max times at most, −1 for any number
     */
    record Repeat(Node part, int min, int max) implements Node {
      /** Checks the counts. */
      public Repeat {
        if (min < 0 || (max >= 0 && max < min)) {
          throw new BadInput("grammar: cannot repeat from " + min + " to " + max + " times");
        }
      }
    }

    /**
     * Another rule.
     *
     * @param name its name
     */
    record Rule(String name) implements Node {}

    /** Returns the text itself. */
    static Node text(String text) {
      List<Node> parts =
          text.codePoints().mapToObj(c -> (Node) new Chars(CodePoints.of(c))).toList();
      return parts.size() == 1 ? parts.getFirst() : new Sequence(parts);
    }

    /** Returns pieces one after another. */
    static Node sequence(Node... parts) {
      return new Sequence(List.of(parts));
    }

    /** Returns any one of several pieces. */
    static Node choice(Node... options) {
      return new Choice(List.of(options));
    }

    /** Returns a piece or nothing. */
    static Node optional(Node part) {
      return new Repeat(part, 0, 1);
    }

    /** The empty text. */
    Node EMPTY = new Sequence(List.of());
  }

  /** Returns the grammar of a single piece without rules. */
  public static Grammar of(Node piece) {
    return new Grammar(Map.of("root", piece), "root");
  }

  /**
   * Returns the grammar of the texts that a regular expression matches as a whole.
   *
   * @throws BadInput if its syntax is wrong, or it has what no grammar can say
   */
  public static Grammar ofRegex(String pattern) {
    return of(RegexParser.whole(pattern));
  }

  private static void check(Map<String, Node> rules, Node node, String in) {
    switch (node) {
      case Node.Chars _, Node.Mark _ -> {}
      case Node.Sequence s -> s.parts().forEach(n -> check(rules, n, in));
      case Node.Choice c -> c.options().forEach(n -> check(rules, n, in));
      case Node.Repeat r -> check(rules, r.part(), in);
      case Node.Rule r -> {
        if (!rules.containsKey(r.name())) {
          throw new BadInput(
              "grammar: rule \"" + in + "\" uses \"" + r.name() + "\", which is not defined");
        }
      }
    }
  }
}
