package org.puna.model.chat;

import java.math.BigInteger;
import java.util.Map;
import java.util.Optional;

/** Filters that make numbers. */
final class NumberFilters {
  private NumberFilters() {}

  static void register(Map<String, Filters.Filter> m) {
    m.put("int", NumberFilters::toInt);
    m.put(
        "float", (rt, v, a) -> toFloat(v, a.bind("float", 0, "default").get(0, Value.of(0.0)), rt));
    m.put("abs", NumberFilters::abs);
    m.put("round", NumberFilters::round);
    m.put("length", (_, v, a) -> length(v, a));
    m.put("count", (_, v, a) -> length(v, a));
  }

  private static Value length(Value v, Args args) {
    args.bind("length", 0);
    return Value.of(Iteration.length(v));
  }

  private static Value abs(Interpreter rt, Value v, Args args) {
    args.bind("abs", 0);
    if (!Numbers.isNumber(v)) {
      throw new TemplateError("bad operand type for abs(): '" + Value.typeName(v) + "'");
    }
    return Numbers.abs(v);
  }

  private static Value round(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("round", 0, "precision", "method");
    int precision = b.index(0, 0);
    String method = b.text(1, "common");
    if (!method.equals("common") && !method.equals("ceil") && !method.equals("floor")) {
      throw new TemplateError("method must be common, ceil or floor");
    }
    if (!Numbers.isNumber(v)) {
      throw new TemplateError("type " + Value.typeName(v) + " doesn't define __round__ method");
    }
    if (method.equals("common")) return Numbers.round(v, precision);
    double scale = Math.pow(10, precision);
    double scaled = Numbers.real(v) * scale;
    double rounded = method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled);
    return Value.of(rounded / scale);
  }

  private static Value toInt(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("int", 0, "default", "base");
    Value otherwise = b.get(0, Value.of(0));
    Operators.refuseUndefined(v);
    return switch (v) {
      case Value.Str s ->
          parseInt(s.text(), b.index(1, 10))
              .map(n -> (Value) new Value.Int(n))
              .orElseGet(
                  () -> parseReal(s.text()).map(x -> truncated(x, otherwise)).orElse(otherwise));
      case Value.Real r -> truncated(r.value(), otherwise);
      case Value.Int _, Value.Bool _ -> new Value.Int(Numbers.integer(v));
      default -> otherwise;
    };
  }

  private static Value truncated(double x, Value otherwise) {
    return Double.isFinite(x) ? new Value.Int(Numbers.truncate(x)) : otherwise;
  }

  /** Reads an integer as Python's {@code int(text, base)}. */
  private static Optional<BigInteger> parseInt(String text, int base) {
    String s = Text.lower(Text.rstrip(Text.lstrip(text)));
    boolean negative = s.startsWith("-");
    if (negative || s.startsWith("+")) s = s.substring(1);
    int radix = base;
    String prefix = s.length() > 2 && s.charAt(0) == '0' ? s.substring(0, 2) : "";
    int prefixed =
        switch (prefix) {
          case "0x" -> 16;
          case "0o" -> 8;
          case "0b" -> 2;
          default -> 0;
        };
    if (prefixed != 0 && (base == prefixed || base == 0)) {
      radix = prefixed;
      s = s.substring(2);
    }
    if (radix == 0) radix = 10;
    if (radix < 2 || radix > 36 || s.isEmpty() || s.length() > Numbers.MAX_DIGITS) {
      return Optional.empty();
    }
    if (s.startsWith("_") || s.endsWith("_") || s.contains("__")) return Optional.empty();
    s = s.replace("_", "");
    for (int i = 0; i < s.length(); i++) {
      if (Character.digit(s.charAt(i), radix) < 0) return Optional.empty();
    }
    BigInteger n = new BigInteger(s, radix);
    return Optional.of(negative ? n.negate() : n);
  }

  static Value toFloat(Value v, Value otherwise, Interpreter rt) {
    Operators.refuseUndefined(v);
    return switch (v) {
      case Value.Str s -> {
        rt.limits().walk(s);
        yield parseReal(s.text()).map(Value::of).orElse(otherwise);
      }
      case Value.Real _ -> v;
      case Value.Int _, Value.Bool _ -> Value.of(Numbers.real(v));
      default -> otherwise;
    };
  }

  /** Reads a number as Python's {@code float(text)}. */
  private static Optional<Double> parseReal(String text) {
    String s = Text.lower(Text.rstrip(Text.lstrip(text)));
    String bare = s.startsWith("-") || s.startsWith("+") ? s.substring(1) : s;
    double sign = s.startsWith("-") ? -1 : 1;
    switch (bare) {
      case "inf", "infinity" -> {
        return Optional.of(sign * Double.POSITIVE_INFINITY);
      }
      case "nan" -> {
        return Optional.of(Double.NaN);
      }
      default -> {}
    }
    boolean digit = false;
    for (int i = 0; i < bare.length(); i++) {
      char c = bare.charAt(i);
      digit |= c >= '0' && c <= '9';
      if ("0123456789.e+-_".indexOf(c) < 0) return Optional.empty();
      boolean inside = i > 0 && i + 1 < bare.length();
      if (c == '_'
          && !(inside
              && Character.isDigit(bare.charAt(i - 1))
              && Character.isDigit(bare.charAt(i + 1)))) {
        return Optional.empty();
      }
    }
    if (!digit || bare.length() > Numbers.MAX_DIGITS) return Optional.empty();
    try {
      return Optional.of(sign * Double.parseDouble(bare.replace("_", "")));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }
}
