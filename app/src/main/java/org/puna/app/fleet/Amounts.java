package org.puna.app.fleet;

import java.util.Locale;
import org.puna.fleet.Amount;

/** Amounts as people write and read them: 15.6T tokens, 3.8e25, 12,345. */
final class Amounts {
  private Amounts() {}

  /**
   * Reads a positive amount with an optional K, M, B or T.
   *
   * @param text what the user wrote
   * @param where the option, the start of the error
   */
  static double parse(String text, String where) {
    return Amount.parse(text, where);
  }

  /** An amount with three digits and a unit: 15.6T, 405B. */
  static String words(double v) {
    return Amount.words(v);
  }

  /** A whole number with commas. */
  static String whole(double v) {
    return String.format(Locale.ROOT, "%,.0f", v);
  }

  /** A whole number with commas. */
  static String whole(long v) {
    return String.format(Locale.ROOT, "%,d", v);
  }

  /** A number in a format that does not depend on the country. */
  static String f(String format, double v) {
    return String.format(Locale.ROOT, format, v);
  }

  /** A share as a percentage. */
  static String percent(double v) {
    return f("%.1f%%", 100 * v);
  }

  /** A signed error as a percentage. */
  static String error(double v) {
    return f("%+.1f%%", 100 * v);
  }

  /** Bytes in GB. */
  static String gb(double bytes) {
    return f("%.1f", bytes / 1e9);
  }
}
