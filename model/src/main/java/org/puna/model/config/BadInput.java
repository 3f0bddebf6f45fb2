package org.puna.model.config;

/**
 * A mistake in what the user gave: a file, an option, a message. The text is one line that says
 * what was asked, what was expected, what was found and what to do; the command line prints it and
 * exits with 2, the server answers 400.
 */
public class BadInput extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * A mistake described in one line.
   *
   * @param message what, where, expected, found, remedy; no line breaks
   */
  public BadInput(String message) {
    super(message);
  }

  /**
   * A mistake with the exception that revealed it.
   *
   * @param message what, where, expected, found, remedy; no line breaks
   * @param cause what revealed it
   */
  public BadInput(String message, Throwable cause) {
    super(message, cause);
  }
}
