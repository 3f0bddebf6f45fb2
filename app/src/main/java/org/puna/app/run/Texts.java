package org.puna.app.run;

import java.util.List;
import org.puna.app.cli.Context;

/** Texts from the command line or from standard input. */
final class Texts {
  private Texts() {}

  /** Returns the arguments, or the lines of standard input where there are none. */
  static List<String> given(Context context, List<String> arguments) {
    return arguments.isEmpty() ? context.readInput().lines().toList() : arguments;
  }

  /** Returns a text as a cell of a table: one line, the beginning of a long one. */
  static String cell(String text) {
    final int most = 100;
    String line = text.strip().replaceAll("\\s+", " ");
    return line.length() <= most
        ? line
        : line.substring(0, line.offsetByCodePoints(0, line.codePointCount(0, most - 1))) + "…";
  }
}
