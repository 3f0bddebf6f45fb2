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

  /**
   * Allows copies of a graph's weights in a layout of the backend's own, which the steps of all its
   * programs use from then on where that is faster. There are none where the backend has no other
   * layout, or the machine no memory for them beside the weights.
   *
   * @param graph with weights that do not change; they stay open longer than what is returned
   * @param after steps of few tokens before copies are made, 0 for none: making them takes as long
   *     as some hundred such steps gain
   */
  default Repacked repack(Graph graph, int after) {
    return Repacked.NONE;
  }

  @Override
  void close();
}
