package org.puna.engine;

import java.util.List;
import java.util.Optional;

/** What a generation reports, in order: its prompt where that was asked for, tokens, one end. */
public sealed interface GenerationEvent {
  /**
   * How likely the model found the prompt.
   *
   * @param logprobs for each of its tokens but the first, before which there is nothing
   */
  record Prompt(List<Logprobs> logprobs) implements GenerationEvent {
    /** Copies the list. */
    public Prompt {
      logprobs = List.copyOf(logprobs);
    }
  }

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
   * @param endToken the end token, where one came and log-probabilities were asked for
   */
  record Finished(Reason reason, Usage usage, Optional<Token> endToken) implements GenerationEvent {
    /** An end without an end token to tell of. */
    public Finished(Reason reason, Usage usage) {
      this(reason, usage, Optional.empty());
    }
  }

  /**
   * The engine could not go on.
   *
   * @param message one line
   * @param fault what is wrong with the request, or {@link NotNumbers} with the model, where that
   *     is the reason; whoever reads the generation throws it
   */
  record Failed(String message, Optional<RuntimeException> fault) implements GenerationEvent {
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
   * @param chosen of the drawn token, or of the prompt's
   * @param topIds the likeliest tokens, likeliest first
   * @param top theirs
   */
  record Logprobs(float chosen, int[] topIds, float[] top) {}
}
