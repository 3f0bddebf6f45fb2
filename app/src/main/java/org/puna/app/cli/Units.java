package org.puna.app.cli;

import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them. */
public final class Units {
  private static final String[] BYTES = {"B", "KiB", "MiB", "GiB", "TiB"};
  private static final String[] COUNTS = {"", "K", "M", "B", "T"};

  private Units() {}

  /** Returns bytes in the largest binary unit that leaves at least 1, such as {@code 1.23 GiB}. */
  public static String bytes(long n) {
    double x = n;
    int unit = 0;
    while (x >= 1024 && unit < BYTES.length - 1) {
      x /= 1024;
      unit++;
    }
    return unit == 0 ? n + " B" : String.format(Locale.ROOT, "%.2f %s", x, BYTES[unit]);
  }

  /** Returns a count with a decimal unit, such as {@code 1.24B}. */
  public static String count(long n) {
    double x = n;
    int unit = 0;
    while (x >= 1000 && unit < COUNTS.length - 1) {
      x /= 1000;
      unit++;
    }
    return unit == 0 ? Long.toString(n) : String.format(Locale.ROOT, "%.2f%s", x, COUNTS[unit]);
  }

  /** Returns a duration in seconds with two decimals, such as {@code 1.50 s}. */
  public static String seconds(Duration d) {
    return String.format(Locale.ROOT, "%.2f s", d.toNanos() / 1e9);
  }
}
