package org.puna.engine;

import java.util.Map;
import org.puna.model.GenerationDefaults;
import org.puna.model.config.BadInput;

/**
 * How the next token is drawn. The steps come in this order: logit bias, penalties, top-k,
 * typical-p, top-p, min-p, and temperature last, so that truncation looks at the model's own
 * distribution.
 *
 * @param temperature 0 for the most likely token, else a divisor of the logits
 * @param topK candidates to keep, 0 for all
 * @param topP smallest set of candidates that has this probability, 1 for all
 * @param minP candidates at least this likely relative to the likeliest, 0 for all
 * @param typicalP locally typical set of this probability, 1 for all
 * @param repetitionPenalty divisor of positive and factor of negative logits of tokens in prompt
 *     and answer, 1 for none
 * @param presencePenalty subtracted from tokens already in the answer, 0 for none
 * @param frequencyPenalty subtracted for each time that a token is in the answer, 0 for none
 * @param logitBias added to the logits of tokens
 * @param seed start of the random numbers: the same seed draws the same tokens
 * @see "Holtzman et al. 2020 (top-p); Meister et al. 2023 (typical-p); Keskar et al. 2019
 *     (repetition penalty)"
 */
public record Sampling(
    double temperature,
    int topK,
    double topP,
    double minP,
    double typicalP,
    double repetitionPenalty,
    double presencePenalty,
    double frequencyPenalty,
    Map<Integer, Double> logitBias,
    long seed) {

  /** Checks the ranges. */
  public Sampling {
    logitBias = Map.copyOf(logitBias);
    range("temperature", temperature, 0, 100);
    if (topK < 0) throw new BadInput("top-k must be 0 (off) or more, found " + topK);
    range("top-p", topP, 0, 1);
    range("min-p", minP, 0, 1);
    range("typical-p", typicalP, 0, 1);
    if (!(repetitionPenalty > 0 && repetitionPenalty <= 100)) {
      throw new BadInput(
          "repetition penalty must be above 0 and at most 100, found " + repetitionPenalty);
    }
    range("presence penalty", presencePenalty, -100, 100);
    range("frequency penalty", frequencyPenalty, -100, 100);
    logitBias.forEach((id, bias) -> {
      if (bias.isNaN()) throw new BadInput("logit bias of token " + id + " is not a number");
    });
  }

  private static void range(String what, double x, double low, double high) {
    if (!(x >= low && x <= high)) {
      throw new BadInput(what + " must be from " + low + " to " + high + ", found " + x);
    }
  }

  /** Returns the choice of the likeliest token. */
  public static Sampling greedy() {
    return new Sampling(0, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0);
  }

  /** Returns drawing from the model's own distribution. */
  public static Sampling plain(long seed) {
    return new Sampling(1, 0, 1, 0, 1, 1, 0, 0, Map.of(), seed);
  }

  /** Returns the same choice with other random numbers. */
  public Sampling withSeed(long newSeed) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        logitBias,
        newSeed);
  }

  /**
   * Returns the same choice, but where a model's maker recommends something, that. A maker who says
   * not to sample and gives no temperature means greedy.
   *
   * @throws BadInput if a recommendation is out of range
   */
  public Sampling advised(GenerationDefaults maker) {
    double unsaid = maker.sample().orElse(true) ? temperature : 0;
    return new Sampling(
        maker.temperature().orElse(unsaid),
        // Some files spell "all" as -1.
        Math.max(0, maker.topK().orElse(topK)),
        maker.topP().orElse(topP),
        maker.minP().orElse(minP),
        typicalP,
        maker.repetitionPenalty().orElse(repetitionPenalty),
        presencePenalty,
        frequencyPenalty,
        logitBias,
        seed);
  }

  /** Returns whether any penalty is on. */
  boolean penalises() {
    return repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0;
  }
}
