package org.puna.model.chat;

import java.util.Map;

/** The tests by name: what follows {@code is}. */
final class Tests {
  private static final Map<String, Test> ALL = all();

  private Tests() {}

  /** One test. */
  private interface Test {
    boolean holds(Interpreter rt, Value v, Args args);
  }

  static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  static boolean holds(Interpreter rt, String name, Value v, Args args) {
    Test test = ALL.get(name);
    if (test == null) throw new TemplateError("No test named " + Repr.quote(name) + " found.");
    return test.holds(rt, v, args);
  }

  private static Map<String, Test> all() {
    return Map.ofEntries(
        alone("defined", v -> !(v instanceof Value.Undefined)),
        alone("undefined", v -> v instanceof Value.Undefined),
        alone("none", v -> v instanceof Value.None),
        alone("boolean", v -> v instanceof Value.Bool),
        alone("true", v -> v instanceof Value.Bool b && b.on()),
        alone("false", v -> v instanceof Value.Bool b && !b.on()),
        alone("integer", v -> v instanceof Value.Int),
        alone("float", v -> v instanceof Value.Real),
        alone("number", Numbers::isNumber),
        alone("string", v -> v instanceof Value.Str),
        alone("mapping", v -> v instanceof Value.Dict),
        alone("iterable", Tests::isIterable),
        alone("sequence", Tests::isSequence),
        alone(
            "callable",
            v ->
                v instanceof Value.Func
                    || v instanceof Value.Special
                    || v instanceof Value.Undefined),
        alone("escaped", v -> v instanceof Value.Str s && s.markup()),
        Map.entry("lower", (rt, v, _) -> StringMethods.isLower(Repr.str(v, rt.limits()))),
        Map.entry("upper", (rt, v, _) -> StringMethods.isUpper(Repr.str(v, rt.limits()))),
        alone("odd", v -> remainder(v, Value.of(2), 1)),
        alone("even", v -> remainder(v, Value.of(2), 0)),
        Map.entry(
            "divisibleby", (_, v, a) -> remainder(v, a.bind("divisibleby", 1, "num").get(0), 0)),
        Map.entry("sameas", (_, v, a) -> isSame(v, a.bind("sameas", 1, "other").get(0))),
        Map.entry(
            "in",
            (rt, v, a) -> {
              rt.limits().walk(a.bind("in", 1, "seq").get(0));
              return Compare.contains(a.positional().get(0), v, rt);
            }),
        Map.entry("filter", (rt, v, _) -> Filters.exists(Repr.str(v, rt.limits()))),
        Map.entry("test", (rt, v, _) -> exists(Repr.str(v, rt.limits()))),
        comparison("==", "=="),
        comparison("eq", "=="),
        comparison("equalto", "=="),
        comparison("!=", "!="),
        comparison("ne", "!="),
        comparison(">", ">"),
        comparison("gt", ">"),
        comparison("greaterthan", ">"),
        comparison(">=", ">="),
        comparison("ge", ">="),
        comparison("<", "<"),
        comparison("lt", "<"),
        comparison("lessthan", "<"),
        comparison("<=", "<="),
        comparison("le", "<="));
  }

  private static Map.Entry<String, Test> alone(
      String name, java.util.function.Predicate<Value> test) {
    return Map.entry(
        name,
        (_, v, a) -> {
          a.bind(name, 0);
          return test.test(v);
        });
  }

  private static Map.Entry<String, Test> comparison(String name, String operator) {
    return Map.entry(
        name, (rt, v, a) -> Compare.holds(operator, v, a.bind(name, 1, "other").get(0), rt));
  }

  private static boolean remainder(Value v, Value divisor, long wanted) {
    Value r;
    if (Numbers.isNumber(v) && Numbers.isNumber(divisor)) {
      r = Numbers.binary("%", v, divisor);
    } else {
      Operators.refuseUndefined(v);
      if (v instanceof Value.Str) {
        throw new TemplateError("not all arguments converted during string formatting");
      }
      throw Operators.unsupported("%", v, divisor);
    }
    return r.equals(Value.of(wanted));
  }

  static boolean isIterable(Value v) {
    return switch (v) {
      case Value.Str _,
          Value.Seq _,
          Value.Dict _,
          Value.Range _,
          Value.View _,
          Value.Iter _,
          Value.Undefined _,
          Loop _ ->
          true;
      case Value.None _,
          Value.Bool _,
          Value.Int _,
          Value.Real _,
          Value.Func _,
          Value.Namespace _,
          Value.Special _ ->
          false;
    };
  }

  private static boolean isSequence(Value v) {
    return v instanceof Value.Str
        || v instanceof Value.Seq
        || v instanceof Value.Dict
        || v instanceof Value.Range
        || v instanceof Value.Undefined;
  }

  /** Python's {@code is}: small integers and texts that are equal count as one object. */
  @SuppressWarnings("ReferenceEquality") // identity is what the test asks for
  private static boolean isSame(Value a, Value b) {
    if (a == b) return true;
    if (a instanceof Value.None && b instanceof Value.None) return true;
    if (a instanceof Value.Undefined || a.getClass() != b.getClass()) return false;
    return switch (a) {
      case Value.Bool _ -> a.equals(b);
      case Value.Int i -> a.equals(b) && i.value().bitLength() < 9;
      case Value.Str _ -> a.equals(b);
      default -> false;
    };
  }
}
