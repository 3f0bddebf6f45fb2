package org.puna.engine;

import java.util.Optional;
import org.puna.model.config.BadInput;

/** What a generation reports, in order: tokens, then one end. */
public sealed interface GenerationEvent {
  /**
   * The next token of the answer.
   *
   * @param id token id
   * @param logprobs log-probabilities where they were asked for
   */
  record Token(int id, Optional<Logprobs> logprobs) implements GenerationEvent {}

  /**
   * The end of the answer.
   *
   * @param reason why it ended
   * @param usage what it took
   */
  record Finished(Reason reason, Usage usage) implements GenerationEvent {}

  /**
   * The engine could not go on.
   *
   * @param message one line
   * @param fault what is wrong with the request, where that is the reason
   */
  record Failed(String message, Optional<BadInput> fault) implements GenerationEvent {
    /** A failure of the engine, not of the request. */
    public Failed(String message) {
      this(message, Optional.empty());
    }
  }

  /** Why an answer ended. */
  enum Reason {
    /** An end token came. */
    STOP,
    /** The largest number of tokens, or the end of the context, was reached. */
    LENGTH,
    /** The generation was closed. */
    CANCELLED,
    /** The time that the request allowed was over. */
    DEADLINE
  }

  /**
   * What a generation took.
   *
   * @param promptTokens tokens of the prompt
   * @param sharedTokens tokens of the prompt that were found in the cache
   * @param answerTokens tokens of the answer, the end token not counted
   * @param ttftNanos from submission to the first token
   * @param decodeNanos from the first token to the end
   */
  record Usage(
      int promptTokens, int sharedTokens, int answerTokens, long ttftNanos, long decodeNanos) {}

  /**
   * Natural logarithms of probabilities under the model's own distribution, before sampling changes
   * it.
   *
   * @param chosen of the drawn token
   * @param topIds the likeliest tokens, likeliest first
   * @param top theirs
   */
  record Logprobs(float chosen, int[] topIds, float[] top) {}
}
