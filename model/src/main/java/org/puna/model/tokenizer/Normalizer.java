package org.puna.model.tokenizer;

/** Rewrites text before it is cut into pieces. */
@FunctionalInterface
interface Normalizer {
  /** Leaves text as it is. */
  Normalizer NONE = text -> text;

  /**
   * Rewrites text.
   *
   * @param text well-formed UTF-16, not empty
   */
  String apply(String text);
}
