package org.puna.chat;

import java.util.List;
import java.util.Optional;
import org.puna.engine.GenerationEvent;

/** What a generation reports in text, in order: pieces of text, then one end. */
public sealed interface TextEvent {
  /**
   * The next piece of the answer: whole characters, never empty.
   *
   * @param text the piece
   * @param logprobs the tokens that it consists of, where log-probabilities were asked for, else
   *     none; a token counts to the piece in which its text begins
   */
  record Text(String text, List<TokenLogprob> logprobs) implements TextEvent {
    /** Copies the list. */
    public Text {
      logprobs = List.copyOf(logprobs);
    }

    /** A piece without log-probabilities. */
    public Text(String text) {
      this(text, List.of());
    }
  }

  /**
   * The end of the answer.
   *
   * @param reason why it ended
   * @param stop the stop string that ended it, which is not part of the text
   * @param usage what it took
   */
  record Done(GenerationEvent.Reason reason, Optional<String> stop, GenerationEvent.Usage usage)
      implements TextEvent {}

  /**
   * The engine could not go on.
   *
   * @param message one line
   */
  record Failed(String message) implements TextEvent {}
}
