package org.puna.model.tokenizer;

/** What a token stands for, as GGUF's {@code token_type} numbers it. */
public enum TokenKind {
  /** A piece of text. */
  NORMAL(1),
  /** What stands for text that the vocabulary cannot spell. */
  UNKNOWN(2),
  /** A mark such as the beginning of text, written only by programs. */
  CONTROL(3),
  /** A piece that is found in text before anything else is. */
  USER_DEFINED(4),
  /** A place in the vocabulary that nothing uses. */
  UNUSED(5),
  /** One byte of text that has no piece of its own. */
  BYTE(6);

  private final int ggufType;

  TokenKind(int ggufType) {
    this.ggufType = ggufType;
  }

  /** Returns the number that GGUF's {@code tokenizer.ggml.token_type} has for this kind. */
  public int ggufType() {
    return ggufType;
  }

  /**
   * Returns the kind with a GGUF number; numbers that GGUF does not define are normal tokens.
   *
   * @param type number from {@code tokenizer.ggml.token_type}
   */
  public static TokenKind ofGguf(int type) {
    for (TokenKind kind : values()) if (kind.ggufType == type) return kind;
    return NORMAL;
  }
}
