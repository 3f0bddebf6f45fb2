package org.puna.app.hub;

/** Something between here and the hub failed: one line says what and what to do. */
public final class HubFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A failure in one line. */
  public HubFailure(String message) {
    super(message);
  }

  /** A failure in one line with what caused it. */
  public HubFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
