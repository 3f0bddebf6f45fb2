package org.puna.model;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a model's files say about embedding texts; empty where they say nothing.
 *
 * @param pooling how tokens become one vector
 * @param normalise whether vectors get the length 1
 * @param maxTokens tokens of a text, special ones included, beyond which the makers cut
 */
public record EmbeddingDefaults(
    Optional<Pooling> pooling, Optional<Boolean> normalise, OptionalInt maxTokens) {
  /** Nothing said. */
  public static final EmbeddingDefaults UNSAID =
      new EmbeddingDefaults(Optional.empty(), Optional.empty(), OptionalInt.empty());
}
