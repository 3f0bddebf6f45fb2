package org.puna.model.convert;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.gguf.GgufArray;
import org.puna.model.gguf.GgufValue;
import org.puna.model.tokenizer.GgufVocabulary;
import org.puna.model.tokenizer.TokenKind;
import org.puna.model.tokenizer.Vocabulary;

/** A model's tokenizer and template as GGUF metadata. */
final class GgufTokenizer {
  /** What llama.cpp's converter gives tokens of SentencePiece that nothing uses. */
  private static final float UNUSED_SCORE = -10000;

  private GgufTokenizer() {}

  static Map<String, GgufValue> metadata(Checkpoint in) {
    var out = new LinkedHashMap<String, GgufValue>();
    if (in.hasTokenizer()) {
      Vocabulary v = ending(in, padded(in, in.tokenizer().vocabulary()));
      GgufVocabulary.write(v).forEach((key, value) -> out.put(key, value(value)));
    } else {
      // llama.cpp asks for this key, and takes ids as they are where it says "none".
      out.put("tokenizer.ggml.model", GgufValue.of("none"));
      end(in).ifPresent(id -> out.put("tokenizer.ggml.eos_token_id", GgufValue.u32(id)));
    }
    in.chatTemplate().ifPresent(t -> out.put("tokenizer.chat_template", GgufValue.of(t)));
    return out;
  }

  /** Takes the end of text from the model's configuration where the tokenizer names none. */
  private static Vocabulary ending(Checkpoint in, Vocabulary v) {
    Vocabulary.Specials s = v.specials();
    OptionalInt end = end(in);
    if (s.eos().isPresent() || end.isEmpty()) return v;
    return v.with(
        new Vocabulary.Specials(
            s.bos(), end, s.eot(), s.eom(), s.unk(), s.sep(), s.pad(), s.mask()),
        v.marks());
  }

  private static OptionalInt end(Checkpoint in) {
    return Arrays.stream(in.generation().endIdsAscending())
        .filter(id -> id >= 0 && id < in.config().vocabSize())
        .findFirst();
  }

  /** Embedding matrices often have more rows than there are tokens; GGUF wants a token for each. */
  private static Vocabulary padded(Checkpoint in, Vocabulary v) {
    int size = in.config().vocabSize();
    int known = v.tokens().size();
    if (known == size) return v;
    if (known > size) {
      throw new BadInput(
          in.path()
              + ": the tokenizer has "
              + known
              + " tokens, the model's embeddings only "
              + size
              + "; do they belong together?");
    }
    var tokens = new ArrayList<>(v.tokens());
    for (int i = known; i < size; i++) tokens.add("[PAD" + i + "]");
    TokenKind[] kinds = new TokenKind[size];
    for (int i = 0; i < size; i++) kinds[i] = i < known ? v.kind(i) : TokenKind.UNUSED;
    float[] scores = v.scores();
    if (scores.length > 0) {
      scores = Arrays.copyOf(scores, size);
      Arrays.fill(scores, known, size, UNUSED_SCORE);
    }
    return new Vocabulary(
        v.model(),
        v.pre(),
        tokens,
        scores,
        kinds,
        v.merges(),
        v.specials(),
        v.marks(),
        v.precompiledCharsmap());
  }

  private static GgufValue value(Object value) {
    return switch (value) {
      case String s -> GgufValue.of(s);
      case Boolean b -> GgufValue.of(b);
      case Integer i -> GgufValue.u32(i);
      case float[] f -> GgufValue.of(GgufArray.ofFloats(f));
      case int[] i -> GgufValue.of(GgufArray.ofInts(i));
      case byte[] b -> GgufValue.of(GgufArray.ofBytes(b));
      case List<?> l -> GgufValue.of(GgufArray.ofTexts(l.stream().map(String::valueOf).toList()));
      default -> throw new IllegalArgumentException("no GGUF value: " + value.getClass());
    };
  }
}
