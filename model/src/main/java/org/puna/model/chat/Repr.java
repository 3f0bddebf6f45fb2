package org.puna.model.chat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Iterator;
import java.util.Map;

/** Python's {@code str} and {@code repr} of values. */
final class Repr {
  /** Decimal exponents between which a float is written without one. */
  private static final int MIN_PLAIN_EXPONENT = -4;

  private static final int MAX_PLAIN_EXPONENT = 16;

  private Repr() {}

  /** What {@code {{ v }}} prints. */
  static String str(Value v, Limits limits) {
    return switch (v) {
      case Value.Str s -> s.text();
      case Value.Undefined _ -> "";
      case Value.None _ -> "None";
      case Value.Bool b -> b.on() ? "True" : "False";
      case Value.Int i -> i.value().toString();
      case Value.Real r -> real(r.value());
      case Value.Seq _,
          Value.Dict _,
          Value.Range _,
          Value.View _,
          Value.Iter _,
          Value.Func _,
          Value.Namespace _,
          Value.Special _ ->
          repr(v, limits);
    };
  }

  static String repr(Value v, Limits limits) {
    Output out = new Output(limits);
    write(v, out, 0);
    return out.text();
  }

  private static void write(Value v, Output out, int level) {
    Limits.extent(0, level);
    switch (v) {
      case Value.Str s ->
          out.append(s.markup() ? "Markup(" + quote(s.text()) + ")" : quote(s.text()));
      case Value.Undefined _ -> out.append("Undefined");
      case Value.Seq s -> {
        out.append(s.tuple() ? "(" : "[");
        all(s.items(), out, level);
        if (s.tuple() && s.items().size() == 1) out.append(",");
        out.append(s.tuple() ? ")" : "]");
      }
      case Value.Dict d -> entries(d.entries(), out, level);
      case Value.Range r ->
          out.append(
              "range("
                  + r.start()
                  + ", "
                  + r.stop()
                  + (r.step() == 1 ? ")" : ", " + r.step() + ")"));
      case Value.View view -> {
        out.append(view.kind() + "([");
        all(view.elements(), out, level);
        out.append("])");
      }
      case Value.Iter i -> out.append("<" + i.kind() + " object>");
      case Value.Func f -> out.append(f.repr());
      case Value.Namespace n -> {
        out.append("<Namespace {");
        String comma = "";
        for (Map.Entry<String, Value> e : n.attributes().entrySet()) {
          out.append(comma + quote(e.getKey()) + ": ");
          write(e.getValue(), out, level + 1);
          comma = ", ";
        }
        out.append("}>");
      }
      case Value.Special s -> out.append(s.repr());
      case Value.None _ -> out.append("None");
      case Value.Bool b -> out.append(b.on() ? "True" : "False");
      case Value.Int i -> out.append(i.value().toString());
      case Value.Real r -> out.append(real(r.value()));
    }
  }

  private static void all(Iterable<Value> items, Output out, int level) {
    for (Iterator<Value> it = items.iterator(); it.hasNext(); ) {
      write(it.next(), out, level + 1);
      if (it.hasNext()) out.append(", ");
    }
  }

  private static void entries(Map<Value, Value> entries, Output out, int level) {
    out.append("{");
    String comma = "";
    for (Map.Entry<Value, Value> e : entries.entrySet()) {
      out.append(comma);
      write(e.getKey(), out, level + 1);
      out.append(": ");
      write(e.getValue(), out, level + 1);
      comma = ", ";
    }
    out.append("}");
  }

  /** The shortest decimal that reads back as {@code x}, laid out as Python lays it out. */
  static String real(double x) {
    if (Double.isNaN(x)) return "nan";
    if (Double.isInfinite(x)) return x > 0 ? "inf" : "-inf";
    String sign = x < 0 || (x == 0 && 1 / x < 0) ? "-" : "";
    if (x == 0) return sign + "0.0";
    BigDecimal shortest = shortest(Math.abs(x));
    String digits = shortest.unscaledValue().toString();
    int exponent = digits.length() - 1 - shortest.scale();
    if (exponent < MIN_PLAIN_EXPONENT || exponent >= MAX_PLAIN_EXPONENT) {
      String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
      return sign + digits.charAt(0) + fraction + "e" + exponent(exponent);
    }
    String plain = shortest.toPlainString();
    return sign + (plain.indexOf('.') < 0 ? plain + ".0" : plain);
  }

  /** Java always gives two digits, even where one would read back as the same number. */
  private static BigDecimal shortest(double x) {
    BigDecimal two = new BigDecimal(Double.toString(x)).stripTrailingZeros();
    if (two.precision() != 2) return two;
    BigDecimal one = two.round(new MathContext(1, RoundingMode.HALF_UP));
    return one.doubleValue() == x ? one : two;
  }

  /** A sign and at least two digits. */
  static String exponent(int e) {
    int size = Math.abs(e);
    return (e < 0 ? "-" : "+") + (size < 10 ? "0" : "") + size;
  }

  /** A string literal, in double quotes only where that saves escapes. */
  static String quote(String s) {
    char quote = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder(s.length() + 2).append(quote);
    s.codePoints().forEach(c -> escape(c, quote, out));
    return out.append(quote).toString();
  }

  private static void escape(int c, char quote, StringBuilder out) {
    switch (c) {
      case '\\' -> out.append("\\\\");
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      default -> {
        if (c == quote) {
          out.append('\\').append(quote);
        } else if (isPrintable(c)) {
          out.appendCodePoint(c);
        } else if (c < 0x100) {
          out.append("\\x%02x".formatted(c));
        } else if (c < 0x10000) {
          out.append("\\u%04x".formatted(c));
        } else {
          out.append("\\U%08x".formatted(c));
        }
      }
    }
  }

  /** Whether Python prints a character as itself in a literal. */
  static boolean isPrintable(int c) {
    if (c == ' ') return true;
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SPACE_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
