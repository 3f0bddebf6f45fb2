package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Vocabularies small enough to follow by hand. */
final class Toy {
  private Toy() {}

  /** A SentencePiece vocabulary with all bytes, a few pieces and a user-defined one. */
  static Vocabulary sentencePiece(boolean spacePrefix) {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    List<TokenKind> kinds =
        new ArrayList<>(List.of(TokenKind.UNKNOWN, TokenKind.CONTROL, TokenKind.CONTROL));
    for (int b = 0; b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
      kinds.add(TokenKind.BYTE);
    }
    for (String piece : List.of("▁he", "lo", "he", "▁", "h", "e", "l", "o")) {
      tokens.add(piece);
      kinds.add(TokenKind.NORMAL);
    }
    tokens.add("[b]");
    kinds.add(TokenKind.USER_DEFINED);
    float[] scores = new float[tokens.size()];
    for (int i = 0; i < scores.length; i++) scores[i] = -i;
    OptionalInt none = OptionalInt.empty();
    return Vocabulary.of("llama", "default", tokens, List.of())
        .with(scores, kinds.toArray(TokenKind[]::new))
        .with(
            new Vocabulary.Specials(
                OptionalInt.of(1),
                OptionalInt.of(2),
                none,
                none,
                OptionalInt.of(0),
                none,
                none,
                none),
            new Vocabulary.Marks(
                Optional.of(true), Optional.empty(), Optional.of(spacePrefix), Optional.empty()));
  }

  /** The same as a SentencePiece file. */
  static byte[] sentencePieceFile() {
    Vocabulary v = sentencePiece(true);
    java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
    for (int id = 0; id < v.tokens().size(); id++) {
      java.io.ByteArrayOutputStream piece = new java.io.ByteArrayOutputStream();
      byte[] token = Utf8.encode(v.tokens().get(id));
      piece.write(0x0A);
      piece.write(token.length);
      piece.writeBytes(token);
      piece.write(0x15);
      int bits = Float.floatToIntBits(v.scores()[id]);
      for (int shift = 0; shift < 32; shift += 8) piece.write(bits >>> shift);
      piece.write(0x18);
      piece.write(v.kind(id).ggufType());
      out.write(0x0A);
      out.write(piece.size());
      out.writeBytes(piece.toByteArray());
    }
    // Trainer: model type 2 (BPE). Normalizer: no squeezing of spaces.
    out.writeBytes(new byte[] {0x12, 2, 0x18, 2, 0x1A, 2, 0x20, 0});
    return out.toByteArray();
  }

  /** All bytes and a few words, as tiktoken writes them. */
  static byte[] tiktokenFile() {
    StringBuilder out = new StringBuilder();
    java.util.Base64.Encoder base64 = java.util.Base64.getEncoder();
    for (int b = 0; b < 256; b++) {
      out.append(base64.encodeToString(new byte[] {(byte) b})).append(' ').append(b).append('\n');
    }
    int rank = 256;
    for (String word : List.of("he", "ll", "hell", " t")) {
      out.append(base64.encodeToString(Utf8.encode(word))).append(' ').append(rank++).append('\n');
    }
    return Utf8.encode(out.toString());
  }
}
