package org.puna.model.chat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The filters by name; their code is in the files for texts, lists and numbers. */
final class Filters {
  private static final Map<String, Filter> ALL = all();

  private Filters() {}

  /** One filter. */
  interface Filter {
    Value apply(Interpreter rt, Value in, Args args);
  }

  static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  static Value apply(Interpreter rt, String name, Value in, Args args) {
    Filter filter = ALL.get(name);
    if (filter == null) throw new TemplateError("No filter named " + Repr.quote(name) + " found.");
    rt.limits().step();
    rt.limits().walk(in);
    return filter.apply(rt, in, args);
  }

  private static Map<String, Filter> all() {
    Map<String, Filter> m = new HashMap<>();
    TextFilters.register(m);
    ListFilters.register(m);
    NumberFilters.register(m);
    m.put("default", (_, v, a) -> orDefault(v, a));
    m.put("d", (_, v, a) -> orDefault(v, a));
    m.put("attr", (rt, v, a) -> attr(rt, v, a.bind("attr", 1, "name").text(0, "")));
    m.put("tojson", Filters::json);
    m.put("pprint", (rt, v, _) -> Value.of(Repr.repr(v, rt.limits())));
    return Map.copyOf(m);
  }

  private static Value orDefault(Value v, Args args) {
    Args.Bound b = args.bind("default", 0, "default_value", "boolean");
    boolean replace = v instanceof Value.Undefined || (b.truth(1, false) && !Value.truth(v));
    return replace ? b.get(0, Value.of("")) : v;
  }

  /** An attribute alone, never an element. */
  private static Value attr(Interpreter rt, Value v, String name) {
    if (v instanceof Value.Dict d && d.entries().containsKey(Value.of(name))) {
      return Attributes.attribute(new Value.Dict(Map.of()), name, rt);
    }
    return Attributes.attribute(v, name, rt);
  }

  private static Value json(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
    Optional<String> indent = Optional.empty();
    if (b.isSet(1)) {
      indent =
          Optional.of(
              b.get(1) instanceof Value.Str s
                  ? s.text()
                  : " ".repeat(rt.limits().chars(Math.max(0, b.index(1, 0)))));
    }
    Optional<List<String>> separators = Optional.empty();
    if (b.isSet(2)) {
      List<Value> pair = Iteration.list(b.get(2), rt);
      if (pair.size() != 2) throw new TemplateError("separators must be a pair");
      separators = Optional.of(pair.stream().map(x -> Repr.str(x, rt.limits())).toList());
    }
    return Value.of(
        Json.dumps(v, rt.limits(), b.truth(0, false), indent, separators, b.truth(3, false)));
  }

  /** Finds a part of a value: an attribute path such as {@code function.name}. */
  static final class Getter {
    private final List<Value> path;
    private final @Nullable Value otherwise;

    /**
     * A getter.
     *
     * @param attribute a path with dots, whose numbers are indexes; {@code None} for the value
     * @param otherwise what stands for a part that is undefined
     */
    Getter(Value attribute, @Nullable Value otherwise, Interpreter rt) {
      this.otherwise = otherwise;
      this.path = new ArrayList<>();
      switch (attribute) {
        case Value.None _ -> {}
        case Value.Str s -> {
          rt.limits().walk(s);
          for (String part : Splits.by(s.text(), ".", Integer.MAX_VALUE, rt.limits())) {
            boolean number =
                !part.isEmpty()
                    && part.length() < 9
                    && part.chars().allMatch(c -> c >= '0' && c <= '9');
            path.add(number ? Value.of(Long.parseLong(part)) : Value.of(part));
          }
        }
        default -> path.add(attribute);
      }
    }

    Value get(Value v, Interpreter rt) {
      Value part = v;
      for (Value key : path) {
        part = Attributes.element(part, key, rt);
        if (otherwise != null && part instanceof Value.Undefined) part = otherwise;
      }
      return part;
    }
  }
}
