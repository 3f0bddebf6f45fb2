package org.puna.engine;

import java.time.Duration;

/** A request that the engine refuses for now: its queue is full, or it is about to stop. */
public final class EngineBusy extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean stopping;
  private final Duration retryAfter;

  EngineBusy(String message, boolean stopping, Duration retryAfter) {
    super(message);
    this.stopping = stopping;
    this.retryAfter = retryAfter;
  }

  /** Returns whether the engine finishes what it has and takes nothing more. */
  public boolean stopping() {
    return stopping;
  }

  /** Returns when a place is likely to be free: an estimate from recent answers. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
