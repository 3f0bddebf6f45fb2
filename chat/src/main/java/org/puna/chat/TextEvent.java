package org.puna.chat;

import java.util.List;
import java.util.Optional;
import org.puna.engine.GenerationEvent;

/**
 * What a generation reports in text, in order: the prompt where that was asked for, pieces of text,
 * one end.
 */
public sealed interface TextEvent {
  /**
   * How likely the model found the prompt.
   *
   * @param tokens of the prompt, those included that the tokenizer put before it; the first, which
   *     nothing comes before, has {@link Float#NaN} for a log-probability and no alternatives
   */
  record Prompt(List<TokenLogprob> tokens) implements TextEvent {
    /** Copies the list. */
    public Prompt {
      tokens = List.copyOf(tokens);
    }
  }

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
   * @param rest tokens after the last piece of text, which gave none, where log-probabilities were
   *     asked for: control tokens, and the token that ended the answer
   */
  record Done(
      GenerationEvent.Reason reason,
      Optional<String> stop,
      GenerationEvent.Usage usage,
      List<TokenLogprob> rest)
      implements TextEvent {
    /** Copies the list. */
    public Done {
      rest = List.copyOf(rest);
    }
  }

  /**
   * The engine could not go on.
   *
   * @param message one line
   */
  record Failed(String message) implements TextEvent {}
}
