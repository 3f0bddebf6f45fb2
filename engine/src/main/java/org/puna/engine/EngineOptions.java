package org.puna.engine;

import java.util.Optional;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.KvType;

/**
 * Sizes of an engine.
 *
 * @param contextLength positions of one sequence at most
 * @param maxSequences sequences that run together at most; more wait
 * @param chunkTokens tokens of one step at most: the piece in which prompts are read
 * @param cacheTokens positions that the cache holds over all sequences and remembered prefixes
 * @param maxWaiting requests that wait for a place at most; further ones are refused with {@link
 *     EngineBusy}
 * @param kv how the cache stores keys and values
 */
public record EngineOptions(
    int contextLength,
    int maxSequences,
    int chunkTokens,
    int cacheTokens,
    int maxWaiting,
    KvType kv) {
  /** Positions of a sequence where nobody says: enough for a long talk, cheap to hold. */
  public static final int DEFAULT_CONTEXT = 8192;

  /** Requests that wait at most where nobody says. */
  public static final int DEFAULT_WAITING = 1024;

  /** A queue without an end, for those who decide themselves what they submit. */
  public static final int UNLIMITED_WAITING = Integer.MAX_VALUE;

  /** Tokens of a prompt that one step reads. */
  public static final int DEFAULT_CHUNK = 512;

  /** Positions that page tables can number with some room. */
  private static final long MOST_CACHE = Integer.MAX_VALUE / 2;

  /**
   * Tokens of prompts beyond one for each sequence whose log-probabilities one step computes: with
   * 32 a prompt takes 1.7 times as long, with 512 their logits take four times the memory.
   */
  private static final int SCORED_TOKENS = 127;

  /** Positions in a page of the cache. */
  static final int PAGE_TOKENS = 32;

  /** Checks the sizes. */
  public EngineOptions {
    if (contextLength < 1 || maxSequences < 1 || chunkTokens < 1) {
      throw new BadInput(
          "engine: context, sequences and chunk must be at least 1, found "
              + contextLength
              + ", "
              + maxSequences
              + ", "
              + chunkTokens);
    }
    if (maxWaiting < 1) {
      throw new BadInput("engine: expected a queue of at least 1 request, found " + maxWaiting);
    }
    if (chunkTokens < maxSequences) {
      throw new BadInput(
          "engine: a chunk of "
              + chunkTokens
              + " tokens cannot hold one token for each of "
              + maxSequences
              + " sequences");
    }
    if (cacheTokens < contextLength) {
      throw new BadInput(
          "engine: a cache of "
              + cacheTokens
              + " positions cannot hold a context of "
              + contextLength);
    }
  }

  /** Options with a cache of float32. */
  public EngineOptions(
      int contextLength, int maxSequences, int chunkTokens, int cacheTokens, int maxWaiting) {
    this(contextLength, maxSequences, chunkTokens, cacheTokens, maxWaiting, KvType.F32);
  }

  /** Returns the same sizes with another way to store keys and values. */
  public EngineOptions withKv(KvType type) {
    return new EngineOptions(
        contextLength, maxSequences, chunkTokens, cacheTokens, maxWaiting, type);
  }

  /** Returns the same sizes with another queue. */
  public EngineOptions withMaxWaiting(int requests) {
    return new EngineOptions(contextLength, maxSequences, chunkTokens, cacheTokens, requests, kv);
  }

  /** Options with a long queue. */
  public EngineOptions(int contextLength, int maxSequences, int chunkTokens, int cacheTokens) {
    this(contextLength, maxSequences, chunkTokens, cacheTokens, DEFAULT_WAITING);
  }

  /**
   * Returns the positions to make room for.
   *
   * @param config the model's
   * @param asked positions of a sequence, 0 for the model's own, {@value #DEFAULT_CONTEXT} at most
   */
  public static int contextLength(ModelConfig config, int asked) {
    return asked == 0 ? Math.min(config.contextLength(), DEFAULT_CONTEXT) : asked;
  }

  /**
   * Returns a warning where a context goes beyond what a model was made for: there it meets
   * positions that it has never seen, and answers mostly fall apart.
   *
   * @param positions of one sequence at most
   */
  public static Optional<String> beyondTraining(ModelConfig config, int positions) {
    if (positions <= config.contextLength()) return Optional.empty();
    return Optional.of(
        "a context of "
            + positions
            + " positions was asked for and the model was made for "
            + config.contextLength()
            + "; expect little sense beyond them");
  }

  /**
   * Options for several sequences, with a cache that holds all of them at their longest.
   *
   * @throws BadInput if so many positions cannot be counted
   */
  public static EngineOptions several(int contextLength, int maxSequences) {
    long cache = (long) contextLength * maxSequences;
    if (cache > MOST_CACHE) {
      throw new BadInput(
          "engine: "
              + maxSequences
              + " sequences of "
              + contextLength
              + " positions are more than a cache counts; take fewer or shorter ones");
    }
    return new EngineOptions(
        contextLength, maxSequences, Math.max(DEFAULT_CHUNK, maxSequences), (int) cache);
  }

  /** Options for one sequence at a time. */
  public static EngineOptions single(int contextLength) {
    return new EngineOptions(
        contextLength, 1, Math.min(DEFAULT_CHUNK, Math.max(1, contextLength)), contextLength);
  }

  /** Returns the positions of one step at most whose logits are computed to score prompts. */
  int scoredOutputs() {
    return Math.min(chunkTokens, maxSequences + SCORED_TOKENS);
  }

  /** Returns the pages of the cache. */
  int pages() {
    return Math.ceilDiv(cacheTokens, PAGE_TOKENS);
  }

  /**
   * Returns a cache of pages of {@link #PAGE_TOKENS}.
   *
   * @throws BadInput if the backend cannot store this model's keys and values so
   */
  static KvCache cache(Backend backend, Graph graph, int pages, KvType kv) {
    try {
      return backend.cache(graph, pages, PAGE_TOKENS, kv);
    } catch (IllegalArgumentException e) {
      throw new BadInput("--kv " + kv.spelled() + ": " + e.getMessage(), e);
    }
  }
}
