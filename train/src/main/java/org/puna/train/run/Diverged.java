package org.puna.train.run;

/**
 * A run that must stop: a number that is none, or a loss that explodes. The message is one line.
 */
public final class Diverged extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A reason in one line. */
  public Diverged(String message) {
    super(message);
  }
}
