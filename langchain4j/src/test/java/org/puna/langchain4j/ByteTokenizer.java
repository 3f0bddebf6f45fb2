package org.puna.langchain4j;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.puna.model.tokenizer.Encoding;
import org.puna.model.tokenizer.StreamDecoder;
import org.puna.model.tokenizer.TokenKind;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Vocabulary;

/** A token for each byte of UTF-8, and control tokens after them; the last one ends an answer. */
final class ByteTokenizer implements Tokenizer {
  private static final int BYTES = 256;

  private final List<String> control;

  /**
   * A tokenizer.
   *
   * @param control spellings: the first begins a text, the last ends an answer
   */
  ByteTokenizer(String... control) {
    this.control = List.of(control);
  }

  @Override
  public int vocabSize() {
    return BYTES + control.size();
  }

  @Override
  public int[] encode(String text, boolean parseSpecial) {
    int[] out = new int[text.length() * 4 + 1];
    int n = 0;
    int i = 0;
    while (i < text.length()) {
      int id = parseSpecial ? controlAt(text, i) : -1;
      if (id >= 0) {
        out[n++] = BYTES + id;
        i += control.get(id).length();
        continue;
      }
      int end = i + Character.charCount(text.codePointAt(i));
      for (byte b : text.substring(i, end).getBytes(StandardCharsets.UTF_8)) out[n++] = b & 0xff;
      i = end;
    }
    return Arrays.copyOf(out, n);
  }

  private int controlAt(String text, int at) {
    for (int k = 0; k < control.size(); k++) if (text.startsWith(control.get(k), at)) return k;
    return -1;
  }

  @Override
  public Encoding encodeSegments(String text, boolean parseSpecial) {
    int[] ids = encode(text, parseSpecial);
    int[] out = new int[ids.length + 1];
    out[0] = BYTES;
    System.arraycopy(ids, 0, out, 1, ids.length);
    return new Encoding(out, new int[out.length]);
  }

  @Override
  public Encoding encodePair(String first, String second, boolean parseSpecial) {
    return encodeSegments(first + second, parseSpecial);
  }

  @Override
  public StreamDecoder stream(boolean showSpecial) {
    return new StreamDecoder() {
      private final ByteArrayOutputStream held = new ByteArrayOutputStream();

      @Override
      public String add(int id) {
        if (id >= BYTES) return finish() + (showSpecial ? token(id) : "");
        held.write(id);
        String s = held.toString(StandardCharsets.UTF_8);
        if (s.endsWith("\ufffd")) return "";
        held.reset();
        return s;
      }

      @Override
      public String finish() {
        String s = held.toString(StandardCharsets.UTF_8);
        held.reset();
        return s;
      }
    };
  }

  @Override
  public byte[] bytes(int id) {
    return id < BYTES ? new byte[] {(byte) id} : token(id).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public String token(int id) {
    return id < BYTES ? "<0x%02X>".formatted(id) : control.get(id - BYTES);
  }

  @Override
  public TokenKind kind(int id) {
    return id < BYTES ? TokenKind.BYTE : TokenKind.CONTROL;
  }

  @Override
  public OptionalInt id(String token) {
    int k = control.indexOf(token);
    return k < 0 ? OptionalInt.empty() : OptionalInt.of(BYTES + k);
  }

  @Override
  public OptionalInt bos() {
    return OptionalInt.of(BYTES);
  }

  @Override
  public OptionalInt eos() {
    return OptionalInt.of(vocabSize() - 1);
  }

  @Override
  public int[] endOfGeneration() {
    return new int[] {vocabSize() - 1};
  }

  @Override
  public Vocabulary vocabulary() {
    return Vocabulary.of("gpt2", "", List.of(), List.of());
  }
}
