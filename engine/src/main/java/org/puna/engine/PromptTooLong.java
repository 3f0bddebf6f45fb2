package org.puna.engine;

import org.puna.model.config.BadInput;

/** A prompt that leaves no room in the context. */
public final class PromptTooLong extends BadInput {
  private static final long serialVersionUID = 1L;

  /**
   * A prompt and the context that it does not fit.
   *
   * @param promptTokens tokens of the prompt
   * @param contextLength positions of one sequence at most
   */
  public PromptTooLong(int promptTokens, int contextLength) {
    super(
        "the prompt has "
            + promptTokens
            + " tokens, the context holds "
            + contextLength
            + "; shorten it or load the model with a larger context");
  }
}
