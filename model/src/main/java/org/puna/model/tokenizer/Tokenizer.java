package org.puna.model.tokenizer;

import java.util.OptionalInt;

/**
 * Turns text into token ids and ids into text. Implementations are immutable to their callers and
 * safe for many threads at once.
 */
public interface Tokenizer {
  /** Returns the number of token ids: every id is at least 0 and below this. */
  int vocabSize();

  /**
   * Encodes text as it stands, without a beginning or end token. Lone surrogates count as U+FFFD.
   *
   * @param text any text
   * @param parseSpecial whether the spelling of a control token, such as {@code <|eot_id|>},
   *     becomes that token; false for anything that a user wrote. User-defined tokens are found
   *     either way.
   */
  int[] encode(String text, boolean parseSpecial);

  /**
   * Encodes text and adds what the file says a sequence begins and ends with (BOS, EOS, a
   * template).
   *
   * @param text any text
   * @param parseSpecial whether the spelling of a control token becomes that token
   */
  default int[] encodeWithSpecials(String text, boolean parseSpecial) {
    return encodeSegments(text, parseSpecial).ids();
  }

  /**
   * As {@link #encodeWithSpecials}, with the segment number of each id.
   *
   * @param text any text
   * @param parseSpecial whether the spelling of a control token becomes that token
   */
  Encoding encodeSegments(String text, boolean parseSpecial);

  /**
   * Encodes two texts as one sequence, joined as the file says (a query and a document).
   *
   * @param first first text
   * @param second second text
   * @param parseSpecial whether the spelling of a control token becomes that token
   */
  Encoding encodePair(String first, String second, boolean parseSpecial);

  /**
   * Decodes ids to text. Bytes that are not UTF-8 become U+FFFD.
   *
   * @param ids token ids; one outside the vocabulary is an {@link IllegalArgumentException}
   * @param showSpecial whether control tokens appear as they are spelled; otherwise they vanish
   */
  default String decode(int[] ids, boolean showSpecial) {
    StreamDecoder stream = stream(showSpecial);
    StringBuilder text = new StringBuilder();
    for (int id : ids) text.append(stream.add(id));
    return text.append(stream.finish()).toString();
  }

  /**
   * Returns a decoder that takes ids one by one and gives complete characters only.
   *
   * @param showSpecial whether control tokens appear as they are spelled; otherwise they vanish
   */
  StreamDecoder stream(boolean showSpecial);

  /**
   * Returns the bytes that a token adds to a text in its midst: UTF-8, but maybe a part of a
   * character. A control token gives its spelling.
   *
   * @param id token id
   */
  byte[] bytes(int id);

  /**
   * Returns a token as its file spells it ({@code Ġthe}, {@code ▁the}, {@code <0x0A>}).
   *
   * @param id token id
   */
  String token(int id);

  /**
   * Returns what a token stands for.
   *
   * @param id token id
   */
  TokenKind kind(int id);

  /**
   * Returns the id of a token as its file spells it.
   *
   * @param token spelling
   */
  OptionalInt id(String token);

  /** Returns the token that begins a text, where the file names one. */
  OptionalInt bos();

  /** Returns the token that ends a text, where the file names one. */
  OptionalInt eos();

  /**
   * Returns every id after which a model has nothing more to say: end of text, of turn, of message.
   */
  int[] endOfGeneration();

  /**
   * Returns whether an id is one of {@link #endOfGeneration}.
   *
   * @param id token id
   */
  default boolean endsGeneration(int id) {
    for (int end : endOfGeneration()) if (end == id) return true;
    return false;
  }

  /** Returns this tokenizer as GGUF metadata would hold it. */
  Vocabulary vocabulary();
}
