package org.puna.fleet.sim.report;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A mapping from values to pixels with the ticks that a reader expects.
 *
 * @param min smallest value
 * @param max largest value, more than {@code min}
 * @param from pixel of {@code min}
 * @param to pixel of {@code max}
 * @param log whether equal distances are equal ratios
 * @param ticks values with their labels
 */
record Scale(double min, double max, double from, double to, boolean log, List<Tick> ticks) {
  private static final String[] MONTHS = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
  };
  private static final double[] DURATIONS = {
    1 / 3600.0, 10 / 3600.0, 1 / 60.0, 1 / 6.0, 1, 6, 24, 168, 720, 8760, 87600
  };
  private static final String[] DURATION_NAMES = {
    "1 s", "10 s", "1 min", "10 min", "1 h", "6 h", "1 d", "1 wk", "30 d", "1 y", "10 y"
  };

  /**
   * A value with its label.
   *
   * @param value where
   * @param label what it says
   */
  record Tick(double value, String label) {}

  double at(double value) {
    double share =
        log ? StrictMath.log(value / min) / StrictMath.log(max / min) : (value - min) / (max - min);
    return from + Math.clamp(share, 0, 1) * (to - from);
  }

  /** From 0 to a round number above {@code max}, with about five ticks. */
  static Scale counts(double max, double from, double to) {
    double top = Math.max(max, 1e-9);
    double step = StrictMath.pow(10, Math.floor(StrictMath.log10(top / 4)));
    for (double factor : new double[] {1, 2, 5, 10}) {
      if (top / (step * factor) <= 5) {
        step *= factor;
        break;
      }
    }
    int n = (int) Math.ceil(top / step - 1e-9);
    List<Tick> ticks = new ArrayList<>();
    for (int i = 0; i <= n; i++) ticks.add(new Tick(i * step, Numbers.count(i * step)));
    return new Scale(0, n * step, from, to, false, ticks);
  }

  /** From 0 to 1 in percent. */
  static Scale shares(double from, double to) {
    List<Tick> ticks = new ArrayList<>();
    for (int i = 0; i <= 4; i++) ticks.add(new Tick(i / 4.0, 25 * i + "%"));
    return new Scale(0, 1, from, to, false, ticks);
  }

  /** Hours on a logarithmic scale from a second up to {@code max}. */
  static Scale durations(double max, double from, double to) {
    double low = 1 / 60.0;
    double high = Math.max(max, 1);
    List<Tick> ticks = new ArrayList<>();
    for (int i = 0; i < DURATIONS.length; i++) {
      if (DURATIONS[i] >= low && DURATIONS[i] <= high) {
        ticks.add(new Tick(DURATIONS[i], DURATION_NAMES[i]));
      }
    }
    return new Scale(low, high, from, to, true, ticks);
  }

  /** Hours since {@code start} up to {@code hours}, labelled with dates (UTC). */
  static Scale time(Instant start, double hours, double from, double to) {
    LocalDateTime zero = LocalDateTime.ofInstant(start, ZoneOffset.UTC);
    List<Tick> ticks = new ArrayList<>();
    double days = hours / 24;
    if (days > 90) {
      int months = days > 1500 ? 12 : days > 700 ? 6 : days > 400 ? 2 : 1;
      LocalDateTime t = zero.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1);
      if (months == 12) t = t.withMonth(1);
      for (; ticks.size() < 100; t = t.plusMonths(months)) {
        double at = ChronoUnit.MINUTES.between(zero, t) / 60.0;
        if (at > hours) break;
        boolean year = ticks.isEmpty() || t.getMonthValue() == 1;
        String name = MONTHS[t.getMonthValue() - 1] + (year ? " " + t.getYear() : "");
        if (at >= 0) ticks.add(new Tick(at, name));
      }
    } else if (days > 3) {
      int step = days > 45 ? 7 : days > 20 ? 3 : days > 10 ? 2 : 1;
      LocalDateTime t = zero.truncatedTo(ChronoUnit.DAYS);
      for (; ; t = t.plusDays(step)) {
        double at = ChronoUnit.MINUTES.between(zero, t) / 60.0;
        if (at > hours) break;
        if (at >= 0) {
          ticks.add(new Tick(at, t.getDayOfMonth() + " " + MONTHS[t.getMonthValue() - 1]));
        }
      }
    } else {
      double step = hours > 36 ? 12 : hours > 12 ? 4 : hours > 3 ? 1 : hours / 4;
      for (int i = 0; i * step <= hours + 1e-9; i++) {
        LocalDateTime t = zero.plusMinutes(Math.round(i * step * 60));
        ticks.add(
            new Tick(
                i * step, String.format(Locale.ROOT, "%02d:%02d", t.getHour(), t.getMinute())));
      }
    }
    return new Scale(0, Math.max(hours, 1e-6), from, to, false, ticks);
  }
}
