package org.puna.model.chat;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Python's arithmetic operators on all kinds of values. */
final class Operators {
  private Operators() {}

  /** Fails if {@code v} does not exist. */
  static void refuseUndefined(Value v) {
    if (v instanceof Value.Undefined u) throw new TemplateError(u.reason());
  }

  static Value unary(String op, Value v) {
    refuseUndefined(v);
    if (!Numbers.isNumber(v)) {
      throw new TemplateError("bad operand type for unary " + op + ": '" + Value.typeName(v) + "'");
    }
    if (op.equals("-")) return Numbers.negate(v);
    return v instanceof Value.Real ? v : new Value.Int(Numbers.integer(v));
  }

  static Value binary(String op, Value a, Value b, Interpreter rt) {
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) return Numbers.binary(op, a, b);
    if (op.equals("%") && a instanceof Value.Str s) return percent(s, b, rt);
    refuseUndefined(a);
    refuseUndefined(b);
    return switch (op) {
      case "+" -> add(a, b, rt);
      case "*" -> multiply(a, b, rt);
      default -> throw unsupported(op, a, b);
    };
  }

  private static Value percent(Value.Str format, Value arguments, Interpreter rt) {
    String text = PercentFormat.format(format.text(), arguments, rt);
    return new Value.Str(text, format.markup());
  }

  private static Value add(Value a, Value b, Interpreter rt) {
    if (a instanceof Value.Str s && b instanceof Value.Str t) {
      boolean markup = s.markup() || t.markup();
      String left = markup && !s.markup() ? Text.escapeHtml(s.text()) : s.text();
      String right = markup && !t.markup() ? Text.escapeHtml(t.text()) : t.text();
      rt.limits().chars((long) left.length() + right.length());
      return new Value.Str(left.concat(right), markup);
    }
    if (a instanceof Value.Seq s && b instanceof Value.Seq t && s.tuple() == t.tuple()) {
      List<Value> all =
          new ArrayList<>(rt.limits().elements((long) s.items().size() + t.items().size()));
      all.addAll(s.items());
      all.addAll(t.items());
      return new Value.Seq(all, s.tuple());
    }
    if (a instanceof Value.Str || a instanceof Value.Seq) {
      String type = Value.typeName(a);
      if (a instanceof Value.Str) type = "str";
      throw new TemplateError(
          "can only concatenate " + type + " (not \"" + Value.typeName(b) + "\") to " + type);
    }
    throw unsupported("+", a, b);
  }

  private static Value multiply(Value a, Value b, Interpreter rt) {
    if (Numbers.isInteger(a) && !Numbers.isNumber(b)) return repeat("*", b, a, a, b, rt);
    return repeat("*", a, b, a, b, rt);
  }

  private static Value repeat(
      String op, Value what, Value times, Value a, Value b, Interpreter rt) {
    if (!isSequence(what) && isSequence(times)) return repeat(op, times, what, a, b, rt);
    if (!isSequence(what)) throw unsupported(op, a, b);
    if (!Numbers.isInteger(times)) {
      throw new TemplateError(
          "can't multiply sequence by non-int of type '" + Value.typeName(times) + "'");
    }
    BigInteger n = Numbers.integer(times).max(BigInteger.ZERO);
    if (what instanceof Value.Str s) {
      rt.limits().chars(product(n, s.text().length()));
      return new Value.Str(s.text().repeat(s.text().isEmpty() ? 0 : n.intValue()), s.markup());
    }
    Value.Seq s = (Value.Seq) what;
    List<Value> all = new ArrayList<>(rt.limits().elements(product(n, s.items().size())));
    if (s.items().isEmpty()) return s;
    for (int i = 0; i < n.intValue(); i++) all.addAll(s.items());
    return new Value.Seq(all, s.tuple());
  }

  private static boolean isSequence(Value v) {
    return v instanceof Value.Str || v instanceof Value.Seq;
  }

  private static long product(BigInteger n, int length) {
    BigInteger size = n.multiply(BigInteger.valueOf(length));
    return size.bitLength() < 63 ? size.longValue() : Long.MAX_VALUE >> 8;
  }

  static TemplateError unsupported(String op, Value a, Value b) {
    String shown = op.equals("**") ? "** or pow()" : op;
    return new TemplateError(
        "unsupported operand type(s) for "
            + shown
            + ": '"
            + Value.typeName(a)
            + "' and '"
            + Value.typeName(b)
            + "'");
  }
}
