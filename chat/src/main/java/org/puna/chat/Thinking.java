package org.puna.chat;

import static org.puna.chat.constraint.Grammar.Node.sequence;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.chat.constraint.Alphabet;
import org.puna.chat.constraint.CodePoints;
import org.puna.chat.constraint.Grammar.Node;
import org.puna.model.tokenizer.Tokenizer;

/**
 * The thoughts before an answer, as a piece of a grammar: any text up to the mark that ends them.
 *
 * @param open the mark that begins them
 * @param close the mark that ends them
 * @param begun whether the prompt has begun them, so that they must come
 */
record Thinking(String open, String close, boolean begun) {
  /** Line breaks and blanks between thoughts and answer at most. */
  private static final int MOST_SPACE = 4;

  /**
   * Returns how a model may think after a prompt: nothing where it does not, or where the prompt
   * has ended the thoughts already.
   */
  static Optional<Thinking> after(String prompt, Optional<String> template, Tokenizer tokenizer) {
    String before = prompt.stripTrailing();
    for (Map.Entry<String, String> e : AnswerParser.THINKING.entrySet()) {
      if (before.endsWith(e.getValue())) return Optional.empty();
      if (before.endsWith(e.getKey())) {
        return Optional.of(new Thinking(e.getKey(), e.getValue(), true));
      }
    }
    return AnswerParser.THINKING.entrySet().stream()
        .filter(e ->
            tokenizer.id(e.getKey()).isPresent()
                && (tokenizer.id(e.getValue()).isPresent()
                    || template.orElse("").contains(e.getValue())))
        .sorted(Map.Entry.comparingByKey())
        .findFirst()
        .map(e -> new Thinking(e.getKey(), e.getValue(), false));
  }

  /** Returns an answer with the thoughts before it, where they may or must come. */
  Node before(Node answer, Alphabet alphabet, Map<String, Node> rules) {
    Node space = new Node.Repeat(new Node.Chars(CodePoints.among(" \n")), 0, MOST_SPACE);
    Node thoughts = sequence(until(alphabet, rules), space, answer);
    return begun ? thoughts : Node.choice(answer, sequence(alphabet.mark(open), thoughts));
  }

  private Node until(Alphabet alphabet, Map<String, Node> rules) {
    if (alphabet.isMark(close)) {
      return sequence(new Node.Repeat(new Node.Chars(CodePoints.ALL), 0, -1), alphabet.mark(close));
    }
    // Knuth, Morris, Pratt: rule i has just read the first i characters of the mark.
    int[] p = close.codePoints().toArray();
    CodePoints known = CodePoints.among(close);
    List<Integer> letters = close.codePoints().distinct().boxed().toList();
    for (int i = 0; i < p.length; i++) {
      List<Node> options = new ArrayList<>();
      options.add(sequence(new Node.Chars(known.complement()), rule(0)));
      for (int c : letters) {
        int next = overlap(p, i, c);
        Node letter = new Node.Chars(CodePoints.of(c));
        options.add(next == p.length ? letter : sequence(letter, rule(next)));
      }
      rules.put("thought " + i, new Node.Choice(options));
    }
    return rule(0);
  }

  private static Node rule(int i) {
    return new Node.Rule("thought " + i);
  }

  /** How many first characters of the mark a text ends with, after its first {@code i} and c. */
  private static int overlap(int[] p, int i, int c) {
    int[] text = java.util.Arrays.copyOf(p, i + 1);
    text[i] = c;
    for (int n = i + 1; n > 0; n--) {
      if (java.util.Arrays.equals(p, 0, n, text, i + 1 - n, i + 1)) return n;
    }
    return 0;
  }
}
