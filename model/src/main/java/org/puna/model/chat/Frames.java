package org.puna.model.chat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which variables of a scope start out undefined. Jinja decides before rendering where a name
 * lives: one that a scope assigns before it reads it, and that no scope around it knows, hides a
 * variable of the same name that the template was given, even before the assignment is reached.
 */
final class Frames {
  /** Names that a macro has only if its body reads them. */
  private static final Set<String> SPECIAL = Set.of("caller", "varargs", "kwargs");

  private final Map<Node.Body, List<String>> hidden = new HashMap<>();
  private final Map<Node.Body, Set<String>> specials = new HashMap<>();

  private Frames() {}

  /** Analyses a template. */
  static Frames of(Node.Body root) {
    Frames frames = new Frames();
    frames.analyse(root, List.of(), List.of(), null);
    return frames;
  }

  /** Names that start out undefined in the scope of {@code body}. */
  List<String> hidden(Node.Body body) {
    return hidden.getOrDefault(body, List.of());
  }

  /** Whether a macro's body reads {@code caller}, {@code varargs} or {@code kwargs}. */
  boolean reads(Node.Body body, String special) {
    return specials.getOrDefault(body, Set.of()).contains(special);
  }

  private enum Origin {
    /** A parameter or a value from an outer scope or the template's variables. */
    KNOWN,
    /** Assigned before it was read. */
    ASSIGNED
  }

  /** The names of one scope and where their values come from at first. */
  private static final class Symbols {
    final @Nullable Symbols parent;
    final Map<String, Origin> names = new LinkedHashMap<>();
    final Set<String> stores = new HashSet<>();
    final Symbols scope;

    /** Special names that this scope or one inside it reads. */
    final Set<String> specials;

    Symbols(@Nullable Symbols parent) {
      this.parent = parent;
      this.scope = this;
      this.specials = new HashSet<>();
    }

    private Symbols(@Nullable Symbols parent, Symbols scope) {
      this.parent = parent;
      this.scope = scope;
      this.specials = scope.specials;
    }

    /** The same names, for a branch that goes its own way. */
    Symbols copy() {
      Symbols s = new Symbols(parent, scope);
      s.names.putAll(names);
      s.stores.addAll(stores);
      return s;
    }

    boolean knows(String name) {
      return names.containsKey(name) || outerKnows(name);
    }

    boolean outerKnows(String name) {
      return parent != null && parent.knows(name);
    }

    void load(String name) {
      if (SPECIAL.contains(name)) specials.add(name);
      if (!knows(name)) names.put(name, Origin.KNOWN);
    }

    void store(String name) {
      stores.add(name);
      names.putIfAbsent(name, outerKnows(name) ? Origin.KNOWN : Origin.ASSIGNED);
    }

    /** Joins the branches of an if; what they assign keeps its outer value until then. */
    void join(List<Symbols> branches) {
      Set<String> assigned = new HashSet<>();
      for (Symbols branch : branches) assigned.addAll(branch.stores);
      assigned.removeAll(stores);
      for (Symbols branch : branches) {
        names.putAll(branch.names);
        stores.addAll(branch.stores);
      }
      for (String name : assigned) names.put(name, Origin.KNOWN);
    }
  }

  private void analyse(
      Node.Body body, List<String> parameters, List<Expr> defaults, @Nullable Symbols parent) {
    Symbols symbols = new Symbols(parent);
    for (String p : parameters) symbols.names.put(p, Origin.KNOWN);
    for (Expr e : defaults) read(e, symbols);
    List<Runnable> inner = new ArrayList<>();
    visit(body, symbols, inner);
    List<String> names = new ArrayList<>();
    symbols.names.forEach((name, origin) -> {
      if (origin == Origin.ASSIGNED) names.add(name);
    });
    if (!names.isEmpty()) hidden.put(body, List.copyOf(names));
    // Inner scopes see what this one knows at its end, not only what it knew before them.
    for (Runnable r : inner) r.run();
    if (!symbols.specials.isEmpty()) specials.put(body, symbols.specials);
    if (parent != null) parent.specials.addAll(symbols.specials);
  }

  private void visit(Node.Body body, Symbols s, List<Runnable> inner) {
    for (Node node : body.nodes()) visit(node, s, inner);
  }

  private void visit(Node node, Symbols s, List<Runnable> inner) {
    switch (node) {
      case Node.Text _, Node.Break _, Node.Continue _ -> {}
      case Node.Print p -> read(p.expr(), s);
      case Node.If i -> visitIf(i, s, inner);
      case Node.For f -> {
        read(f.iterable(), s);
        List<String> targets = new ArrayList<>(List.of("loop"));
        names(f.target(), targets);
        inner.add(() -> analyse(f.body(), targets, f.filter().stream().toList(), s.scope));
        inner.add(() -> analyse(f.otherwise(), List.of(), List.of(), s.scope));
      }
      case Node.Assign a -> {
        read(a.expr(), s);
        write(a.target(), s);
      }
      case Node.Capture c -> {
        for (Node.Applied a : c.filters()) read(a.arguments(), s);
        write(c.target(), s);
        inner.add(() -> analyse(c.body(), List.of(), List.of(), s.scope));
      }
      case Node.Macro m -> {
        s.store(m.name());
        function(m.signature(), m.body(), s, inner);
      }
      case Node.CallBlock c -> {
        c.call().ifPresent(call -> read(call, s));
        function(c.signature(), c.body(), s, inner);
      }
      case Node.FilterBlock f -> {
        for (Node.Applied a : f.filters()) read(a.arguments(), s);
        inner.add(() -> analyse(f.body(), List.of(), List.of(), s.scope));
      }
      case Node.With w -> {
        List<String> targets = new ArrayList<>();
        for (Node.Assign a : w.assigns()) {
          read(a.expr(), s);
          names(a.target(), targets);
        }
        inner.add(() -> analyse(w.body(), targets, List.of(), s.scope));
      }
    }
  }

  private void visitIf(Node.If i, Symbols s, List<Runnable> inner) {
    read(i.branches().get(0).test(), s);
    Symbols first = s.copy();
    visit(i.branches().get(0).body(), first, inner);
    Symbols others = s.copy();
    for (Node.Branch b : i.branches().subList(1, i.branches().size())) {
      visitIf(new Node.If(List.of(b), Node.Body.EMPTY), others, inner);
    }
    Symbols last = s.copy();
    visit(i.otherwise(), last, inner);
    s.join(List.of(first, others, last));
  }

  private void function(Node.Signature signature, Node.Body body, Symbols s, List<Runnable> inner) {
    List<String> parameters = new ArrayList<>(signature.names());
    parameters.addAll(SPECIAL);
    inner.add(() -> analyse(body, parameters, signature.defaults(), s.scope));
  }

  private static void names(Node.Target target, List<String> out) {
    switch (target) {
      case Node.Target.Variable v -> out.add(v.name());
      case Node.Target.Several several -> several.targets().forEach(t -> names(t, out));
      case Node.Target.NamespaceAttribute _ -> {}
    }
  }

  private static void write(Node.Target target, Symbols s) {
    switch (target) {
      case Node.Target.Variable v -> s.store(v.name());
      case Node.Target.Several several -> several.targets().forEach(t -> write(t, s));
      case Node.Target.NamespaceAttribute n -> s.load(n.namespace());
    }
  }

  private static void read(Expr e, Symbols s) {
    switch (e) {
      case Expr.Const _ -> {}
      case Expr.Name n -> s.load(n.name());
      case Expr.Items i -> i.items().forEach(x -> read(x, s));
      case Expr.Mapping m ->
          m.pairs()
              .forEach(p -> {
                read(p.key(), s);
                read(p.value(), s);
              });
      case Expr.Attribute a -> read(a.object(), s);
      case Expr.Element x -> {
        read(x.object(), s);
        read(x.key(), s);
      }
      case Expr.Slice x -> {
        read(x.object(), s);
        x.start().ifPresent(y -> read(y, s));
        x.stop().ifPresent(y -> read(y, s));
        x.step().ifPresent(y -> read(y, s));
      }
      case Expr.Call c -> {
        read(c.function(), s);
        read(c.arguments(), s);
      }
      case Expr.Filter f -> {
        read(f.input(), s);
        read(f.arguments(), s);
      }
      case Expr.Test t -> {
        read(t.input(), s);
        read(t.arguments(), s);
      }
      case Expr.Unary u -> read(u.operand(), s);
      case Expr.Binary b -> {
        read(b.left(), s);
        read(b.right(), s);
      }
      case Expr.Logic l -> {
        read(l.left(), s);
        read(l.right(), s);
      }
      case Expr.Not n -> read(n.operand(), s);
      case Expr.Comparison c -> {
        read(c.first(), s);
        c.rest().forEach(o -> read(o.expr(), s));
      }
      case Expr.Concat c -> c.parts().forEach(x -> read(x, s));
      case Expr.Conditional c -> {
        read(c.test(), s);
        read(c.then(), s);
        c.otherwise().ifPresent(x -> read(x, s));
      }
    }
  }

  private static void read(Expr.Arguments a, Symbols s) {
    a.positional().forEach(x -> read(x, s));
    a.named().forEach(n -> read(n.value(), s));
    a.star().ifPresent(x -> read(x, s));
    a.starStar().ifPresent(x -> read(x, s));
  }
}
