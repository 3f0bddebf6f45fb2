package org.puna.model.config;

/**
 * There is no room for what is to be written. Nothing was wrong with what was asked, so the command
 * line exits with 1.
 */
public final class DiskFull extends BadInput {
  private static final long serialVersionUID = 1L;

  /**
   * A full disk described in one line.
   *
   * @param message what, where, and what to do; no line breaks
   */
  public DiskFull(String message) {
    super(message);
  }

  /**
   * A full disk with the exception that revealed it.
   *
   * @param message what, where, and what to do; no line breaks
   * @param cause what revealed it
   */
  public DiskFull(String message, Throwable cause) {
    super(message, cause);
  }

  /** Returns the same with another name for what is written, where people do not know that one. */
  public DiskFull naming(String unknown, String known) {
    return new DiskFull(String.valueOf(getMessage()).replace(unknown, known), this);
  }
}
