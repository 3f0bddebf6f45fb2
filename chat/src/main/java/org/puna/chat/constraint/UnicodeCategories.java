package org.puna.chat.constraint;

import java.util.ArrayList;
import java.util.List;

/** Sets of characters by Unicode general category. */
final class UnicodeCategories {
  /** Short names at the places of Character.getType's numbers. */
  private static final String[] NAMES = {
    "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl", "No", "", "Zs", "Zl", "Zp",
    "Cc", "Cf", "", "Co", "Cs", "Pd", "Ps", "Pe", "Pc", "Po", "Sm", "Sc", "Sk", "So", "Pi", "Pf"
  };

  private UnicodeCategories() {}

  /**
   * Returns the characters of a category such as {@code Lu}, or of a group of them such as {@code
   * L}; none if unknown.
   */
  static CodePoints named(String name) {
    if (name.isEmpty()) return CodePoints.NONE;
    boolean[] wanted = new boolean[NAMES.length];
    for (int i = 0; i < NAMES.length; i++) {
      wanted[i] =
          !NAMES[i].isEmpty() && (NAMES[i].equals(name) || NAMES[i].substring(0, 1).equals(name));
    }
    List<CodePoints.Range> ranges = new ArrayList<>();
    int start = -1;
    for (int c = 0; c <= Character.MAX_CODE_POINT + 1; c++) {
      boolean in = c <= Character.MAX_CODE_POINT && wanted[Character.getType(c)];
      if (in && start < 0) start = c;
      if (!in && start >= 0) {
        ranges.add(new CodePoints.Range(start, c - 1));
        start = -1;
      }
    }
    return new CodePoints(ranges);
  }
}
