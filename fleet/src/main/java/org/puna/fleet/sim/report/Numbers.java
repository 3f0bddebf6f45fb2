package org.puna.fleet.sim.report;

import java.util.Locale;

/** Numbers as plots and tables show them, the same in every locale. */
final class Numbers {
  private Numbers() {}

  /** A coordinate with at most two decimals. */
  static String px(double v) {
    String s = String.format(Locale.ROOT, "%.2f", v);
    return s.replaceAll("\\.?0+$", "");
  }

  /** A count in short: 950, 12.5k, 600k, 1.2M. */
  static String count(double v) {
    double a = Math.abs(v);
    if (a >= 1e9) return trim(v / 1e9) + "G";
    if (a >= 1e6) return trim(v / 1e6) + "M";
    if (a >= 1e4) return trim(v / 1e3) + "k";
    return a >= 100 || v == Math.rint(v) ? String.format(Locale.ROOT, "%,.0f", v) : trim(v);
  }

  /** A count in full: 89,805. */
  static String whole(double v) {
    return String.format(Locale.ROOT, "%,.0f", v);
  }

  private static String trim(double v) {
    String format = Math.abs(v) >= 100 ? "%.0f" : Math.abs(v) >= 10 ? "%.1f" : "%.2f";
    String s = String.format(Locale.ROOT, format, v);
    return s.contains(".") ? s.replaceAll("\\.?0+$", "") : s;
  }

  /** A share as a percentage with one decimal. */
  static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f%%", share * 100);
  }

  /** Hours in the unit that suits them: 45 s, 12 min, 3.4 h, 8.1 d. */
  static String hours(double hours) {
    if (hours == 0) return "0";
    if (hours < 1 / 60.0) return trim(hours * 3600) + " s";
    if (hours < 1) return trim(hours * 60) + " min";
    return hours < 48 ? trim(hours) + " h" : trim(hours / 24) + " d";
  }

  /** Text that is safe in HTML and in attributes. */
  static String escape(String s) {
    return s.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
