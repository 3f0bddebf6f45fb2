package org.puna.model.io;

/**
 * Names and texts from files that nobody vouches for, made fit to print in an error of one line.
 */
public final class Names {
  private static final int SHOWN = 80;

  private Names() {}

  /**
   * Returns the text in quotes, control characters escaped and long text cut, so that it stays on
   * one line.
   *
   * @param text anything
   */
  public static String quote(String text) {
    var out = new StringBuilder("\"");
    int shown = 0;
    for (int i = 0; i < text.length(); ) {
      if (shown++ >= SHOWN) {
        return out.append("…\"").toString();
      }
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      switch (Character.getType(c)) {
        case Character.CONTROL,
            Character.FORMAT,
            Character.LINE_SEPARATOR,
            Character.PARAGRAPH_SEPARATOR,
            Character.SURROGATE,
            Character.UNASSIGNED ->
            out.append(String.format("\\u%04x", c));
        default -> out.appendCodePoint(c);
      }
    }
    return out.append('"').toString();
  }
}
