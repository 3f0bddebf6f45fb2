package org.puna.tensor;

/** A compiled graph. Owns its buffers; used by one thread at a time. */
public interface Program extends AutoCloseable {
  /**
   * Runs one step: keys and values of its tokens join {@code cache}, the results stay until the
   * next step.
   *
   * @throws IllegalArgumentException if the step is larger than compiled for, or a token id is not
   *     in the vocabulary
   */
  void run(Batch batch, KvCache cache);

  /**
   * Copies the result of one output of the last step.
   *
   * @param output index among the batch's outputs
   * @param dst receives the graph's output columns from index {@code at}
   */
  void read(int output, float[] dst, int at);

  /** Returns the bytes of its buffers. */
  long bytes();

  @Override
  void close();
}
