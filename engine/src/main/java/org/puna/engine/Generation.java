package org.puna.engine;

/**
 * A running generation. Read it with one thread: its events come in order and the last is {@link
 * GenerationEvent.Finished} or {@link GenerationEvent.Failed}. The queue is bounded: a slow reader
 * makes its own sequence wait, and no other. Closing it cancels at the next step.
 */
public interface Generation extends AutoCloseable {
  /**
   * Waits for the next event.
   *
   * @throws InterruptedException if the waiting thread is interrupted
   * @throws IllegalStateException after the last event
   */
  GenerationEvent next() throws InterruptedException;

  /** Cancels; does nothing after the last event. */
  @Override
  void close();
}
