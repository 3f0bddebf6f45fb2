package org.puna.model.chat;

import java.time.LocalDateTime;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs a template's statements once, writing its output. */
final class Interpreter {
  private final Frames frames;
  private final LocalDateTime now;
  private final Limits limits;
  private final Evaluator evaluator;
  private int line;

  Interpreter(Frames frames, LocalDateTime now, Limits limits) {
    this.frames = frames;
    this.now = now;
    this.limits = limits;
    this.evaluator = new Evaluator(this);
  }

  /** How a statement ended. */
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  Limits limits() {
    return limits;
  }

  LocalDateTime now() {
    return now;
  }

  /** The line that is being run. */
  int line() {
    return line;
  }

  /** Renders a template with its variables. */
  String render(Node.Body root, Map<String, Value> variables) {
    Scope context = new Scope(null, List.of());
    Globals.define(context);
    variables.forEach(context::set);
    Output out = new Output(limits);
    exec(root, new Scope(context, frames.hidden(root)), out);
    return out.text();
  }

  private Flow exec(Node.Body body, Scope scope, Output out) {
    limits.enter();
    for (Node node : body.nodes()) {
      limits.step();
      Flow flow = exec(node, scope, out);
      if (flow != Flow.NEXT) {
        limits.leave();
        return flow;
      }
    }
    limits.leave();
    return Flow.NEXT;
  }

  private Flow exec(Node node, Scope scope, Output out) {
    switch (node) {
      case Node.Text t -> out.append(t.text());
      case Node.Print p -> print(p, scope, out);
      case Node.If i -> {
        return exec(branch(i, scope), scope, out);
      }
      case Node.For f -> {
        return loop(f, scope, out);
      }
      case Node.Assign a -> assign(a, scope, scope);
      case Node.Capture c -> {
        return capture(c, scope);
      }
      case Node.Macro m -> scope.set(m.name(), macro(m.name(), m.signature(), m.body(), scope));
      case Node.CallBlock c -> callBlock(c, scope, out);
      case Node.FilterBlock f -> {
        return filterBlock(f, scope, out);
      }
      case Node.With w -> {
        Scope inner = inner(w.body(), scope);
        for (Node.Assign a : w.assigns()) assign(a, scope, inner);
        return exec(w.body(), inner, out);
      }
      case Node.Break _ -> {
        return Flow.BREAK;
      }
      case Node.Continue _ -> {
        return Flow.CONTINUE;
      }
    }
    return Flow.NEXT;
  }

  private void print(Node.Print p, Scope scope, Output out) {
    line = p.line();
    out.append(Repr.str(eval(p.expr(), scope), limits));
  }

  /** The branch that an if takes. */
  private Node.Body branch(Node.If i, Scope scope) {
    for (Node.Branch b : i.branches()) {
      line = b.line();
      if (Value.truth(eval(b.test(), scope))) return b.body();
    }
    return i.otherwise();
  }

  private Flow loop(Node.For f, Scope scope, Output out) {
    line = f.line();
    Value iterable = eval(f.iterable(), scope);
    if (!f.recursive()) return loop(f, iterable, scope, out, 0);
    Output inner = new Output(limits);
    loop(f, iterable, scope, inner, 0);
    out.append(inner.text());
    return Flow.NEXT;
  }

  private void assign(Node.Assign a, Scope scope, Scope into) {
    line = a.line();
    if (a.target() instanceof Node.Target.NamespaceAttribute n) namespace(n, scope);
    assign(a.target(), eval(a.expr(), scope), into);
  }

  private Flow capture(Node.Capture c, Scope scope) {
    Output inner = new Output(limits);
    Flow flow = exec(c.body(), inner(c.body(), scope), inner);
    if (flow != Flow.NEXT) return flow;
    line = c.line();
    assign(c.target(), filtered(c.filters(), inner.text(), scope), scope);
    return Flow.NEXT;
  }

  private Flow filterBlock(Node.FilterBlock f, Scope scope, Output out) {
    Output inner = new Output(limits);
    Flow flow = exec(f.body(), inner(f.body(), scope), inner);
    if (flow != Flow.NEXT) return flow;
    line = f.line();
    out.append(Repr.str(filtered(f.filters(), inner.text(), scope), limits));
    return Flow.NEXT;
  }

  private Scope inner(Node.Body body, Scope outer) {
    return new Scope(outer, frames.hidden(body));
  }

  private Value eval(Expr e, Scope scope) {
    return evaluator.eval(e, scope);
  }

  private Flow loop(Node.For f, Value iterable, Scope scope, Output out, int depth) {
    Iterator<Value> items = Iteration.over(iterable, this);
    boolean sized = f.filter().isEmpty() && !(iterable instanceof Value.Iter);
    if (f.filter().isPresent()) {
      Expr filter = f.filter().get();
      items =
          Iteration.filter(
              items,
              this,
              item -> {
                Scope s = new Scope(scope, List.of());
                assign(f.target(), item, s);
                return Value.truth(eval(filter, s));
              });
    }
    Loop loop =
        new Loop(
            items,
            sized ? Optional.of(Iteration.length(iterable)) : Optional.empty(),
            depth,
            f.recursive() ? Optional.of(again(f, scope, depth + 1)) : Optional.empty(),
            this);
    // As in Jinja, the else part also runs where every iteration ended early.
    boolean completed = false;
    while (loop.hasNext()) {
      limits.step();
      Scope s = inner(f.body(), scope);
      Value item = loop.next();
      s.set("loop", loop);
      assign(f.target(), item, s);
      Flow flow = exec(f.body(), s, out);
      if (flow == Flow.BREAK) break;
      completed |= flow == Flow.NEXT;
    }
    return completed ? Flow.NEXT : exec(f.otherwise(), inner(f.otherwise(), scope), out);
  }

  private Value.Func.Body again(Node.For f, Scope scope, int depth) {
    return (_, args) -> {
      limits.enter();
      Output inner = new Output(limits);
      loop(f, args.bind("loop", 1, "iterable").get(0), scope, inner, depth);
      limits.leave();
      return Value.of(inner.text());
    };
  }

  private Value filtered(List<Node.Applied> filters, String text, Scope scope) {
    Value v = Value.of(text);
    for (Node.Applied f : filters) {
      v = Filters.apply(this, f.name(), v, evaluator.arguments(f.arguments(), scope));
    }
    return v;
  }

  private void assign(Node.Target target, Value v, Scope scope) {
    switch (target) {
      case Node.Target.Variable t -> scope.set(t.name(), v);
      case Node.Target.NamespaceAttribute t ->
          namespace(t, scope).attributes().put(t.attribute(), v);
      case Node.Target.Several t -> {
        int n = t.targets().size();
        Iterator<Value> items = Iteration.over(v, this, "cannot unpack non-iterable %s object");
        for (int i = 0; i < n; i++) {
          if (!items.hasNext()) {
            throw new TemplateError(
                "not enough values to unpack (expected " + n + ", got " + i + ")");
          }
          assign(t.targets().get(i), items.next(), scope);
        }
        if (items.hasNext()) {
          throw new TemplateError("too many values to unpack (expected " + n + ")");
        }
      }
    }
  }

  private static Value.Namespace namespace(Node.Target.NamespaceAttribute t, Scope scope) {
    if (scope.get(t.namespace()) instanceof Value.Namespace n) return n;
    throw new TemplateError("cannot assign attribute on non-namespace object");
  }

  private void callBlock(Node.CallBlock c, Scope scope, Output out) {
    Value caller = macro("caller", c.signature(), c.body(), scope);
    line = c.line();
    Value result;
    if (c.call().isPresent()) {
      Expr.Call call = c.call().get();
      Value function = eval(call.function(), scope);
      Args args = evaluator.arguments(call.arguments(), scope);
      result = evaluator.call(function, evaluator.with(args, "caller", caller));
    } else {
      result = evaluator.call(caller, Args.NONE);
    }
    out.append(Repr.str(result, limits));
  }

  private Value macro(String name, Node.Signature signature, Node.Body body, Scope scope) {
    Macro macro = new Macro(name, signature, frames, body);
    return new Value.Func(
        "Macro",
        "<Macro '" + name + "'>",
        (_, args) -> {
          limits.enter();
          int calledFrom = line;
          Scope s = inner(body, scope);
          macro.bind(args, s, e -> eval(e, s));
          Output out = new Output(limits);
          exec(body, s, out);
          line = calledFrom;
          limits.leave();
          return Value.of(out.text());
        });
  }
}
