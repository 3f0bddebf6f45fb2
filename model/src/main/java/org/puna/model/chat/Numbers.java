package org.puna.model.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/** Python's arithmetic on integers of any size and floating-point numbers. */
final class Numbers {
  /** Bits of the largest integer; Python has no bound, templates no use for more. */
  private static final int MAX_BITS = 1 << 14;

  /** Digits of the longest decimal integer that is read, as in Python. */
  static final int MAX_DIGITS = 4300;

  private Numbers() {}

  static boolean isNumber(Value v) {
    return v instanceof Value.Int || v instanceof Value.Real || v instanceof Value.Bool;
  }

  static boolean isInteger(Value v) {
    return v instanceof Value.Int || v instanceof Value.Bool;
  }

  /** The value of an integer or truth value. */
  static BigInteger integer(Value v) {
    return switch (v) {
      case Value.Int i -> i.value();
      case Value.Bool b -> b.on() ? BigInteger.ONE : BigInteger.ZERO;
      default ->
          throw new TemplateError(
              "'" + Value.typeName(v) + "' object cannot be interpreted as an integer");
    };
  }

  /** An integer clamped to what an index can reach. */
  static int index(Value v) {
    return clamp(integer(v));
  }

  static int clamp(BigInteger n) {
    if (n.bitLength() < 32) return n.intValue();
    return n.signum() < 0 ? -Integer.MAX_VALUE : Integer.MAX_VALUE;
  }

  /** The character of a code point. */
  static String character(BigInteger n) {
    int c = clamp(n);
    if (!Character.isValidCodePoint(c))
      throw new TemplateError('%' + "c arg not in range(0x110000)");
    return Character.toString(c);
  }

  static double real(Value v) {
    if (v instanceof Value.Real r) return r.value();
    double x = integer(v).doubleValue();
    if (Double.isInfinite(x)) throw new TemplateError("int too large to convert to float");
    return x;
  }

  static int compare(Value a, Value b) {
    if (isInteger(a) && isInteger(b)) return integer(a).compareTo(integer(b));
    if (a instanceof Value.Real x && b instanceof Value.Real y) return order(x.value(), y.value());
    return a instanceof Value.Real x
        ? order(x.value(), integer(b))
        : -order(((Value.Real) b).value(), integer(a));
  }

  private static int order(double x, double y) {
    return x == y ? 0 : x < y ? -1 : 1;
  }

  private static int order(double x, BigInteger n) {
    if (Double.isNaN(x)) return 1;
    if (Double.isInfinite(x)) return x > 0 ? 1 : -1;
    return new BigDecimal(x).compareTo(new BigDecimal(n));
  }

  static Value binary(String op, Value a, Value b) {
    if (isInteger(a) && isInteger(b)) return integers(op, integer(a), integer(b));
    double x = real(a);
    double y = real(b);
    return switch (op) {
      case "+" -> Value.of(x + y);
      case "-" -> Value.of(x - y);
      case "*" -> Value.of(x * y);
      case "/" -> Value.of(x / nonZero(y, "float division by zero"));
      case "//" -> Value.of(floorDivide(x, nonZero(y, "float floor division by zero")));
      case "%" -> Value.of(modulo(x, nonZero(y, "float modulo")));
      case "**" -> Value.of(power(x, y));
      default -> throw new IllegalArgumentException(op);
    };
  }

  private static double nonZero(double y, String message) {
    if (y == 0) throw new TemplateError(message);
    return y;
  }

  private static double modulo(double x, double y) {
    double m = x % y;
    if (m == 0) return Math.copySign(0, y);
    return (m < 0) != (y < 0) ? m + y : m;
  }

  private static double floorDivide(double x, double y) {
    double m = x % y;
    double q = (x - m) / y;
    if (m != 0 && (m < 0) != (y < 0)) q -= 1;
    if (q == 0) return Math.copySign(0, x / y);
    double floor = Math.floor(q);
    return q - floor > 0.5 ? floor + 1 : floor;
  }

  private static double power(double x, double y) {
    if (x == 0 && y < 0) throw new TemplateError("0.0 cannot be raised to a negative power");
    if (x < 0 && Double.isFinite(y) && y != Math.rint(y)) {
      throw new TemplateError("complex numbers are not supported in chat templates");
    }
    if (x == 1) return 1;
    double p = Math.pow(x, y);
    if (Double.isInfinite(p) && Double.isFinite(x) && Double.isFinite(y)) {
      throw new TemplateError("(34, 'Numerical result out of range')");
    }
    return p;
  }

  private static Value integers(String op, BigInteger a, BigInteger b) {
    switch (op) {
      case "+" -> {
        return bounded(a.add(b));
      }
      case "-" -> {
        return bounded(a.subtract(b));
      }
      case "*" -> {
        return bounded(a.multiply(b));
      }
      case "**" -> {
        return power(a, b);
      }
      default -> {}
    }
    if (b.signum() == 0) {
      throw new TemplateError(
          op.equals("/")
              ? "division by zero"
              : op.equals("%") ? "integer modulo by zero" : "integer division or modulo by zero");
    }
    return switch (op) {
      case "/" -> Value.of(divide(a, b));
      case "//" -> new Value.Int(floorDivide(a, b));
      case "%" -> new Value.Int(a.subtract(floorDivide(a, b).multiply(b)));
      default -> throw new IllegalArgumentException(op);
    };
  }

  /** The quotient of two integers, rounded once. */
  private static double divide(BigInteger a, BigInteger b) {
    if (a.bitLength() <= 53 && b.bitLength() <= 53) return a.doubleValue() / b.doubleValue();
    // 60 digits decide every tie but the exact ones, which 53-bit halves of integers cannot miss.
    double q =
        new BigDecimal(a)
            .divide(new BigDecimal(b), new java.math.MathContext(60, RoundingMode.HALF_EVEN))
            .doubleValue();
    if (Double.isInfinite(q))
      throw new TemplateError("integer division result too large for a float");
    return q;
  }

  static BigInteger floorDivide(BigInteger a, BigInteger b) {
    BigInteger[] parts = a.divideAndRemainder(b);
    boolean below = parts[1].signum() != 0 && parts[1].signum() != b.signum();
    return below ? parts[0].subtract(BigInteger.ONE) : parts[0];
  }

  private static Value power(BigInteger a, BigInteger b) {
    if (b.signum() < 0) {
      if (a.signum() == 0) {
        throw new TemplateError("0.0 cannot be raised to a negative power");
      }
      return Value.of(power(real(new Value.Int(a)), real(new Value.Int(b))));
    }
    boolean small = a.abs().compareTo(BigInteger.ONE) <= 0;
    if (!small && (b.bitLength() > 31 || (long) a.bitLength() * b.intValue() > 2L * MAX_BITS)) {
      throw tooLarge();
    }
    if (small) {
      boolean one = a.signum() == 0 ? b.signum() == 0 : a.signum() > 0 || !b.testBit(0);
      return Value.of(one ? 1 : a.signum());
    }
    return bounded(a.pow(b.intValue()));
  }

  private static Value bounded(BigInteger n) {
    if (n.bitLength() > MAX_BITS) throw tooLarge();
    return new Value.Int(n);
  }

  private static TemplateError tooLarge() {
    return new TemplateError("integer of more than " + MAX_BITS + " bits in a chat template");
  }

  static Value negate(Value v) {
    return v instanceof Value.Real r ? Value.of(-r.value()) : new Value.Int(integer(v).negate());
  }

  static Value abs(Value v) {
    return v instanceof Value.Real r
        ? Value.of(Math.abs(r.value()))
        : new Value.Int(integer(v).abs());
  }

  /** Python's {@code round(x, digits)}: halves of the exact value go to the even neighbour. */
  static Value round(Value v, int digits) {
    if (v instanceof Value.Real r) {
      double x = r.value();
      if (!Double.isFinite(x) || digits > 330) return v;
      if (digits < -330) return Value.of(0 * x);
      double rounded = new BigDecimal(x).setScale(digits, RoundingMode.HALF_EVEN).doubleValue();
      return Value.of(rounded == 0 ? Math.copySign(0, x) : rounded);
    }
    if (digits >= 0) return new Value.Int(integer(v));
    if (digits < -MAX_BITS) return Value.of(0);
    return new Value.Int(
        new BigDecimal(integer(v)).setScale(digits, RoundingMode.HALF_EVEN).toBigInteger());
  }

  /** The integer part of a float, as {@code int(x)} gives it. */
  static BigInteger truncate(double x) {
    if (Double.isNaN(x)) throw new TemplateError("cannot convert float NaN to integer");
    if (Double.isInfinite(x)) throw new TemplateError("cannot convert float infinity to integer");
    return new BigDecimal(x).toBigInteger();
  }
}
