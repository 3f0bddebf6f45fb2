package org.puna.model.tokenizer;

import java.util.List;

/** Cuts and rewrites text where bytes do not suffice. */
@FunctionalInterface
interface PreTokenizer {
  /**
   * Cuts a text.
   *
   * @param text well-formed UTF-16, not empty
   * @param start whether it is the start of what the user gave
   * @return pieces in order
   */
  List<String> split(String text, boolean start);
}
