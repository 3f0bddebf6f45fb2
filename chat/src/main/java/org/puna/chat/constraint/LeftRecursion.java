package org.puna.chat.constraint;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.puna.model.config.BadInput;

/**
 * Finds rules that can call themselves before a character is read: matching them top-down would
 * never end.
 */
final class LeftRecursion {
  private final Set<String> nullable = new HashSet<>();

  private LeftRecursion(Grammar grammar) {
    boolean grew = true;
    while (grew) {
      grew = false;
      for (var e : grammar.rules().entrySet()) {
        if (isNullable(e.getValue())) grew |= nullable.add(e.getKey());
      }
    }
  }

  /**
   * Refuses a grammar with such a rule.
   *
   * @throws BadInput naming the rule
   */
  static void refuse(Grammar grammar) {
    LeftRecursion l = new LeftRecursion(grammar);
    Map<String, Set<String>> first = new HashMap<>();
    grammar
        .rules()
        .forEach((name, body) -> {
          Set<String> calls = new HashSet<>();
          l.firstCalls(body, calls);
          first.put(name, calls);
        });
    for (String name : new TreeSet<>(grammar.rules().keySet())) {
      Set<String> reached = new HashSet<>(first.getOrDefault(name, Set.of()));
      boolean grew = true;
      while (grew) {
        Set<String> more = new HashSet<>();
        for (String r : reached) more.addAll(first.getOrDefault(r, Set.of()));
        grew = reached.addAll(more);
      }
      if (reached.contains(name)) {
        throw new BadInput(
            "grammar: rule \""
                + name
                + "\" can call itself before any character; write the recursion on the right");
      }
    }
  }

  private boolean isNullable(Grammar.Node node) {
    return switch (node) {
      case Grammar.Node.Chars _ -> false;
      case Grammar.Node.Sequence s -> s.parts().stream().allMatch(this::isNullable);
      case Grammar.Node.Choice c -> c.options().stream().anyMatch(this::isNullable);
      case Grammar.Node.Repeat r -> r.min() == 0 || isNullable(r.part());
      case Grammar.Node.Rule r -> nullable.contains(r.name());
    };
  }

  private void firstCalls(Grammar.Node node, Set<String> out) {
    switch (node) {
      case Grammar.Node.Chars _ -> {}
      case Grammar.Node.Sequence s -> {
        for (Grammar.Node p : s.parts()) {
          firstCalls(p, out);
          if (!isNullable(p)) return;
        }
      }
      case Grammar.Node.Choice c -> c.options().forEach(p -> firstCalls(p, out));
      case Grammar.Node.Repeat r -> firstCalls(r.part(), out);
      case Grammar.Node.Rule r -> out.add(r.name());
    }
  }
}
