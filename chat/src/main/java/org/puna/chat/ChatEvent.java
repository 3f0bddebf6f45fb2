package org.puna.chat;

import java.util.List;
import java.util.Optional;
import org.puna.engine.GenerationEvent;

/**
 * What an answer consists of, in order: reasoning, text and tool calls as they come, then usage,
 * then one end. After {@link Failed} nothing follows.
 */
public sealed interface ChatEvent {
  /**
   * The next piece of the answer: whole characters, never empty.
   *
   * @param text the piece
   * @param logprobs the tokens that it consists of, where log-probabilities were asked for, else
   *     none; a token counts to the piece in which its text begins
   */
  record Text(String text, List<TokenLogprob> logprobs) implements ChatEvent {
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
   * The next piece of what the model thinks before it answers.
   *
   * @param text the piece, without the marks around it
   */
  record Reasoning(String text) implements ChatEvent {}

  /**
   * A function that the model asks to call.
   *
   * @param call complete
   */
  record Call(ToolCall call) implements ChatEvent {}

  /**
   * What the answer took.
   *
   * @param usage tokens and times
   */
  record Usage(GenerationEvent.Usage usage) implements ChatEvent {}

  /**
   * The end of the answer.
   *
   * @param reason why it ended
   * @param stop the stop string that ended it, which is not part of the text
   */
  record Done(FinishReason reason, Optional<String> stop) implements ChatEvent {}

  /**
   * The engine could not go on.
   *
   * @param message one line
   */
  record Failed(String message) implements ChatEvent {}

  /** Why an answer ended. */
  enum FinishReason {
    /** The model, or a stop string, ended it. */
    STOP,
    /** The largest number of tokens, or the end of the context, was reached. */
    LENGTH,
    /** The model waits for the results of its calls. */
    TOOL_CALLS,
    /** The reader closed it. */
    CANCELLED,
    /** The time that the request allowed was over. */
    DEADLINE
  }
}
