package org.puna.model.chat;

import java.time.DayOfWeek;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.IsoFields;
import java.util.List;

/** Python's {@code datetime.strftime} for a time without a zone, in English whatever the locale. */
final class Strftime {
  private static final List<String> MONTHS =
      List.of(
          "January",
          "February",
          "March",
          "April",
          "May",
          "June",
          "July",
          "August",
          "September",
          "October",
          "November",
          "December");
  private static final List<String> DAYS =
      List.of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday");

  private Strftime() {}

  static String format(String format, LocalDateTime t, Limits limits) {
    Output out = new Output(limits);
    int i = 0;
    while (i < format.length()) {
      int start = i;
      if (format.charAt(i++) != '%') {
        out.append(format.substring(start, i));
        continue;
      }
      char flag = 0;
      while (i < format.length() && "-_0^#".indexOf(format.charAt(i)) >= 0) {
        flag = format.charAt(i++);
      }
      if (i == format.length()) {
        out.append(format.substring(start));
      } else {
        char d = format.charAt(i++);
        out.append(directive(d, flag, t, format.substring(start, i), limits));
      }
    }
    return out.text();
  }

  private static String directive(
      char d, char flag, LocalDateTime t, String source, Limits limits) {
    return switch (d) {
      case 'a' -> cased(DAYS.get(t.getDayOfWeek().getValue() - 1).substring(0, 3), flag);
      case 'A' -> cased(DAYS.get(t.getDayOfWeek().getValue() - 1), flag);
      case 'b', 'h' -> cased(MONTHS.get(t.getMonthValue() - 1).substring(0, 3), flag);
      case 'B' -> cased(MONTHS.get(t.getMonthValue() - 1), flag);
      case 'c' -> format("%a %b %e %H:%M:%S %Y", t, limits);
      case 'C' -> number(t.getYear() / 100, 2, '0', flag);
      case 'd' -> number(t.getDayOfMonth(), 2, '0', flag);
      case 'D', 'x' -> format("%m/%d/%y", t, limits);
      case 'e' -> number(t.getDayOfMonth(), 2, ' ', flag);
      case 'f' -> number(t.getNano() / 1000, 6, '0', (char) 0);
      case 'F' -> format("%Y-%m-%d", t, limits);
      case 'g' -> number(t.get(IsoFields.WEEK_BASED_YEAR) % 100, 2, '0', flag);
      case 'G' -> number(t.get(IsoFields.WEEK_BASED_YEAR), 1, '0', flag);
      case 'H' -> number(t.getHour(), 2, '0', flag);
      case 'I' -> number((t.getHour() + 11) % 12 + 1, 2, '0', flag);
      case 'j' -> number(t.getDayOfYear(), 3, '0', flag);
      case 'k' -> number(t.getHour(), 2, ' ', flag);
      case 'l' -> number((t.getHour() + 11) % 12 + 1, 2, ' ', flag);
      case 'm' -> number(t.getMonthValue(), 2, '0', flag);
      case 'M' -> number(t.getMinute(), 2, '0', flag);
      case 'n' -> "\n";
      case 'p' -> flag == '#' ? (t.getHour() < 12 ? "am" : "pm") : t.getHour() < 12 ? "AM" : "PM";
      case 'P' -> t.getHour() < 12 ? "am" : "pm";
      case 'r' -> format("%I:%M:%S %p", t, limits);
      case 'R' -> format("%H:%M", t, limits);
      case 's' -> Long.toString(ChronoUnit.SECONDS.between(LocalDateTime.of(1970, 1, 1, 0, 0), t));
      case 'S' -> number(t.getSecond(), 2, '0', flag);
      case 't' -> "\t";
      case 'T', 'X' -> format("%H:%M:%S", t, limits);
      case 'u' -> Integer.toString(t.getDayOfWeek().getValue());
      case 'U' -> number(week(t, DayOfWeek.SUNDAY), 2, '0', flag);
      case 'V' -> number(t.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, '0', flag);
      case 'w' -> Integer.toString(t.getDayOfWeek().getValue() % 7);
      case 'W' -> number(week(t, DayOfWeek.MONDAY), 2, '0', flag);
      case 'y' -> number(t.getYear() % 100, 2, '0', flag);
      case 'Y' -> number(t.getYear(), 1, '0', flag);
      case 'z', 'Z' -> "";
      case '%' -> "%";
      default -> source;
    };
  }

  /** Weeks of the year so far, days before the first {@code start} being week 0. */
  private static int week(LocalDateTime t, DayOfWeek start) {
    int sinceStart = Math.floorMod(t.getDayOfWeek().getValue() - start.getValue(), 7);
    return (t.getDayOfYear() + 6 - sinceStart) / 7;
  }

  private static String number(int n, int width, char pad, char flag) {
    String digits = Integer.toString(n);
    char fill = flag == '_' ? ' ' : flag == '0' ? '0' : pad;
    if (flag == '-' || digits.length() >= width) return digits;
    return String.valueOf(fill).repeat(width - digits.length()) + digits;
  }

  private static String cased(String name, char flag) {
    return flag == '^' || flag == '#' ? Text.upper(name) : name;
  }
}
