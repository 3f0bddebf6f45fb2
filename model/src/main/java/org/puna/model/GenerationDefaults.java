package org.puna.model;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a model's maker recommends for generating; empty where the files say nothing.
 *
 * @param sample whether to sample, false for greedy
 * @param temperature temperature
 * @param topK tokens that sampling considers
 * @param topP probability that sampling considers
 * @param minP least probability relative to the best token
 * @param repetitionPenalty divisor of the logits of repeated tokens
 * @param endIds ids after which a model has nothing more to say
 */
public record GenerationDefaults(
    Optional<Boolean> sample,
    OptionalDouble temperature,
    OptionalInt topK,
    OptionalDouble topP,
    OptionalDouble minP,
    OptionalDouble repetitionPenalty,
    Set<Integer> endIds) {
  /** Copies the ids. */
  public GenerationDefaults {
    endIds = Set.copyOf(endIds);
  }

  /** Returns the end ids in ascending order. */
  public int[] endIdsAscending() {
    return new TreeSet<>(endIds).stream().mapToInt(i -> i).toArray();
  }
}
