package org.puna.model.tokenizer;

/**
 * Decodes one sequence of token ids piece by piece. The pieces, put together, are what {@link
 * Tokenizer#decode} gives for all ids; none ends within a character. For one thread.
 */
public interface StreamDecoder {
  /**
   * Takes the next id and returns the text that has become certain, maybe none.
   *
   * @param id token id; one outside the vocabulary is an {@link IllegalArgumentException}
   */
  String add(int id);

  /** Ends the sequence and returns what was held back: U+FFFD for a character that never ended. */
  String finish();
}
