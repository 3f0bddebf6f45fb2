package org.puna.model.tokenizer;

/**
 * Cuts well-formed UTF-8 into pieces that follow each other without gaps; what the regular
 * expression of a pre-tokenizer would find, written as a state machine.
 */
@FunctionalInterface
public interface Scanner {
  /**
   * Finds where the piece that begins at a place ends.
   *
   * @param s text
   * @param from first byte of the piece, below {@code to}
   * @param to end of the text; look-ahead sees nothing beyond it
   * @return end of the piece, above {@code from}, at most {@code to}
   */
  int next(byte[] s, int from, int to);

  /** Returns the cuts of Llama 3: words with the space before them, at most three digits. */
  static Scanner llama3() {
    return Scanners.words(3, false);
  }

  /** Returns the cuts of GPT-2. */
  static Scanner gpt2() {
    return Scanners::gpt2;
  }
}
