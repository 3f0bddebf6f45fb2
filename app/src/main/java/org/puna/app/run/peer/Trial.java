package org.puna.app.run.peer;

/**
 * What is measured.
 *
 * @param name in the table and in JSON
 * @param prompt whether the tokens are read at once; otherwise one by one, as generating does
 * @param tokens tokens of each sequence
 * @param depth tokens that are in the context before
 * @param streams sequences together
 */
public record Trial(String name, boolean prompt, int tokens, int depth, int streams) {
  /** Returns the tokens of all sequences. */
  int total() {
    return tokens * streams;
  }

  /** Returns the positions that a sequence needs. */
  public int positions() {
    return tokens + depth;
  }
}
