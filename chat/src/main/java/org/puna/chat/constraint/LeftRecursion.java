package org.puna.chat.constraint;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
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
    Map<String, Set<String>> users = new HashMap<>();
    grammar
        .rules()
        .forEach((name, body) -> {
          Set<String> used = new HashSet<>();
          named(body, used);
          for (String u : used) users.computeIfAbsent(u, _ -> new HashSet<>()).add(name);
        });
    // A rule is looked at again only when one that it uses has turned out to match nothing.
    Deque<String> work = new ArrayDeque<>(grammar.rules().keySet());
    while (!work.isEmpty()) {
      String name = work.pop();
      Grammar.Node body = grammar.rules().get(name);
      if (body != null && !nullable.contains(name) && isNullable(body)) {
        nullable.add(name);
        work.addAll(users.getOrDefault(name, Set.of()));
      }
    }
  }

  private static void named(Grammar.Node node, Set<String> out) {
    switch (node) {
      case Grammar.Node.Chars _, Grammar.Node.Mark _ -> {}
      case Grammar.Node.Sequence s -> s.parts().forEach(p -> named(p, out));
      case Grammar.Node.Choice c -> c.options().forEach(p -> named(p, out));
      case Grammar.Node.Repeat r -> named(r.part(), out);
      case Grammar.Node.Rule r -> out.add(r.name());
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
    Map<String, Boolean> open = new HashMap<>();
    for (String name : new TreeSet<>(first.keySet())) visit(name, first, open);
  }

  /** Walks depth first; a rule that is met again while it is open can call itself. */
  private static void visit(
      String root, Map<String, Set<String>> first, Map<String, Boolean> open) {
    Deque<String> path = new ArrayDeque<>(List.of(root));
    while (!path.isEmpty()) {
      String name = path.peek();
      if (open.putIfAbsent(name, true) == null) {
        for (String called : first.getOrDefault(name, Set.of())) {
          if (open.getOrDefault(called, false)) throw recursive(called);
          if (!open.containsKey(called)) path.push(called);
        }
      } else {
        open.put(path.pop(), false);
      }
    }
  }

  private static BadInput recursive(String name) {
    return new BadInput(
        "grammar: rule \""
            + name
            + "\" can call itself before any character; write the recursion on the right");
  }

  private boolean isNullable(Grammar.Node node) {
    return switch (node) {
      case Grammar.Node.Chars _, Grammar.Node.Mark _ -> false;
      case Grammar.Node.Sequence s -> s.parts().stream().allMatch(this::isNullable);
      case Grammar.Node.Choice c -> c.options().stream().anyMatch(this::isNullable);
      case Grammar.Node.Repeat r -> r.min() == 0 || isNullable(r.part());
      case Grammar.Node.Rule r -> nullable.contains(r.name());
    };
  }

  private void firstCalls(Grammar.Node node, Set<String> out) {
    switch (node) {
      case Grammar.Node.Chars _, Grammar.Node.Mark _ -> {}
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
