package org.puna.chat.constraint;

import java.util.OptionalInt;
import org.puna.model.tokenizer.Encoding;
import org.puna.model.tokenizer.StreamDecoder;
import org.puna.model.tokenizer.TokenKind;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Vocabulary;

/** Pieces whose last token is a control token that can be looked up. */
record MarkedPieces(Pieces pieces) implements Tokenizer {
  @Override
  public OptionalInt id(String token) {
    return token.equals("<end>") ? OptionalInt.of(pieces.end()) : OptionalInt.empty();
  }

  @Override
  public int vocabSize() {
    return pieces.vocabSize();
  }

  @Override
  public byte[] bytes(int id) {
    return pieces.bytes(id);
  }

  @Override
  public TokenKind kind(int id) {
    return pieces.kind(id);
  }

  @Override
  public int[] endOfGeneration() {
    return new int[0];
  }

  @Override
  public OptionalInt eos() {
    return OptionalInt.empty();
  }

  @Override
  public OptionalInt bos() {
    return OptionalInt.empty();
  }

  @Override
  public String token(int id) {
    return pieces.token(id);
  }

  @Override
  public int[] encode(String text, boolean parseSpecial) {
    return pieces.encode(text, parseSpecial);
  }

  @Override
  public Encoding encodeSegments(String text, boolean parseSpecial) {
    return pieces.encodeSegments(text, parseSpecial);
  }

  @Override
  public Encoding encodePair(String first, String second, boolean parseSpecial) {
    return pieces.encodePair(first, second, parseSpecial);
  }

  @Override
  public StreamDecoder stream(boolean showSpecial) {
    return pieces.stream(showSpecial);
  }

  @Override
  public Vocabulary vocabulary() {
    return pieces.vocabulary();
  }
}
