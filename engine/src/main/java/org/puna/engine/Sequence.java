package org.puna.engine;

import java.util.Arrays;

/** A generation as the scheduler sees it: its tokens so far, which of them are cached and where. */
final class Sequence {
  final Request request;
  final QueuedGeneration client;
  final Sampler sampler;
  private int[] tokens;
  private int nTokens;
  private final int promptTokens;
  private int[] pages = new int[8];
  private int nPages;
  private int cached;
  private int shared;
  private final long submittedNanos = System.nanoTime();
  private long firstNanos;

  Sequence(Request request, QueuedGeneration client) {
    this.request = request;
    this.client = client;
    tokens = request.prompt();
    promptTokens = tokens.length;
    nTokens = promptTokens;
    sampler = new Sampler(request.sampling(), request.constraint(), tokens);
  }

  /**
   * Returns the tokens that wait to be computed: the rest of the prompt, or the last drawn token.
   */
  int pending() {
    return nTokens - cached;
  }

  int length() {
    return nTokens;
  }

  int cached() {
    return cached;
  }

  int[] tokens() {
    return tokens;
  }

  int[] pages() {
    return pages;
  }

  int answered() {
    return nTokens - promptTokens;
  }

  void append(int token) {
    if (firstNanos == 0) firstNanos = System.nanoTime();
    if (nTokens == tokens.length) tokens = Arrays.copyOf(tokens, 2 * nTokens);
    tokens[nTokens++] = token;
  }

  /** Takes over known pages with the same beginning; at least one token stays to be computed. */
  void shareFrom(PagePool pool) {
    long before = PagePool.ROOT;
    while (cached + pool.pageTokens() < nTokens) {
      int page = pool.share(before, tokens, cached);
      if (page < 0) break;
      addPage(page);
      cached += pool.pageTokens();
      before = pool.serial(page);
    }
    shared = Math.max(shared, Math.min(cached, promptTokens));
  }

  /** Takes pages for {@code n} more positions; false, taking none, if there are not enough. */
  boolean reserve(PagePool pool, int n) {
    int need = Math.ceilDiv(cached + n, pool.pageTokens()) - nPages;
    if (need > pool.available()) return false;
    for (int i = 0; i < need; i++) addPage(pool.take());
    return true;
  }

  private void addPage(int page) {
    if (nPages == pages.length) pages = Arrays.copyOf(pages, 2 * nPages);
    pages[nPages++] = page;
  }

  /** Notes that {@code n} more tokens are cached, and makes pages that became full known. */
  void computed(PagePool pool, int n) {
    int size = pool.pageTokens();
    int from = cached / size;
    cached += n;
    for (int p = from; p < cached / size; p++) {
      pool.publish(pages[p], p == 0 ? PagePool.ROOT : pool.serial(pages[p - 1]), tokens, p * size);
    }
  }

  /** Lets go of all pages; what was cached must be computed again. */
  void releaseAll(PagePool pool) {
    // Last first: the beginning of a prompt is worth most to others, so it becomes idle last.
    for (int i = nPages - 1; i >= 0; i--) pool.release(pages[i]);
    nPages = 0;
    cached = 0;
  }

  GenerationEvent.Usage usage(boolean endTokenCame) {
    long now = System.nanoTime();
    long first = firstNanos == 0 ? now : firstNanos;
    return new GenerationEvent.Usage(
        promptTokens,
        shared,
        endTokenCame ? answered() - 1 : answered(),
        first - submittedNanos,
        now - first);
  }
}
