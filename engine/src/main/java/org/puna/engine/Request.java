package org.puna.engine;

import java.util.Optional;
import java.util.Set;
import org.puna.model.config.BadInput;

/**
 * What to generate.
 *
 * @param prompt token ids, at least one
 * @param sampling how tokens are drawn
 * @param constraint which tokens may come, where not all
 * @param maxTokens tokens of the answer at most, at least 1
 * @param endTokens ids that end the answer; they are not part of it
 * @param topLogprobs how many of the likeliest tokens to report with each token; −1 for no
 *     log-probabilities at all
 */
public record Request(
    int[] prompt,
    Sampling sampling,
    Optional<Constraint> constraint,
    int maxTokens,
    Set<Integer> endTokens,
    int topLogprobs) {
  /** Checks the sizes. */
  public Request {
    prompt = prompt.clone();
    endTokens = Set.copyOf(endTokens);
    if (prompt.length == 0) {
      throw new BadInput("the prompt has no tokens; give some text, or a start token");
    }
    if (maxTokens < 1) throw new BadInput("max tokens must be at least 1, found " + maxTokens);
  }

  @Override
  public int[] prompt() {
    return prompt.clone();
  }

  /** A request without constraint and log-probabilities. */
  public Request(int[] prompt, Sampling sampling, int maxTokens, Set<Integer> endTokens) {
    this(prompt, sampling, Optional.empty(), maxTokens, endTokens, -1);
  }
}
