package org.puna.model.chat;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Attributes, elements and slices as Jinja's immutable sandbox gives them: an attribute falls back
 * to the element of that name and the other way round, what Python hides or what would change an
 * object is undefined with a security error as its reason.
 */
final class Attributes {
  /** Attributes of every Python object, none of which the sandbox lets through. */
  private static final Set<String> INTERNAL =
      Set.of(
          "__class__",
          "__delattr__",
          "__dict__",
          "__dir__",
          "__doc__",
          "__eq__",
          "__format__",
          "__ge__",
          "__getattribute__",
          "__getitem__",
          "__getstate__",
          "__gt__",
          "__hash__",
          "__init__",
          "__init_subclass__",
          "__iter__",
          "__le__",
          "__len__",
          "__lt__",
          "__module__",
          "__ne__",
          "__new__",
          "__reduce__",
          "__reduce_ex__",
          "__repr__",
          "__setattr__",
          "__sizeof__",
          "__str__",
          "__subclasshook__");

  private Attributes() {}

  /** {@code v.name}. */
  static Value attribute(Value v, String name, Interpreter rt) {
    if (!INTERNAL.contains(name)) Operators.refuseUndefined(v);
    Value own = own(v, name, rt);
    if (own != null) return own;
    if (v instanceof Value.Dict d) {
      Value element = d.entries().get(Value.of(name));
      if (element != null) return element;
    }
    return missing(v, Value.of(name), rt);
  }

  /** {@code v[key]}. */
  static Value element(Value v, Value key, Interpreter rt) {
    Operators.refuseUndefined(v);
    if (v instanceof Value.Str) rt.limits().walk(v);
    Optional<Value> found =
        switch (v) {
          case Value.Dict d -> Optional.ofNullable(isHashable(key) ? d.entries().get(key) : null);
          case Value.Seq s -> at(key, s.items().size()).map(s.items()::get);
          case Value.Str s -> character(s, key);
          case Value.Range r ->
              at(key, (int) r.length()).map(i -> Value.of(r.start() + r.step() * i));
          default -> Optional.empty();
        };
    if (found.isPresent()) return found.get();
    if (key instanceof Value.Str name) {
      Value own = own(v, name.text(), rt);
      if (own != null) return own;
    }
    return missing(v, key, rt);
  }

  private static boolean isHashable(Value key) {
    return !(key instanceof Value.Dict) && !(key instanceof Value.Seq s && !s.tuple());
  }

  private static Optional<Integer> at(Value key, int size) {
    if (!Numbers.isInteger(key)) return Optional.empty();
    BigInteger n = Numbers.integer(key);
    if (n.signum() < 0) n = n.add(BigInteger.valueOf(size));
    boolean inside = n.signum() >= 0 && n.compareTo(BigInteger.valueOf(size)) < 0;
    return inside ? Optional.of(n.intValue()) : Optional.empty();
  }

  private static Optional<Value> character(Value.Str s, Value key) {
    String text = s.text();
    return at(key, Text.length(text))
        .map(i -> {
          int start = text.offsetByCodePoints(0, i);
          return new Value.Str(
              text.substring(start, text.offsetByCodePoints(start, 1)), s.markup());
        });
  }

  /** What Python's {@code getattr} finds on the object itself; null if there is nothing. */
  private static @Nullable Value own(Value v, String name, Interpreter rt) {
    if (INTERNAL.contains(name)) return unsafe(v, name);
    return switch (v) {
      case Value.Str s -> StringMethods.find(s, name, rt);
      case Value.Seq s -> {
        if (s.names().contains(name)) yield s.items().get(s.names().indexOf(name));
        if (!s.tuple() && CollectionMethods.CHANGES_LIST.contains(name)) yield unsafe(v, name);
        yield CollectionMethods.find(s, name);
      }
      case Value.Dict d -> {
        if (CollectionMethods.CHANGES_DICT.contains(name)) yield unsafe(v, name);
        yield CollectionMethods.find(d, name, rt);
      }
      case Value.Namespace n -> n.attributes().get(name);
      case Value.Special s ->
          s.attribute(name) instanceof Value.Undefined ? null : s.attribute(name);
      case Value.Int _, Value.Bool _, Value.Real _ -> number(v, name);
      case Value.None _,
          Value.Range _,
          Value.View _,
          Value.Iter _,
          Value.Undefined _,
          Value.Func _ ->
          null;
    };
  }

  private static @Nullable Value number(Value v, String name) {
    boolean real = v instanceof Value.Real;
    return switch (name) {
      case "real" -> real ? v : new Value.Int(Numbers.integer(v));
      case "imag" -> real ? Value.of(0.0) : Value.of(0);
      case "is_integer" ->
          new Value.Func(
              "<built-in method is_integer of float object>",
              (_, _) -> Value.of(!real || Numbers.real(v) == Math.rint(Numbers.real(v))));
      case "bit_length" ->
          real
              ? null
              : new Value.Func(
                  "<built-in method bit_length of int object>",
                  (_, _) -> Value.of(Numbers.integer(v).abs().bitLength()));
      default -> null;
    };
  }

  private static Value unsafe(Value v, String name) {
    return new Value.Undefined(
        "access to attribute '" + name + "' of '" + Value.typeName(v) + "' object is unsafe.");
  }

  private static Value missing(Value v, Value key, Interpreter rt) {
    String type =
        switch (v) {
          case Value.None _ -> "None";
          case Value.Namespace _ -> "jinja2.utils.Namespace object";
          case Value.Func f when f.type().equals("Macro") -> "jinja2.runtime.Macro object";
          case Loop _ -> "jinja2.runtime.LoopContext object";
          case Value.Str s when s.markup() -> "markupsafe.Markup object";
          default -> Value.typeName(v) + " object";
        };
    if (key instanceof Value.Str name) {
      return new Value.Undefined(
          (type.equals("None") ? "'None'" : "'" + type + "'")
              + " has no attribute "
              + Repr.quote(name.text()));
    }
    return new Value.Undefined(type + " has no element " + Repr.repr(key, rt.limits()));
  }

  /** {@code v[start:stop:step]}; each bound may be absent. */
  static Value slice(
      Value v, Optional<Value> start, Optional<Value> stop, Optional<Value> step, Interpreter rt) {
    Operators.refuseUndefined(v);
    if (v instanceof Value.Str) rt.limits().walk(v);
    int size =
        switch (v) {
          case Value.Str s -> Text.length(s.text());
          case Value.Seq s -> s.items().size();
          case Value.Range r -> (int) r.length();
          case Value.Dict _ -> throw new TemplateError("unhashable type: 'slice'");
          default ->
              throw new TemplateError("'" + Value.typeName(v) + "' object is not subscriptable");
        };
    int by = bound(step).map(Numbers::clamp).orElse(1);
    if (by == 0) throw new TemplateError("slice step cannot be zero");
    int low = by > 0 ? 0 : -1;
    int high = by > 0 ? size : size - 1;
    int from = bound(start).map(n -> clip(n, size, low, high)).orElse(by > 0 ? low : high);
    int to = bound(stop).map(n -> clip(n, size, low, high)).orElse(by > 0 ? high : low);
    int count = (int) new Value.Range(from, to, by).length();
    return switch (v) {
      case Value.Str s -> new Value.Str(cut(s.text(), from, by, count, rt), s.markup());
      case Value.Seq s -> {
        rt.limits().elements(count);
        List<Value> out = new ArrayList<>(count);
        for (int k = 0; k < count; k++) out.add(s.items().get(from + k * by));
        yield new Value.Seq(out, s.tuple());
      }
      case Value.Range r ->
          new Value.Range(
              r.start() + r.step() * from,
              r.start() + r.step() * (from + (long) count * by),
              r.step() * by);
      default -> throw new IllegalStateException();
    };
  }

  private static Optional<BigInteger> bound(Optional<Value> v) {
    if (v.isEmpty() || v.get() instanceof Value.None) return Optional.empty();
    if (Numbers.isInteger(v.get())) return Optional.of(Numbers.integer(v.get()));
    throw new TemplateError("slice indices must be integers or None or have an __index__ method");
  }

  private static int clip(BigInteger n, int size, int low, int high) {
    BigInteger i = n.signum() < 0 ? n.add(BigInteger.valueOf(size)) : n;
    return Math.max(low, Math.min(high, Numbers.clamp(i)));
  }

  private static String cut(String s, int from, int by, int count, Interpreter rt) {
    if (count == 0) return "";
    if (by == 1) {
      int begin = s.offsetByCodePoints(0, from);
      int end = s.offsetByCodePoints(begin, count);
      rt.limits().chars(end - begin);
      return s.substring(begin, end);
    }
    rt.limits().chars((long) s.length() * 2);
    int[] points = s.codePoints().toArray();
    StringBuilder out = new StringBuilder(count);
    for (int k = 0; k < count; k++) out.appendCodePoint(points[from + k * by]);
    return out.toString();
  }
}
