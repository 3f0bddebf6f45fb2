package org.puna.model.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * One replacement field's layout in Python's format language: {@code
 * [[fill]align][sign][#][0][width][grouping][.precision][type]}.
 *
 * @param fill what pads
 * @param align one of {@code <>^=}
 * @param sign one of {@code + -} and space
 * @param alternate whether {@code #} asked for prefixes and decimal points
 * @param zero whether zeros pad after the sign
 * @param width least characters
 * @param grouping {@code ,} or {@code _} between digits, 0 for none
 * @param precision digits, -1 where not given
 * @param type the conversion, 0 where not given
 */
record FormatSpec(
    int fill,
    char align,
    char sign,
    boolean alternate,
    boolean zero,
    int width,
    char grouping,
    int precision,
    char type) {

  /** Digits after the point beyond which a double has none but zeros. */
  private static final int MAX_PRECISION = 1100;

  private static final int DEFAULT_PRECISION = 6;

  /** Formats a value by a specification as {@code format(v, spec)} does. */
  static String format(Value v, String spec, Limits limits) {
    if (spec.isEmpty()) return Repr.str(v, limits);
    return switch (v) {
      case Value.Str s -> {
        FormatSpec f = parse(spec, '<');
        if (f.type != 0 && f.type != 's') throw f.unknown("str");
        if (f.sign != 0) throw new TemplateError("Sign not allowed in string format specifier");
        yield f.text(s.text(), limits);
      }
      case Value.Int _, Value.Bool _ -> {
        FormatSpec f = parse(spec, '>');
        BigInteger n = Numbers.integer(v);
        yield switch (f.type) {
          case 0, 'd', 'n', 'b', 'o', 'x', 'X' -> f.integer(n, limits);
          case 'c' -> f.text(Numbers.character(n), limits);
          case 'e', 'E', 'f', 'F', 'g', 'G', '%' -> f.real(Numbers.real(v), limits);
          default -> throw f.unknown(Value.typeName(v));
        };
      }
      case Value.Real r -> {
        FormatSpec f = parse(spec, '>');
        if ("\0neEfFgG%".indexOf(f.type) < 0) throw f.unknown("float");
        yield f.real(r.value(), limits);
      }
      default -> {
        throw new TemplateError(
            "unsupported format string passed to " + Value.typeName(v) + ".__format__");
      }
    };
  }

  private TemplateError unknown(String kind) {
    return new TemplateError(
        "Unknown format code '" + type + "' for object of type '" + kind + "'");
  }

  private static FormatSpec parse(String s, char defaultAlign) {
    int i = 0;
    int fill = ' ';
    char align = 0;
    int first = Character.charCount(s.codePointAt(0));
    if (s.length() > first && "<>^=".indexOf(s.charAt(first)) >= 0) {
      fill = s.codePointAt(0);
      align = s.charAt(first);
      i = first + 1;
    } else if ("<>^=".indexOf(s.charAt(0)) >= 0) {
      align = s.charAt(i++);
    }
    char sign = 0;
    if (i < s.length() && "+- ".indexOf(s.charAt(i)) >= 0) sign = s.charAt(i++);
    boolean alternate = i < s.length() && s.charAt(i) == '#';
    if (alternate) i++;
    boolean zero = i < s.length() && s.charAt(i) == '0';
    if (zero) i++;
    if (zero && align == 0 && defaultAlign == '<') fill = '0';
    int start = i;
    while (i < s.length() && s.charAt(i) >= '0' && s.charAt(i) <= '9') i++;
    int width = size(s.substring(start, i), 0);
    char grouping = 0;
    if (i < s.length() && (s.charAt(i) == ',' || s.charAt(i) == '_')) grouping = s.charAt(i++);
    int precision = -1;
    if (i < s.length() && s.charAt(i) == '.') {
      start = ++i;
      while (i < s.length() && s.charAt(i) >= '0' && s.charAt(i) <= '9') i++;
      if (i == start) throw new TemplateError("Format specifier missing precision");
      precision = size(s.substring(start, i), -1);
    }
    char type = i < s.length() ? s.charAt(i++) : 0;
    if (i < s.length()) {
      throw new TemplateError("Invalid format specifier " + Repr.quote(s));
    }
    boolean padsWithZero = zero && align == 0 && defaultAlign == '>';
    return new FormatSpec(
        fill,
        align == 0 ? defaultAlign : align,
        sign,
        alternate,
        padsWithZero,
        width,
        grouping,
        precision,
        type);
  }

  private static int size(String digits, int otherwise) {
    if (digits.isEmpty()) return otherwise;
    return digits.length() > 8 ? Limits.MAX_LENGTH + 1 : Integer.parseInt(digits);
  }

  FormatSpec withType(char newType) {
    return new FormatSpec(fill, align, sign, alternate, zero, width, grouping, precision, newType);
  }

  String text(String s, Limits limits) {
    String cut = s;
    if (precision >= 0 && Text.length(s) > precision) {
      cut = s.substring(0, s.offsetByCodePoints(0, precision));
    }
    return pad("", cut, limits);
  }

  String integer(BigInteger n, Limits limits) {
    int radix =
        switch (type) {
          case 'b' -> 2;
          case 'o' -> 8;
          case 'x', 'X' -> 16;
          default -> 10;
        };
    String digits = n.abs().toString(radix);
    if (precision > digits.length()) {
      digits = "0".repeat(limits.chars(precision - digits.length())) + digits;
    }
    String prefix = alternate && radix != 10 ? "0" + type : "";
    if (type == 'X') digits = Text.upper(digits);
    return pad(signOf(n.signum() < 0) + prefix, group(digits, radix == 10 ? 3 : 4), limits);
  }

  String real(double x, Limits limits) {
    boolean negative = x < 0 || (x == 0 && 1 / x < 0);
    double size = Math.abs(x);
    boolean upper = type == 'E' || type == 'F' || type == 'G';
    String body;
    if (!Double.isFinite(x)) {
      negative = x < 0;
      body = Double.isNaN(x) ? "nan" : "inf";
    } else {
      int digits = precision < 0 ? DEFAULT_PRECISION : precision;
      if (digits > MAX_PRECISION) {
        throw new TemplateError("precision too big");
      }
      body =
          switch (type) {
            case 'e', 'E' -> scientific(new BigDecimal(size), digits);
            case 'f', 'F' -> fixed(new BigDecimal(size), digits);
            case '%' -> fixed(new BigDecimal(size * 100), digits) + "%";
            case 0 -> precision < 0 ? Repr.real(size) : general(size, digits, true);
            default -> general(size, digits, false);
          };
    }
    if (upper) body = Text.upper(body);
    return pad(signOf(negative), grouping == 0 ? body : groupReal(body), limits);
  }

  private String fixed(BigDecimal x, int digits) {
    String s = x.setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
    return alternate && digits == 0 ? s + "." : s;
  }

  private String scientific(BigDecimal x, int digits) {
    BigDecimal r = x.round(new MathContext(digits + 1, RoundingMode.HALF_EVEN));
    if (r.signum() == 0) {
      return "0" + (digits > 0 ? "." + "0".repeat(digits) : alternate ? "." : "") + "e+00";
    }
    String all = r.unscaledValue().toString();
    int exponent = all.length() - 1 - r.scale();
    StringBuilder b = new StringBuilder(all);
    while (b.length() < digits + 1) b.append('0');
    b.setLength(digits + 1);
    if (digits > 0) b.insert(1, '.');
    if (digits == 0 && alternate) b.append('.');
    return b + "e" + Repr.exponent(exponent);
  }

  /**
   * {@code g}: the shorter of both forms; without a type a float keeps one digit after the point.
   */
  private String general(double size, int precisionOrZero, boolean keepsPoint) {
    int digits = Math.max(1, precisionOrZero);
    BigDecimal x = new BigDecimal(size);
    BigDecimal r = x.round(new MathContext(digits, RoundingMode.HALF_EVEN));
    int exponent = r.signum() == 0 ? 0 : r.precision() - 1 - r.scale();
    boolean small = exponent < -4 || exponent >= (keepsPoint ? digits - 1 : digits);
    if (keepsPoint && exponent < digits && exponent >= digits - 1 && digits > 1) small = true;
    if (keepsPoint && size == 0) small = false;
    if (small) {
      String s = scientific(x, digits - 1);
      if (alternate) return s;
      int e = s.indexOf('e');
      return trimZeros(s.substring(0, e)) + s.substring(e);
    }
    String s = fixed(r, Math.max(0, digits - 1 - exponent));
    if (!alternate) s = trimZeros(s);
    return keepsPoint && s.indexOf('.') < 0 ? s + ".0" : s;
  }

  private static String trimZeros(String s) {
    if (s.indexOf('.') < 0) return s;
    int end = s.length();
    while (s.charAt(end - 1) == '0') end--;
    if (s.charAt(end - 1) == '.') end--;
    return s.substring(0, end);
  }

  private String signOf(boolean negative) {
    if (negative) return "-";
    return sign == '+' ? "+" : sign == ' ' ? " " : "";
  }

  private String groupReal(String body) {
    int end = 0;
    while (end < body.length() && Character.isDigit(body.charAt(end))) end++;
    return group(body.substring(0, end), 3) + body.substring(end);
  }

  private String group(String digits, int size) {
    if (grouping == 0) return digits;
    StringBuilder b = new StringBuilder(digits);
    for (int i = digits.length() - size; i > 0; i -= size) b.insert(i, grouping);
    return b.toString();
  }

  private String pad(String head, String body, Limits limits) {
    int missing = width - Text.length(head) - Text.length(body);
    if (missing <= 0) return head + body;
    limits.chars(missing);
    if (zero) return head + "0".repeat(missing) + body;
    String one = Character.toString(fill);
    return switch (align) {
      case '<' -> head + body + one.repeat(missing);
      case '=' -> head + one.repeat(missing) + body;
      case '^' -> one.repeat(missing / 2) + head + body + one.repeat(missing - missing / 2);
      default -> one.repeat(missing) + head + body;
    };
  }
}
