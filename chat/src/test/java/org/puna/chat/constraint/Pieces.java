package org.puna.chat.constraint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.puna.model.tokenizer.Encoding;
import org.puna.model.tokenizer.StreamDecoder;
import org.puna.model.tokenizer.TokenKind;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Vocabulary;

/** A vocabulary of all single bytes, some longer pieces, and one end token: enough for masks. */
final class Pieces implements Tokenizer {
  private final List<byte[]> pieces = new ArrayList<>();

  Pieces(String... longer) {
    for (int b = 0; b < 256; b++) pieces.add(new byte[] {(byte) b});
    for (String s : longer) pieces.add(s.getBytes(StandardCharsets.UTF_8));
    pieces.add("<end>".getBytes(StandardCharsets.UTF_8));
  }

  int end() {
    return pieces.size() - 1;
  }

  @Override
  public int vocabSize() {
    return pieces.size();
  }

  @Override
  public byte[] bytes(int id) {
    return pieces.get(id).clone();
  }

  @Override
  public TokenKind kind(int id) {
    return id == end() ? TokenKind.CONTROL : TokenKind.NORMAL;
  }

  @Override
  public int[] endOfGeneration() {
    return new int[] {end()};
  }

  @Override
  public OptionalInt eos() {
    return OptionalInt.of(end());
  }

  @Override
  public OptionalInt bos() {
    return OptionalInt.empty();
  }

  @Override
  public OptionalInt id(String token) {
    return OptionalInt.empty();
  }

  @Override
  public String token(int id) {
    return new String(pieces.get(id), StandardCharsets.UTF_8);
  }

  @Override
  public int[] encode(String text, boolean parseSpecial) {
    throw new AssertionError("masks encode nothing");
  }

  @Override
  public Encoding encodeSegments(String text, boolean parseSpecial) {
    throw new AssertionError("masks encode nothing");
  }

  @Override
  public Encoding encodePair(String first, String second, boolean parseSpecial) {
    throw new AssertionError("masks encode nothing");
  }

  @Override
  public StreamDecoder stream(boolean showSpecial) {
    throw new AssertionError("masks decode nothing");
  }

  @Override
  public Vocabulary vocabulary() {
    throw new AssertionError("masks need no vocabulary");
  }
}
