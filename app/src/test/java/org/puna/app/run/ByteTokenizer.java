package org.puna.app.run;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import org.puna.model.tokenizer.Encoding;
import org.puna.model.tokenizer.StreamDecoder;
import org.puna.model.tokenizer.TokenKind;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Vocabulary;

/** A tokenizer whose ids are ASCII letters. */
final class ByteTokenizer implements Tokenizer {
  @Override
  public int vocabSize() {
    return 128;
  }

  @Override
  public int[] encode(String text, boolean parseSpecial) {
    return text.chars().toArray();
  }

  @Override
  public Encoding encodeSegments(String text, boolean parseSpecial) {
    throw new UnsupportedOperationException("not in this test");
  }

  @Override
  public Encoding encodePair(String first, String second, boolean parseSpecial) {
    throw new UnsupportedOperationException("not in this test");
  }

  @Override
  public StreamDecoder stream(boolean showSpecial) {
    return new StreamDecoder() {
      @Override
      public String add(int id) {
        return token(id);
      }

      @Override
      public String finish() {
        return "";
      }
    };
  }

  @Override
  public byte[] bytes(int id) {
    return token(id).getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public String token(int id) {
    return Character.toString(id);
  }

  @Override
  public TokenKind kind(int id) {
    throw new UnsupportedOperationException("not in this test");
  }

  @Override
  public OptionalInt id(String token) {
    return token.length() == 1 ? OptionalInt.of(token.charAt(0)) : OptionalInt.empty();
  }

  @Override
  public OptionalInt bos() {
    return OptionalInt.empty();
  }

  @Override
  public OptionalInt eos() {
    return OptionalInt.empty();
  }

  @Override
  public int[] endOfGeneration() {
    return new int[0];
  }

  @Override
  public Vocabulary vocabulary() {
    throw new UnsupportedOperationException("not in this test");
  }
}
