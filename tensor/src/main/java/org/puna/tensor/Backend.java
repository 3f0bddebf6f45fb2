package org.puna.tensor;

/**
 * Something that runs graphs: a kind of processor with its memory. Safe for use by many threads.
 */
public interface Backend extends AutoCloseable {
  /** Returns its short name, such as {@code cpu.vector}. */
  String name();

  /** Returns one line for people: the name, what it runs on, and why it was chosen. */
  String describe();

  /**
   * Prepares a graph: lays out buffers for steps of at most {@code maxTokens} tokens and {@code
   * maxOutputs} outputs.
   *
   * @throws IllegalArgumentException if a weight's format cannot be run here
   */
  Program compile(Graph graph, int maxTokens, int maxOutputs);

  /**
   * Makes a cache of float32 numbers that fits the attention layers of {@code graph}.
   *
   * @param pages number of pages
   * @param pageTokens positions in a page
   */
  default KvCache cache(Graph graph, int pages, int pageTokens) {
    return cache(graph, pages, pageTokens, KvType.F32);
  }

  /**
   * Makes a cache that fits the attention layers of {@code graph}.
   *
   * @param pages number of pages
   * @param pageTokens positions in a page
   * @param type how keys and values are stored
   * @throws IllegalArgumentException if the layers' heads cannot be stored so, or not here; the
   *     message says why
   */
  KvCache cache(Graph graph, int pages, int pageTokens, KvType type);

  @Override
  void close();
}
