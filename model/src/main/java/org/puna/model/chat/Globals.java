package org.puna.model.chat;

import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions that every template can call: Jinja's and those that transformers adds. */
final class Globals {
  /** Longest range that Jinja's sandbox counts. */
  private static final int MAX_RANGE = 100_000;

  private Globals() {}

  static void define(Scope scope) {
    function(scope, "range", (_, a) -> range(a));
    function(scope, "dict", Globals::dict);
    function(scope, "namespace", Globals::namespace);
    function(scope, "cycler", (_, a) -> new Cycler(a));
    function(scope, "joiner", (_, a) -> new Joiner(a.bind("joiner", 0, "sep").text(0, ", ")));
    function(scope, "raise_exception", Globals::raise);
    function(
        scope,
        "strftime_now",
        (rt, a) -> {
          String format = a.bind("strftime_now", 1, "format").text(0, "");
          return Value.of(Strftime.format(format, rt.now(), rt.limits()));
        });
  }

  private static void function(Scope scope, String name, Value.Func.Body body) {
    scope.set(name, new Value.Func("<function " + name + ">", body));
  }

  private static Value raise(Interpreter rt, Args args) {
    Value message = args.bind("raise_exception", 1, "message").get(0);
    throw new TemplateError(
        message instanceof Value.None ? "None" : Repr.str(message, rt.limits()));
  }

  private static Value range(Args args) {
    Args.Bound b = args.bind("range", 1, "start", "stop", "step");
    BigInteger first = Numbers.integer(b.get(0));
    BigInteger start = b.has(1) ? first : BigInteger.ZERO;
    BigInteger stop = b.has(1) ? Numbers.integer(b.get(1)) : first;
    BigInteger step = b.has(2) ? Numbers.integer(b.get(2)) : BigInteger.ONE;
    if (step.signum() == 0) throw new TemplateError("range() arg 3 must not be zero");
    boolean small = start.bitLength() < 60 && stop.bitLength() < 60 && step.bitLength() < 60;
    Value.Range r =
        small
            ? new Value.Range(start.longValue(), stop.longValue(), step.longValue())
            : new Value.Range(0, Long.MAX_VALUE, 1);
    if (r.length() > MAX_RANGE) {
      throw new TemplateError(
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + MAX_RANGE + ").");
    }
    return r;
  }

  private static Value dict(Interpreter rt, Args args) {
    Map<Value, Value> entries = Value.newEntries();
    if (args.positional().size() > 1) {
      throw new TemplateError("dict expected at most 1 argument, got " + args.positional().size());
    }
    if (!args.positional().isEmpty()) {
      Value first = args.positional().get(0);
      if (first instanceof Value.Dict d) {
        entries.putAll(d.entries());
      } else {
        for (Value pair : Iteration.list(first, rt)) {
          List<Value> parts = Iteration.list(pair, rt);
          if (parts.size() != 2) {
            throw new TemplateError(
                "dictionary update sequence element #0 has length "
                    + parts.size()
                    + "; 2 is required");
          }
          entries.put(Compare.hashable(parts.get(0)), parts.get(1));
        }
      }
    }
    args.named().forEach((k, v) -> entries.put(Value.of(k), v));
    rt.limits().elements(2L * entries.size());
    return new Value.Dict(entries);
  }

  private static Value namespace(Interpreter rt, Args args) {
    Value.Dict d = (Value.Dict) dict(rt, args);
    Map<String, Value> attributes = new LinkedHashMap<>();
    d.entries().forEach((k, v) -> attributes.put(Repr.str(k, rt.limits()), v));
    return new Value.Namespace(attributes);
  }

  /** Goes around a list of values. */
  private static final class Cycler implements Value.Special {
    private final List<Value> items;
    private int at;

    Cycler(Args args) {
      items = args.positional();
      if (items.isEmpty()) throw new TemplateError("at least one item has to be provided");
    }

    @Override
    public String typeName() {
      return "Cycler";
    }

    @Override
    public String repr() {
      return "<jinja2.utils.Cycler object>";
    }

    @Override
    public Value attribute(String name) {
      return switch (name) {
        case "current" -> items.get(at);
        case "next" ->
            new Value.Func(
                "<bound method Cycler.next>",
                (_, _) -> {
                  Value v = items.get(at);
                  at = (at + 1) % items.size();
                  return v;
                });
        case "reset" ->
            new Value.Func(
                "<bound method Cycler.reset>",
                (_, _) -> {
                  at = 0;
                  return Value.NONE;
                });
        default -> new Value.Undefined("no attribute");
      };
    }
  }

  /** Gives a separator from its second call on. */
  private static final class Joiner implements Value.Special {
    private final String separator;
    private boolean used;

    Joiner(String separator) {
      this.separator = separator;
    }

    @Override
    public String typeName() {
      return "Joiner";
    }

    @Override
    public String repr() {
      return "<jinja2.utils.Joiner object>";
    }

    @Override
    public Value attribute(String name) {
      return new Value.Undefined("no attribute");
    }

    @Override
    public Value call(Interpreter rt, Args args) {
      Value v = Value.of(used ? separator : "");
      used = true;
      return v;
    }
  }
}
