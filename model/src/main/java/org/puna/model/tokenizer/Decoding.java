package org.puna.model.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * How spellings of tokens become text again: steps that change each spelling, what its characters
 * stand for, and what is cut off the ends of the whole.
 *
 * @param steps changes of a spelling, in order
 * @param spelling what the characters of a spelling are
 * @param strip what is cut off the ends of the text
 * @param lateSuffix a word's end that becomes a space but at the end of the text (GPT-1), or empty
 */
record Decoding(List<Step> steps, Spelling spelling, Strip strip, String lateSuffix) {
  /** A change of one spelling. */
  @FunctionalInterface
  interface Step {
    /**
     * Changes a spelling.
     *
     * @param token spelling
     * @param first whether it is the first of the text
     */
    String apply(String token, boolean first);
  }

  /** What the characters of a spelling are. */
  enum Spelling {
    /** Text. */
    TEXT,
    /** GPT-2's alphabet of bytes. */
    BYTE_ALPHABET,
    /** Text, but {@code <0x0A>} is a byte. */
    TEXT_AND_BYTES
  }

  /**
   * Characters that are cut off the ends of a text.
   *
   * @param content the character
   * @param start how many go at most at the start
   * @param stop how many go at most at the end
   */
  record Strip(char content, int start, int stop) {
    static final Strip NONE = new Strip(' ', 0, 0);
  }

  Decoding {
    steps = List.copyOf(steps);
  }

  /** Byte-level BPE. */
  static final Decoding BYTE_LEVEL =
      new Decoding(List.of(), Spelling.BYTE_ALPHABET, Strip.NONE, "");

  /**
   * SentencePiece: U+2581 is a space, byte tokens are bytes.
   *
   * @param dropFirstSpace whether one space at the start is the tokenizer's own
   * @param dropLastSpace whether one space at the end is the tokenizer's own
   */
  static Decoding sentencePiece(boolean dropFirstSpace, boolean dropLastSpace) {
    return new Decoding(
        List.of((token, first) -> token.replace('\u2581', ' ')),
        Spelling.TEXT_AND_BYTES,
        new Strip(' ', dropFirstSpace ? 1 : 0, dropLastSpace ? 1 : 0),
        "");
  }

  /** BERT's vocabulary as GGUF has it: U+2581 marks what begins a word. */
  static Decoding wordPiece() {
    return new Decoding(
        List.of((token, first) -> {
          boolean marked = token.startsWith("\u2581");
          // Of the special tokens, which have no mark, [UNK] stands for a word.
          boolean special = token.length() > 2 && token.startsWith("[") && token.endsWith("]");
          if (!marked && !special) return token;
          return HfDecoders.cleanUp((first ? "" : " ") + token.substring(marked ? 1 : 0));
        }),
        Spelling.TEXT,
        Strip.NONE,
        "");
  }

  /** The bytes that a token adds to the text, before the ends are cut. */
  byte[] bytes(String token, boolean first) {
    String spelled = token;
    for (Step step : steps) spelled = step.apply(spelled, first);
    return switch (spelling) {
      case TEXT -> spelled.getBytes(StandardCharsets.UTF_8);
      case BYTE_ALPHABET -> ByteAlphabet.bytes(spelled);
      case TEXT_AND_BYTES -> {
        int b = byteToken(spelled);
        yield b >= 0 ? new byte[] {(byte) b} : spelled.getBytes(StandardCharsets.UTF_8);
      }
    };
  }

  /** The byte that {@code <0x0A>} and the like stand for, or -1. */
  static int byteToken(String token) {
    if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') return -1;
    int high = Character.digit(token.charAt(3), 16);
    int low = Character.digit(token.charAt(4), 16);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }
}
