package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.puna.model.config.BadInput;

/** Reads SentencePiece's {@code .model}: pieces with scores and kinds, and how text is prepared. */
final class SentencePieceFile {
  /** Field numbers of SentencePiece's published schema (sentencepiece_model.proto). */
  private static final int PIECES = 1;

  private static final int TRAINER = 2;
  private static final int NORMALIZER = 3;

  private final String file;
  private final List<String> tokens = new ArrayList<>();
  private final List<TokenKind> kinds = new ArrayList<>();
  private float[] scores = new float[1024];
  private int modelType = 1;
  private OptionalInt unk = OptionalInt.of(0);
  private OptionalInt bos = OptionalInt.of(1);
  private OptionalInt eos = OptionalInt.of(2);
  private OptionalInt pad = OptionalInt.empty();
  private boolean dummyPrefix = true;
  private boolean squeeze = true;
  private byte[] charsmap = new byte[0];

  private SentencePieceFile(String file) {
    this.file = file;
  }

  /** Whether a file begins with a piece of at least a spelling. */
  static boolean looksLike(byte[] file) {
    return file.length > 4 && file[0] == 0x0A && file[2] == 0x0A;
  }

  /** Reads a file's content as the vocabulary that GGUF would hold; the name is for errors. */
  static Vocabulary read(byte[] content, String name) {
    SentencePieceFile file = new SentencePieceFile(name);
    file.model(new ProtoReader(content, name));
    return file.vocabulary();
  }

  private void model(ProtoReader in) {
    while (in.next()) {
      switch (in.field()) {
        case PIECES -> piece(in.message());
        case TRAINER -> trainer(in.message());
        case NORMALIZER -> normalizer(in.message());
        default -> in.skip();
      }
    }
  }

  private void piece(ProtoReader in) {
    String token = "";
    float score = 0;
    TokenKind kind = TokenKind.NORMAL;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> token = in.string();
        case 2 -> score = in.real();
        case 3 -> kind = TokenKind.ofGguf((int) in.number());
        default -> in.skip();
      }
    }
    if (token.isEmpty()) throw new BadInput(file + ": piece " + tokens.size() + " is empty");
    if (tokens.size() == scores.length) {
      scores = java.util.Arrays.copyOf(scores, scores.length * 2);
    }
    scores[tokens.size()] = score;
    tokens.add(token);
    kinds.add(kind);
  }

  private void trainer(ProtoReader in) {
    while (in.next()) {
      switch (in.field()) {
        case 3 -> modelType = (int) in.number();
        case 24 -> {
          if (in.number() != 0) throw unsupported("treat_whitespace_as_suffix");
        }
        case 40 -> unk = id(in.number());
        case 41 -> bos = id(in.number());
        case 42 -> eos = id(in.number());
        case 43 -> pad = id(in.number());
        default -> in.skip();
      }
    }
  }

  private static OptionalInt id(long number) {
    int id = (int) number;
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  private void normalizer(ProtoReader in) {
    while (in.next()) {
      switch (in.field()) {
        case 2 -> charsmap = in.bytes();
        case 3 -> dummyPrefix = in.number() != 0;
        case 4 -> squeeze = in.number() != 0;
        case 5 -> {
          if (in.number() == 0) throw unsupported("escape_whitespaces = false");
        }
        default -> in.skip();
      }
    }
  }

  private BadInput unsupported(String what) {
    return new BadInput(file + ": SentencePiece models with " + what + " are not supported");
  }

  private Vocabulary vocabulary() {
    String model =
        switch (modelType) {
          case 1 -> "t5";
          case 2 -> "llama";
          default -> throw unsupported("type " + modelType + " (expected 1, Unigram, or 2, BPE)");
        };
    if (tokens.isEmpty()) {
      throw new BadInput(file + ": not a SentencePiece model: expected pieces, found none");
    }
    int n = tokens.size();
    return new Vocabulary(
        model,
        modelType == 2 ? "default" : "",
        tokens,
        java.util.Arrays.copyOf(scores, n),
        kinds.toArray(TokenKind[]::new),
        List.of(),
        new Vocabulary.Specials(
            within(bos),
            within(eos),
            OptionalInt.empty(),
            OptionalInt.empty(),
            within(unk),
            OptionalInt.empty(),
            within(pad),
            OptionalInt.empty()),
        new Vocabulary.Marks(
            Optional.of(modelType == 2),
            Optional.of(modelType == 1),
            Optional.of(dummyPrefix),
            Optional.of(squeeze)),
        charsmap);
  }

  private OptionalInt within(OptionalInt id) {
    return id.isPresent() && id.getAsInt() < tokens.size() ? id : OptionalInt.empty();
  }
}
