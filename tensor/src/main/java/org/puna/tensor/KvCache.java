package org.puna.tensor;

/**
 * Memory for the keys and values of all layers, in pages of equal size. Which page belongs to which
 * sequence is the caller's business, told by the page tables of a {@link Batch}. Memory is taken
 * when a page is first written.
 *
 * @see "Kwon et al. 2023, Efficient Memory Management for LLM Serving with PagedAttention"
 */
public interface KvCache extends AutoCloseable {
  /** Returns the positions in a page. */
  int pageTokens();

  /** Returns the number of pages. */
  int pages();

  /** Returns the bytes of a page over all layers. */
  long pageBytes();

  /** Returns the bytes taken so far. */
  long bytes();

  /**
   * Copies the first {@code tokens} positions of a page, in all layers, so that two sequences may
   * go different ways from a shared page.
   */
  void copy(int fromPage, int toPage, int tokens);

  @Override
  void close();
}
