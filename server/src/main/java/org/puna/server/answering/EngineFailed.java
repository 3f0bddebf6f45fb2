package org.puna.server.answering;

/** Ends a request because the model could not go on; the reason is for the log alone. */
public final class EngineFailed extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A failure that the engine described. */
  public EngineFailed(String message) {
    super(message);
  }
}
