package org.puna.model.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Computes the values of expressions. */
final class Evaluator {
  private final Interpreter rt;

  Evaluator(Interpreter rt) {
    this.rt = rt;
  }

  Value eval(Expr e, Scope scope) {
    Limits limits = rt.limits();
    limits.step();
    limits.enter();
    Value v = compute(e, scope);
    limits.leave();
    return v;
  }

  private Value compute(Expr e, Scope scope) {
    return switch (e) {
      case Expr.Const c -> c.value();
      case Expr.Name n -> scope.get(n.name());
      case Expr.Items i -> items(i, scope);
      case Expr.Mapping m -> mapping(m, scope);
      case Expr.Attribute a -> Attributes.attribute(eval(a.object(), scope), a.name(), rt);
      case Expr.Element x -> Attributes.element(eval(x.object(), scope), eval(x.key(), scope), rt);
      case Expr.Slice s -> slice(s, scope);
      case Expr.Call c -> call(c, scope);
      case Expr.Filter f -> filter(f, scope);
      case Expr.Test t -> test(t, scope);
      case Expr.Unary u -> Operators.unary(u.operator(), eval(u.operand(), scope));
      case Expr.Binary b ->
          Operators.binary(b.operator(), eval(b.left(), scope), eval(b.right(), scope), rt);
      case Expr.Logic l -> logic(l, scope);
      case Expr.Not n -> Value.of(!Value.truth(eval(n.operand(), scope)));
      case Expr.Comparison c -> comparison(c, scope);
      case Expr.Concat c -> concat(c, scope);
      case Expr.Conditional c -> conditional(c, scope);
    };
  }

  private Value items(Expr.Items i, Scope scope) {
    rt.limits().elements(i.items().size());
    return new Value.Seq(evalAll(i.items(), scope), i.tuple());
  }

  private Value slice(Expr.Slice s, Scope scope) {
    return Attributes.slice(
        eval(s.object(), scope),
        evalOptional(s.start(), scope),
        evalOptional(s.stop(), scope),
        evalOptional(s.step(), scope),
        rt);
  }

  private Value call(Expr.Call c, Scope scope) {
    Value function = eval(c.function(), scope);
    return call(function, arguments(c.arguments(), scope));
  }

  private Value filter(Expr.Filter f, Scope scope) {
    Value input = eval(f.input(), scope);
    return Filters.apply(rt, f.name(), input, arguments(f.arguments(), scope));
  }

  private Value test(Expr.Test t, Scope scope) {
    Value input = eval(t.input(), scope);
    return Value.of(Tests.holds(rt, t.name(), input, arguments(t.arguments(), scope)));
  }

  private Value logic(Expr.Logic l, Scope scope) {
    Value left = eval(l.left(), scope);
    return Value.truth(left) == l.and() ? eval(l.right(), scope) : left;
  }

  private Value concat(Expr.Concat c, Scope scope) {
    Output out = new Output(rt.limits());
    for (Expr part : c.parts()) out.append(Repr.str(eval(part, scope), rt.limits()));
    return Value.of(out.text());
  }

  private Value conditional(Expr.Conditional c, Scope scope) {
    if (Value.truth(eval(c.test(), scope))) return eval(c.then(), scope);
    if (c.otherwise().isPresent()) return eval(c.otherwise().get(), scope);
    return new Value.Undefined(
        "the inline if-expression on line "
            + c.line()
            + " evaluated to false and no else section was defined.");
  }

  private Value mapping(Expr.Mapping m, Scope scope) {
    rt.limits().elements(2L * m.pairs().size());
    Map<Value, Value> entries = Value.newEntries();
    for (Expr.Pair p : m.pairs()) {
      Value key = eval(p.key(), scope);
      Value value = eval(p.value(), scope);
      entries.put(Compare.hashable(key), value);
    }
    return new Value.Dict(entries);
  }

  private Value comparison(Expr.Comparison c, Scope scope) {
    Value left = eval(c.first(), scope);
    for (Expr.Operand operand : c.rest()) {
      Value right = eval(operand.expr(), scope);
      if (!Compare.holds(operand.operator(), left, right, rt)) return Value.FALSE;
      left = right;
    }
    return Value.TRUE;
  }

  private List<Value> evalAll(List<Expr> expressions, Scope scope) {
    List<Value> out = new ArrayList<>(expressions.size());
    for (Expr e : expressions) out.add(eval(e, scope));
    return out;
  }

  private Optional<Value> evalOptional(Optional<Expr> e, Scope scope) {
    return e.isPresent() ? Optional.of(eval(e.get(), scope)) : Optional.empty();
  }

  Args arguments(Expr.Arguments a, Scope scope) {
    if (a.isEmpty()) return Args.NONE;
    List<Value> positional = evalAll(a.positional(), scope);
    Map<String, Value> named = new LinkedHashMap<>();
    for (Expr.Named n : a.named()) named.put(n.name(), eval(n.value(), scope));
    if (a.star().isPresent()) {
      positional.addAll(Iteration.list(eval(a.star().get(), scope), rt));
    }
    if (a.starStar().isPresent()) {
      Value more = eval(a.starStar().get(), scope);
      if (!(more instanceof Value.Dict d)) {
        throw new TemplateError("argument after ** must be a mapping, not " + Value.typeName(more));
      }
      d.entries()
          .forEach((k, v) -> {
            if (!(k instanceof Value.Str s)) throw new TemplateError("keywords must be strings");
            putNew(named, s.text(), v);
          });
    }
    return new Args(positional, named);
  }

  /** The arguments and one more with a name. */
  Args with(Args args, String name, Value v) {
    Map<String, Value> named = new LinkedHashMap<>(args.named());
    putNew(named, name, v);
    return new Args(args.positional(), named);
  }

  private static void putNew(Map<String, Value> named, String name, Value v) {
    if (named.putIfAbsent(name, v) != null) {
      throw new TemplateError("got multiple values for keyword argument '" + name + "'");
    }
  }

  Value call(Value function, Args args) {
    return switch (function) {
      case Value.Func f -> f.body().call(rt, args);
      case Value.Special s -> s.call(rt, args);
      case Value.Undefined u -> throw new TemplateError(u.reason());
      case Value.None _,
          Value.Bool _,
          Value.Int _,
          Value.Real _,
          Value.Str _,
          Value.Seq _,
          Value.Dict _,
          Value.Range _,
          Value.View _,
          Value.Iter _,
          Value.Namespace _ ->
          throw new TemplateError("'" + Value.typeName(function) + "' object is not callable");
    };
  }
}
