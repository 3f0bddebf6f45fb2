package org.puna.model.chat;

/**
 * A chat template refused its variables: it called {@code raise_exception}, or an expression in it
 * failed on the values it was given. The user's error; the message is the template's own, or the
 * one that the reference implementation gives for the failed expression.
 */
public final class TemplateError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Line of the template on which it happened, 0 where unknown. */
  private final int line;

  /**
   * An error whose line is not yet known.
   *
   * @param message what the template said, or what failed
   */
  public TemplateError(String message) {
    this(message, 0);
  }

  private TemplateError(String message, int line) {
    super(message, null, false, false);
    this.line = line;
  }

  /** Returns the line of the template on which it happened, from 1; 0 where unknown. */
  public int line() {
    return line;
  }

  TemplateError at(int where) {
    return line > 0 ? this : new TemplateError(String.valueOf(getMessage()), where);
  }
}
