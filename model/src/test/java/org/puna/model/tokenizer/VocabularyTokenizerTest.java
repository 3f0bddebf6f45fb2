package org.puna.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.puna.model.config.BadInput;

class VocabularyTokenizerTest {
  private final Tokenizer llama = Tokenizers.from(Cases.llamaBpe512());

  @Test
  void specialTokensAreParsedOnlyWhereAsked() {
    int eot = llama.id("<|eot_id|>").getAsInt();
    assertThat(llama.encode("the<|eot_id|>", true))
        .containsExactly(llama.encode("the", false)[0], llama.encode("the", false)[1], eot);
    assertThat(llama.encode("<|eot_id|>", false)).doesNotContain(eot);
    assertThat(llama.decode(new int[] {eot}, true)).isEqualTo("<|eot_id|>");
    assertThat(llama.decode(new int[] {eot}, false)).isEmpty();
    assertThat(llama.kind(eot)).isEqualTo(TokenKind.CONTROL);
    assertThat(llama.endsGeneration(eot)).isTrue();
  }

  @Test
  void llamaBpeBeginsWithBosWhereTheFileSaysNothing() {
    assertThat(llama.encodeWithSpecials("the", false)[0]).isEqualTo(llama.bos().getAsInt());
    assertThat(Cases.with("gpt-2").encodeWithSpecials("the", false))
        .isEqualTo(Cases.with("gpt-2").encode("the", false));
  }

  @Property
  void decodingUndoesEncoding(@ForAll String text) {
    String wellFormed = Utf8.wellFormed(text);
    int[] ids = llama.encode(text, false);
    assertThat(llama.decode(ids, false)).isEqualTo(wellFormed);
    StreamDecoder stream = llama.stream(false);
    StringBuilder out = new StringBuilder();
    for (int id : ids) {
      String piece = stream.add(id);
      assertThat(Utf8.wellFormed(piece)).isEqualTo(piece);
      out.append(piece);
    }
    assertThat(out.append(stream.finish()).toString()).isEqualTo(wellFormed);
  }

  @Test
  void loneSurrogatesAreReplaced() {
    assertThat(llama.encode("a\uD83Eb", false)).isEqualTo(llama.encode("a\uFFFDb", false));
  }

  @Test
  void halfACharacterWaitsAndBecomesAReplacementAtTheEnd() {
    int[] ids = llama.encode("🦙", false);
    StreamDecoder stream = llama.stream(false);
    assertThat(stream.add(ids[0])).isEmpty();
    assertThat(stream.finish()).isEqualTo("\uFFFD");
  }

  @Test
  void nfcBelongsToQwen() {
    assertThat(Cases.with("qwen2").encode("e\u0301", false))
        .isEqualTo(llama.encode("\u00E9", false));
    assertThat(llama.encode("e\u0301", false)).isNotEqualTo(llama.encode("\u00E9", false));
  }

  @Test
  void amegabyteOfAnythingIsEncodedInTime() {
    for (String bit : List.of("a", " ", "\n", "中文", "🦙", "the ")) {
      String text = bit.repeat(1_000_000 / bit.length());
      assertThat(llama.decode(llama.encode(text, false), false)).isEqualTo(text);
    }
  }

  @Test
  void sentencePieceJoinsByScoreAndFallsBackToBytes() {
    Tokenizer tokenizer = Tokenizers.from(Toy.sentencePiece(true));
    assertThat(spelled(tokenizer, "hello")).containsExactly("▁he", "l", "lo");
    assertThat(spelled(tokenizer, " hello")).containsExactly("▁", "▁he", "l", "lo");
    assertThat(spelled(tokenizer, "é")).containsExactly("▁", "<0xC3>", "<0xA9>");
    assertThat(spelled(tokenizer, "")).isEmpty();
    assertThat(spelled(tokenizer, "a[b]c")).containsExactly("▁", "<0x61>", "[b]", "<0x63>");
    assertThat(spelled(tokenizer, "<s>")).doesNotContain("<s>");
    assertThat(tokenizer.decode(tokenizer.encode("hello é", false), false)).isEqualTo("hello é");
    assertThat(tokenizer.decode(tokenizer.encode("  x", false), false)).isEqualTo("  x");
    assertThat(tokenizer.encodeWithSpecials("", false)).containsExactly(1);
    Tokenizer bare = Tokenizers.from(Toy.sentencePiece(false));
    assertThat(spelled(bare, "hello")).containsExactly("he", "l", "lo");
    assertThat(bare.decode(bare.encode(" hello", false), false)).isEqualTo(" hello");
  }

  private static List<String> spelled(Tokenizer tokenizer, String text) {
    return java.util.Arrays.stream(tokenizer.encode(text, false))
        .mapToObj(tokenizer::token)
        .toList();
  }

  @Test
  void contradictionsAreNamed() {
    Vocabulary good = Cases.llamaBpe512();
    assertThatThrownBy(
            () -> Tokenizers.from(Vocabulary.of("gpt2", "gpt-2", good.tokens(), List.of("xx yy"))))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("merges[0]")
        .hasMessageContaining("'xx'");
    assertThatThrownBy(
            () -> Tokenizers.from(Vocabulary.of("gpt2", "no-such", good.tokens(), good.merges())))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no-such");
    assertThatThrownBy(() -> Tokenizers.from(good.with(new float[3], good.kinds())))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("scores");
    assertThatThrownBy(() -> llama.decode(new int[] {512}, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("512");
  }

  @Test
  void ggufMetadataGoesThereAndBack() {
    Vocabulary v = Cases.llamaBpe512();
    assertThat(GgufVocabulary.read(GgufVocabulary.write(v), "x")).isEqualTo(v);
  }
}
