package org.puna.engine;

/**
 * Which tokens may come next: a mask over token ids that moves with each token. One instance
 * follows one generation and is called by one thread at a time.
 */
public interface Constraint {
  /**
   * Returns the allowed ids as bits: id {@code i} is bit {@code i % 64} of word {@code i / 64}. The
   * array may be shared and cached: it must not be changed, and is valid until {@link #accept}. At
   * least one id is allowed.
   *
   * @param remaining tokens that may still come, the next one included: an answer that must be
   *     whole is led to its end
   */
  long[] allowed(int remaining);

  /**
   * Returns the tokens that must come next whatever the model says, none where it has a choice.
   * They are taken without asking the model, and {@link #accept}ed one by one.
   *
   * @param remaining tokens that may still come
   */
  default int[] forced(int remaining) {
    return new int[0];
  }

  /** Moves on by a token that was allowed. */
  void accept(int token);

  /** Returns whether the answer is whole and nothing can follow; the generation then stops. */
  boolean finished();
}
