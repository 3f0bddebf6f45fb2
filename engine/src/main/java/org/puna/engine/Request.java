package org.puna.engine;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.puna.model.config.BadInput;

/**
 * What to generate.
 *
 * @param prompt token ids, at least one
 * @param sampling how tokens are drawn
 * @param constraint which tokens may come, where not all
 * @param maxTokens tokens of the answer at most; 0 to read the prompt alone
 * @param endTokens ids that end the answer; they are not part of it
 * @param topLogprobs how many of the likeliest tokens to report with each token; −1 for no
 *     log-probabilities at all
 * @param timeout how long after its submission the answer ends with {@link
 *     GenerationEvent.Reason#DEADLINE}; empty for no limit
 * @param promptLogprobs whether the prompt's tokens are reported too, in {@link
 *     GenerationEvent.Prompt}; every one of them is then computed, whatever the cache knows
 * @param minTokens tokens of the answer before which no end token may come, 0 for none; of no
 *     meaning with a constraint, which knows itself when it is whole
 */
public record Request(
    int[] prompt,
    Sampling sampling,
    Optional<Constraint> constraint,
    int maxTokens,
    Set<Integer> endTokens,
    int topLogprobs,
    Optional<Duration> timeout,
    boolean promptLogprobs,
    int minTokens) {
  /** Checks the sizes. */
  public Request {
    prompt = prompt.clone();
    endTokens = Set.copyOf(endTokens);
    if (prompt.length == 0) {
      throw new BadInput("the prompt has no tokens; give some text, or a start token");
    }
    if (maxTokens < 0) throw new BadInput("max tokens must be at least 0, found " + maxTokens);
    if (minTokens < 0) throw new BadInput("min tokens must be at least 0, found " + minTokens);
    if (promptLogprobs && topLogprobs < 0) {
      throw new BadInput(
          "log-probabilities of the prompt: expected how many of the likeliest to report, found "
              + topLogprobs);
    }
    if (timeout.isPresent() && !timeout.get().isPositive()) {
      throw new BadInput("timeout must be above 0, found " + timeout.get());
    }
  }

  @Override
  public int[] prompt() {
    return prompt.clone();
  }

  /** A request without constraint and log-probabilities. */
  public Request(int[] prompt, Sampling sampling, int maxTokens, Set<Integer> endTokens) {
    this(prompt, sampling, Optional.empty(), maxTokens, endTokens, -1);
  }

  /** A request that may end at once. */
  public Request(
      int[] prompt,
      Sampling sampling,
      Optional<Constraint> constraint,
      int maxTokens,
      Set<Integer> endTokens,
      int topLogprobs,
      Optional<Duration> timeout,
      boolean promptLogprobs) {
    this(
        prompt,
        sampling,
        constraint,
        maxTokens,
        endTokens,
        topLogprobs,
        timeout,
        promptLogprobs,
        0);
  }

  /** A request without a time limit. */
  public Request(
      int[] prompt,
      Sampling sampling,
      Optional<Constraint> constraint,
      int maxTokens,
      Set<Integer> endTokens,
      int topLogprobs) {
    this(prompt, sampling, constraint, maxTokens, endTokens, topLogprobs, Optional.empty(), false);
  }
}
