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
}
