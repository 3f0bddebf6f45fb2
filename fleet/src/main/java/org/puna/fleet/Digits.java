package org.puna.fleet;

import org.puna.model.config.BadInput;

/**
 * Numbers as people group them: {@code 1,234,567.5} and {@code 1_000}. A comma that does not stand
 * before three digits may be a decimal comma, and a rent of 2,50 is not one of 250.
 */
final class Digits {
  private static final String GROUPED = "[+-]?[0-9]{1,3}(,[0-9]{3})+([.eE][^,]*)?";

  private Digits() {}

  /**
   * A number without what groups its digits.
   *
   * @param text the number as written, without a unit
   * @param where file, line and key, the start of the error
   * @throws BadInput if a comma stands anywhere but between groups of three digits
   */
  static String ungrouped(String text, String where) {
    String t = text.strip();
    if (t.indexOf(',') >= 0 && !t.matches(GROUPED)) {
      throw new BadInput(
          where
              + ": \""
              + Quantity.brief(t)
              + "\" has a comma that does not separate groups of three digits; write a decimal"
              + " point (2.50), or 1,000");
    }
    return t.replace("_", "").replace(",", "");
  }
}
