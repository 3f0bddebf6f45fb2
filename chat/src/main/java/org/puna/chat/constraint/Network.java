package org.puna.chat.constraint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.puna.model.config.BadInput;

/**
 * A grammar as a recursive transition network over bytes: each rule is a small automaton whose
 * edges take a byte, take nothing, or call another rule. It also knows how many bytes at least lie
 * between each node and the end of its rule, so that dead ends are never entered and an answer can
 * be brought to its end in time.
 */
final class Network {
  /** A distance that cannot be covered. */
  static final int NEVER = Integer.MAX_VALUE / 4;

  /** What a node's edges take besides the bytes: control tokens, by their numbers. */
  static final int FIRST_MARK = 256;

  private static final int MAX_NODES = 300_000;

  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, Ends> rules = new HashMap<>();
  private final int[] distance;
  private final boolean[] tail;
  private final Ends root;
  private final int[] classes = new int[FIRST_MARK + Grammar.MAX_MARKS];
  private final int nClasses;

  /** A node with its ways out. */
  private static final class Node {
    final List<int[]> bytes = new ArrayList<>(1);
    final List<Integer> empty = new ArrayList<>(1);
    final List<Call> calls = new ArrayList<>(0);
    boolean end;
  }

  /** Where a rule starts and ends. */
  record Ends(int start, int end) {}

  /** A call of a rule and where it goes on after. */
  record Call(int start, int end, int next) {}

  /**
   * Compiles a grammar.
   *
   * @throws BadInput if it is left-recursive, too large, or matches nothing
   */
  Network(Grammar grammar) {
    grammar.rules().keySet().stream().sorted().forEach(name -> rules.put(name, rule()));
    grammar
        .rules()
        .forEach((name, body) -> {
          Ends e = ends(name);
          nodes.get(compile(body, e.start)).empty.add(e.end);
        });
    root = ends(grammar.root());
    LeftRecursion.refuse(grammar);
    distance = distances();
    if (distance[root.start] >= NEVER) {
      throw new BadInput("grammar: no text matches it; is something required that is ruled out?");
    }
    nClasses = classify();
    tail = new boolean[nodes.size()];
    for (int n = 0; n < tail.length; n++) tail[n] = onlyEnds(n, new HashSet<>());
  }

  private Ends rule() {
    Ends e = new Ends(node(), node());
    nodes.get(e.end).end = true;
    return e;
  }

  private Ends ends(String rule) {
    Ends e = rules.get(rule);
    if (e == null) throw new IllegalStateException("no rule " + rule);
    return e;
  }

  private int node() {
    if (nodes.size() >= MAX_NODES) {
      throw new BadInput(
          "grammar: more than "
              + MAX_NODES
              + " states; are there very large repetition counts or lengths?");
    }
    nodes.add(new Node());
    return nodes.size() - 1;
  }

  /** Adds a piece after node {@code from} and returns the node after it. */
  private int compile(Grammar.Node piece, int from) {
    return switch (piece) {
      case Grammar.Node.Chars c -> {
        int to = node();
        for (int[] pairs : c.set().utf8()) {
          int at = from;
          for (int i = 0; i < pairs.length; i += 2) {
            int next = i + 2 == pairs.length ? to : node();
            nodes.get(at).bytes.add(new int[] {pairs[i], pairs[i + 1], next});
            at = next;
          }
        }
        yield to;
      }
      case Grammar.Node.Mark m -> {
        int to = node();
        int symbol = FIRST_MARK + m.number();
        nodes.get(from).bytes.add(new int[] {symbol, symbol, to});
        yield to;
      }
      case Grammar.Node.Sequence s -> {
        int at = from;
        for (Grammar.Node p : s.parts()) at = compile(p, at);
        yield at;
      }
      case Grammar.Node.Choice c -> {
        int to = node();
        for (Grammar.Node p : c.options()) {
          int start = node();
          nodes.get(from).empty.add(start);
          nodes.get(compile(p, start)).empty.add(to);
        }
        yield to;
      }
      case Grammar.Node.Repeat r -> repeat(r, from);
      case Grammar.Node.Rule r -> {
        int to = node();
        Ends e = ends(r.name());
        nodes.get(from).calls.add(new Call(e.start, e.end, to));
        yield to;
      }
    };
  }

  private int repeat(Grammar.Node.Repeat r, int from) {
    int at = from;
    for (int i = 0; i < r.min(); i++) at = compile(r.part(), at);
    if (r.max() < 0) {
      int loop = node();
      nodes.get(at).empty.add(loop);
      nodes.get(compile(r.part(), loop)).empty.add(loop);
      int to = node();
      nodes.get(loop).empty.add(to);
      return to;
    }
    int to = node();
    for (int i = r.min(); i < r.max(); i++) {
      nodes.get(at).empty.add(to);
      at = compile(r.part(), at);
    }
    nodes.get(at).empty.add(to);
    return to;
  }

  /**
   * Shortest distances to the ends of rules: relaxed until nothing changes, each node again when
   * one it leads to improved.
   */
  private int[] distances() {
    int n = nodes.size();
    List<List<Integer>> before = new ArrayList<>();
    for (int i = 0; i < n; i++) before.add(new ArrayList<>(1));
    for (int i = 0; i < n; i++) {
      for (int[] b : nodes.get(i).bytes) before.get(b[2]).add(i);
      for (int e : nodes.get(i).empty) before.get(e).add(i);
      for (Call c : nodes.get(i).calls) {
        before.get(c.next).add(i);
        before.get(c.start).add(i);
      }
    }
    int[] d = new int[n];
    Arrays.fill(d, NEVER);
    Deque<Integer> work = new ArrayDeque<>();
    for (int i = 0; i < n; i++) {
      if (nodes.get(i).end) {
        d[i] = 0;
        work.addAll(before.get(i));
      }
    }
    while (!work.isEmpty()) {
      int i = work.removeFirst();
      int best = d[i];
      for (int[] b : nodes.get(i).bytes) best = Math.min(best, 1 + d[b[2]]);
      for (int e : nodes.get(i).empty) best = Math.min(best, d[e]);
      for (Call c : nodes.get(i).calls) {
        best = Math.min(best, Math.min(NEVER, d[c.start] + d[c.next]));
      }
      if (best < d[i]) {
        d[i] = best;
        work.addAll(before.get(i));
      }
    }
    return d;
  }

  /** Numbers the groups of bytes that no edge tells apart; returns how many there are. */
  private int classify() {
    boolean[] cut = new boolean[classes.length + 1];
    for (Node n : nodes) {
      for (int[] edge : n.bytes) {
        cut[edge[0]] = true;
        cut[edge[1] + 1] = true;
      }
    }
    int number = 0;
    for (int b = 1; b < classes.length; b++) {
      if (cut[b]) number++;
      classes[b] = number;
    }
    return number + 1;
  }

  /** Returns the group of a byte or mark: all of one group lead to the same places. */
  int classOf(int symbol) {
    return classes[symbol];
  }

  int classes() {
    return nClasses;
  }

  int size() {
    return nodes.size();
  }

  private boolean onlyEnds(int n, Set<Integer> seen) {
    Node node = nodes.get(n);
    if (node.end) return true;
    return seen.add(n)
        && node.bytes.isEmpty()
        && node.calls.isEmpty()
        && node.empty.size() == 1
        && onlyEnds(node.empty.getFirst(), seen);
  }

  Ends root() {
    return root;
  }

  /**
   * Returns the bytes at least from a node to the end of its rule; {@link #NEVER} from a dead end.
   */
  int distance(int node) {
    return distance[node];
  }

  boolean isEnd(int node) {
    return nodes.get(node).end;
  }

  /** Returns whether nothing but the end of its rule comes after a node. */
  boolean isTail(int node) {
    return tail[node];
  }

  /** Returns triples of lowest byte or mark, highest one and target. */
  List<int[]> bytes(int node) {
    return nodes.get(node).bytes;
  }

  List<Integer> empty(int node) {
    return nodes.get(node).empty;
  }

  List<Call> calls(int node) {
    return nodes.get(node).calls;
  }
}
