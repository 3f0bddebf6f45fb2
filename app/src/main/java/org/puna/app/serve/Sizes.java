package org.puna.app.serve;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.config.BadInput;

/** Reads sizes of memory: a number with K, M, G or T, which count in 1024s. */
final class Sizes {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,9})([KMGT]?)(?:I?B)?");

  private Sizes() {}

  /**
   * Returns the bytes of a size.
   *
   * @throws BadInput if it is not one
   */
  static long bytes(String option, String text) {
    Matcher m = SIZE.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (!m.matches() || Long.parseLong(m.group(1)) == 0) {
      throw new BadInput(option + ": expected a size such as 512M or 24G, found '" + text + "'");
    }
    int power = m.group(2).isEmpty() ? 0 : "KMGT".indexOf(m.group(2)) + 1;
    return Long.parseLong(m.group(1)) << (10 * power);
  }
}
