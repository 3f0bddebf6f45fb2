package org.puna.app.fleet;

import java.util.Locale;
import org.puna.model.config.BadInput;

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
    String t = text.strip().replace("_", "").replace(",", "");
    double factor = 1;
    if (!t.isEmpty()) {
      factor =
          switch (Character.toUpperCase(t.charAt(t.length() - 1))) {
            case 'K' -> 1e3;
            case 'M' -> 1e6;
            case 'B' -> 1e9;
            case 'T' -> 1e12;
            default -> 1;
          };
      if (factor > 1) t = t.substring(0, t.length() - 1);
    }
    double v;
    try {
      v = Double.parseDouble(t) * factor;
    } catch (NumberFormatException e) {
      v = -1;
    }
    if (!(v > 0) || Double.isInfinite(v)) {
      throw new BadInput(
          where
              + ": expected a positive amount such as 15.6T, 405B or 1e12, found \""
              + text
              + "\"");
    }
    return v;
  }

  /** An amount with three digits and a unit: 15.6T, 405B. */
  static String words(double v) {
    String[] units = {"", "K", "M", "B", "T"};
    int u = 0;
    double x = v;
    while (Math.abs(x) >= 1000 && u < units.length - 1) {
      x /= 1000;
      u++;
    }
    return (Math.abs(x) >= 100 || x == Math.rint(x) && u == 0 ? f("%.0f", x) : f("%.3g", x))
        + units[u];
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
