package org.puna.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.puna.tensor.KvCache;

/** A generation as the scheduler sees it: its tokens so far, which of them are cached and where. */
final class Sequence {
  /** Beyond this a time limit is none. */
  private static final Duration LONGEST = Duration.ofDays(10_000);

  final Request request;
  final QueuedGeneration client;
  final Sampler sampler;
  private final int[] ends;
  private int[] tokens;
  private int nTokens;
  private final int promptTokens;
  private int[] pages = new int[8];
  private int nPages;
  private int cached;
  private int shared;
  private final List<GenerationEvent.Logprobs> scores = new ArrayList<>();
  private final long submittedNanos = System.nanoTime();
  private final long timeoutNanos;
  private long admittedNanos;
  private long firstNanos;

  Sequence(Request request, QueuedGeneration client) {
    this.request = request;
    this.client = client;
    ends = request.endTokens().stream().mapToInt(Integer::intValue).toArray();
    tokens = request.prompt();
    promptTokens = tokens.length;
    nTokens = promptTokens;
    timeoutNanos = request.timeout().map(Sequence::nanos).orElse(Long.MAX_VALUE);
    sampler = new Sampler(request.sampling(), request.constraint(), tokens);
  }

  private static long nanos(Duration d) {
    return d.compareTo(LONGEST) > 0 ? Long.MAX_VALUE : d.toNanos();
  }

  /** Returns the nanoseconds left before the deadline; 0 or less once it is over. */
  long leftNanos() {
    return timeoutNanos == Long.MAX_VALUE
        ? Long.MAX_VALUE
        : timeoutNanos - (System.nanoTime() - submittedNanos);
  }

  /** Notes that it has a place; returns whether this is the first time. */
  boolean admit() {
    boolean first = admittedNanos == 0;
    if (first) admittedNanos = System.nanoTime();
    return first;
  }

  /** Returns the time since it first had a place. */
  long servedNanos() {
    return admittedNanos == 0 ? 0 : System.nanoTime() - admittedNanos;
  }

  /**
   * Returns the tokens that wait to be computed: the rest of the prompt, or the last drawn token.
   */
  int pending() {
    return nTokens - cached;
  }

  /** Takes the end tokens out of what may be drawn where it is too early for them. */
  void postponeEnd(float[] logits) {
    if (answered() >= request.minTokens() || request.constraint().isPresent()) return;
    for (int end : ends) {
      if (end >= 0 && end < logits.length) logits[end] = Float.NEGATIVE_INFINITY;
    }
  }

  /** Returns whether a token ends the answer. */
  boolean ends(int token) {
    for (int end : ends) {
      if (end == token) return true;
    }
    return false;
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

  int promptTokens() {
    return promptTokens;
  }

  int shared() {
    return shared;
  }

  /** Returns whether the next step may go past the prompt, so that the reader may get tokens. */
  boolean answering() {
    return cached >= promptTokens;
  }

  /** Returns whether the log-probabilities of some of its prompt are still to be computed. */
  private boolean scoring() {
    return request.promptLogprobs() && scores.size() < promptTokens - 1;
  }

  /** Returns the positions at most whose results nobody asks for, so that they may be shared. */
  private int shareable() {
    return scoring() ? scores.size() : nTokens - 1;
  }

  /**
   * Returns how many of the next tokens a step can take.
   *
   * @param room tokens that it has room for
   * @param extraOutputs results that may be asked for beside one
   */
  int next(int room, int extraOutputs) {
    int n = Math.min(pending(), room);
    return scoring() ? Math.min(n, Math.max(0, scores.size() - cached) + 1 + extraOutputs) : n;
  }

  /** Returns how many of the last of the next {@code n} tokens' results are asked for. */
  int outputs(int n) {
    if (scoring()) return Math.clamp(cached + n - scores.size(), 0, n);
    return n == pending() ? 1 : 0;
  }

  /**
   * Returns the prompt's token after a position if its log-probability is still to be computed,
   * else −1.
   */
  int toScore(int position) {
    return scoring() && position == scores.size() ? tokens[position + 1] : -1;
  }

  /** Takes the next log-probabilities of the prompt. */
  void score(GenerationEvent.Logprobs logprobs) {
    scores.add(logprobs);
  }

  /** Returns whether another is about to know all that this one has to find out of its prompt. */
  boolean scoredBy(Sequence other) {
    return scoring() && other.scoring() && asksTheSame(other);
  }

  /** Takes over what another found out of the same prompt, which then is as any other. */
  void takeScores(Sequence other) {
    if (!scoring() || other.scoring() || !asksTheSame(other)) return;
    scores.clear();
    scores.addAll(other.scores);
  }

  private boolean asksTheSame(Sequence other) {
    return other.request.promptLogprobs()
        && other.request.topLogprobs() == request.topLogprobs()
        && Arrays.equals(tokens, 0, promptTokens, other.tokens, 0, other.promptTokens);
  }

  /** Returns those of the prompt so far. */
  List<GenerationEvent.Logprobs> scores() {
    return scores;
  }

  /** Returns how many first tokens are the same. */
  int common(Sequence other) {
    int at = Arrays.mismatch(tokens, 0, nTokens, other.tokens, 0, other.nTokens);
    return at < 0 ? nTokens : at;
  }

  /**
   * Returns whether another, which is reading its prompt, is about to compute tokens that this one
   * can share: whole pages, or for the same prompt all but the last token.
   */
  boolean gainsFrom(Sequence other, int pageTokens) {
    if (other.cached >= other.promptTokens - 1) return false;
    int common = Math.min(common(other), other.promptTokens);
    int most = common >= nTokens - 1 ? nTokens - 1 : common / pageTokens * pageTokens;
    return other.cached < Math.min(Math.min(most, shareable()), other.promptTokens - 1);
  }

  /** Copies the beginning of a page that another has computed further than the pages known. */
  void copyFrom(Sequence other, PagePool pool, KvCache cache) {
    int most = Math.min(Math.min(common(other), other.cached), shareable());
    int n = Math.min(most - cached, pool.pageTokens());
    if (n <= 0 || pool.available() == 0) return;
    int page = pool.take();
    cache.copy(other.pages[cached / pool.pageTokens()], page, n);
    addPage(page);
    cached += n;
    shared = Math.max(shared, Math.min(cached, promptTokens));
  }

  int answered() {
    return nTokens - promptTokens;
  }

  void append(int token) {
    if (firstNanos == 0) firstNanos = System.nanoTime();
    if (nTokens == tokens.length) tokens = Arrays.copyOf(tokens, 2 * nTokens);
    tokens[nTokens++] = token;
  }

  /** Takes over known pages with the same beginning; what is asked for stays to be computed. */
  void shareFrom(PagePool pool) {
    long before = PagePool.ROOT;
    while (cached + pool.pageTokens() <= shareable()) {
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
