package org.puna.model.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's equality, hashing, order and membership. */
final class Compare {
  private Compare() {}

  static boolean equal(Value a, @Nullable Object b) {
    return b instanceof Value v && equalValues(a, v);
  }

  private static boolean equalValues(Value a, Value b) {
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) return Numbers.compare(a, b) == 0;
    return switch (a) {
      case Value.Seq s ->
          b instanceof Value.Seq t && s.tuple() == t.tuple() && equal(s.items(), t.items());
      case Value.Dict d -> b instanceof Value.Dict e && equal(d.entries(), e.entries());
      case Value.Range r ->
          b instanceof Value.Range q
              && r.length() == q.length()
              && (r.length() == 0 || r.start() == q.start())
              && (r.length() <= 1 || r.step() == q.step());
      case Value.Bool _, Value.Int _, Value.Real _ -> false;
      case Value.None _,
          Value.Str _,
          Value.View _,
          Value.Iter _,
          Value.Undefined _,
          Value.Func _,
          Value.Namespace _,
          Value.Special _ ->
          a.equals(b);
    };
  }

  private static boolean equal(List<Value> a, List<Value> b) {
    if (a.size() != b.size()) return false;
    for (int i = 0; i < a.size(); i++) {
      if (!equalValues(a.get(i), b.get(i))) return false;
    }
    return true;
  }

  private static boolean equal(Map<Value, Value> a, Map<Value, Value> b) {
    if (a.size() != b.size()) return false;
    for (Map.Entry<Value, Value> e : a.entrySet()) {
      Value other = b.get(e.getKey());
      if (other == null || !equalValues(e.getValue(), other)) return false;
    }
    return true;
  }

  static int hash(Value v) {
    return switch (v) {
      case Value.Bool b -> b.on() ? 1 : 0;
      case Value.Int i ->
          i.value().bitLength() < 63
              ? Long.hashCode(i.value().longValue())
              : Double.hashCode(i.value().doubleValue());
      case Value.Real r ->
          r.value() == Math.rint(r.value()) && Math.abs(r.value()) < 0x1p62
              ? Long.hashCode((long) r.value())
              : Double.hashCode(r.value());
      case Value.Seq s -> {
        int h = 1;
        for (Value item : s.items()) h = 31 * h + hash(item);
        yield h;
      }
      case Value.Dict d -> d.entries().size();
      case Value.None _,
          Value.Str _,
          Value.Range _,
          Value.View _,
          Value.Iter _,
          Value.Undefined _,
          Value.Func _,
          Value.Namespace _,
          Value.Special _ ->
          v.hashCode();
    };
  }

  /** Returns {@code v} if it may be a key of a mapping; lists and mappings may not. */
  static Value hashable(Value v) {
    if (v instanceof Value.Dict || (v instanceof Value.Seq s && !s.tuple())) {
      throw new TemplateError("unhashable type: '" + Value.typeName(v) + "'");
    }
    if (v instanceof Value.Seq s) s.items().forEach(Compare::hashable);
    return v;
  }

  /**
   * Orders two values.
   *
   * @param operator how the message names the comparison
   */
  static int order(Value a, Value b, String operator) {
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) return Numbers.compare(a, b);
    if (a instanceof Value.Str s && b instanceof Value.Str t) return order(s.text(), t.text());
    if (a instanceof Value.Seq s && b instanceof Value.Seq t && s.tuple() == t.tuple()) {
      int n = Math.min(s.items().size(), t.items().size());
      for (int i = 0; i < n; i++) {
        Value x = s.items().get(i);
        Value y = t.items().get(i);
        if (!equalValues(x, y)) return order(x, y, operator);
      }
      return Integer.compare(s.items().size(), t.items().size());
    }
    Operators.refuseUndefined(a);
    Operators.refuseUndefined(b);
    throw new TemplateError(
        "'"
            + operator
            + "' not supported between instances of '"
            + Value.typeName(a)
            + "' and '"
            + Value.typeName(b)
            + "'");
  }

  /** Orders by code points, where Java would order by UTF-16 units. */
  private static int order(String a, String b) {
    int n = Math.min(a.length(), b.length());
    for (int i = 0; i < n; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x == y) continue;
      if (Character.isSurrogate(x) == Character.isSurrogate(y)) return x - y;
      return Character.isSurrogate(x) ? 1 : -1;
    }
    return a.length() - b.length();
  }

  /** Applies a comparison operator. */
  static boolean holds(String operator, Value a, Value b, Interpreter rt) {
    rt.limits().walk(a);
    rt.limits().walk(b);
    return switch (operator) {
      case "==" -> a.equals(b);
      case "!=" -> !a.equals(b);
      case "<" -> isOrdered(a, b) && order(a, b, operator) < 0;
      case "<=" -> isOrdered(a, b) && order(a, b, operator) <= 0;
      case ">" -> isOrdered(a, b) && order(a, b, operator) > 0;
      case ">=" -> isOrdered(a, b) && order(a, b, operator) >= 0;
      case "in" -> contains(b, a, rt);
      case "not in" -> !contains(b, a, rt);
      default -> throw new IllegalArgumentException(operator);
    };
  }

  /** A number that is not one compares with nothing. */
  private static boolean isOrdered(Value a, Value b) {
    return !(Numbers.isNumber(a) && Numbers.isNumber(b) && (isNan(a) || isNan(b)));
  }

  private static boolean isNan(Value v) {
    return v instanceof Value.Real r && Double.isNaN(r.value());
  }

  static boolean contains(Value container, Value element, Interpreter rt) {
    return switch (container) {
      case Value.Str s -> {
        if (element instanceof Value.Str e) yield Text.indexOf(s.text(), e.text(), 0) >= 0;
        throw new TemplateError(
            "'in <string>' requires string as left operand, not " + Value.typeName(element));
      }
      case Value.Dict d -> d.entries().containsKey(hashable(element));
      case Value.Range r -> inRange(r, element);
      case Value.Seq _, Value.View _, Value.Iter _, Value.Undefined _, Value.Special _ -> {
        for (Iterator<Value> it =
                Iteration.over(container, rt, "argument of type '%s' is not iterable");
            it.hasNext(); ) {
          rt.limits().step();
          if (it.next().equals(element)) yield true;
        }
        yield false;
      }
      case Value.None _, Value.Bool _, Value.Int _, Value.Real _, Value.Func _, Value.Namespace _ ->
          throw new TemplateError(
              "argument of type '" + Value.typeName(container) + "' is not iterable");
    };
  }

  private static boolean inRange(Value.Range r, Value element) {
    if (!Numbers.isNumber(element)) return false;
    BigDecimal exact;
    if (element instanceof Value.Real x) {
      if (!Double.isFinite(x.value())) return false;
      exact = new BigDecimal(x.value());
    } else {
      exact = new BigDecimal(Numbers.integer(element));
    }
    if (exact.stripTrailingZeros().scale() > 0) return false;
    BigInteger offset = exact.toBigInteger().subtract(BigInteger.valueOf(r.start()));
    BigInteger[] parts = offset.divideAndRemainder(BigInteger.valueOf(r.step()));
    return parts[1].signum() == 0
        && parts[0].signum() >= 0
        && parts[0].compareTo(BigInteger.valueOf(r.length())) < 0;
  }
}
