package org.puna.fleet;

import java.util.Locale;
import org.puna.model.config.BadInput;

/** Large amounts as people write and read them: 15.6T tokens, 405B, 1e12. */
public final class Amount {
  private static final String[] UNITS = {"", "K", "M", "B", "T"};

  private Amount() {}

  /**
   * Reads a positive amount with an optional K, M, B or T.
   *
   * @param text what the user wrote
   * @param where the option or field, the start of the error
   * @throws BadInput if it is no positive, finite amount, or may have a decimal comma
   */
  public static double parse(String text, String where) {
    String t = text.strip();
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
    double v = number(Digits.ungrouped(t, where)) * factor;
    if (!(v > 0) || Double.isInfinite(v)) {
      throw new BadInput(
          where
              + ": expected a positive amount such as 15.6T, 405B or 1e12, found \""
              + text
              + "\"");
    }
    return v;
  }

  private static double number(String t) {
    // Double.parseDouble would also take 1d, 0x1p3 and NaN.
    return t.matches("[0-9]*[.]?[0-9]+([eE][-+]?[0-9]+)?|[0-9]+[.]") ? Double.parseDouble(t) : -1;
  }

  /**
   * An amount with three digits and a unit: 15.6T, 405B.
   *
   * @param v the amount
   */
  public static String words(double v) {
    int u = 0;
    double x = v;
    while (Math.abs(x) >= 1000 && u < UNITS.length - 1) {
      x /= 1000;
      u++;
    }
    String format = Math.abs(x) >= 100 || x == Math.rint(x) && u == 0 ? "%.0f" : "%.3g";
    return String.format(Locale.ROOT, format, x) + UNITS[u];
  }
}
