package org.puna.chat;

import org.puna.model.config.BadInput;

/**
 * When an answer may end, besides at its largest number of tokens. A format that is whole ends it
 * whatever this says.
 *
 * @param ignoreEnd whether it goes on after tokens that end answers
 * @param minTokens tokens before which no token ends it and no stop string is looked for, 0 for
 *     none
 * @see "vLLM's sampling parameters ignore_eos and min_tokens"
 */
public record Ending(boolean ignoreEnd, int minTokens) {
  /** Whenever the model says so, or a stop string comes. */
  public static final Ending USUAL = new Ending(false, 0);

  /** Checks the number. */
  public Ending {
    if (minTokens < 0) throw new BadInput("min tokens must be at least 0, found " + minTokens);
  }
}
