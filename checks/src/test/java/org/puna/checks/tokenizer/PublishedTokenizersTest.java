package org.puna.checks.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.checks.Published;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Tokenizers;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Meta's own tokenizer files against the ids of sentencepiece and tiktoken. */
class PublishedTokenizersTest {
  private static final String FOLDER = "thirdparty/tokenizers/";

  private static Tokenizer open(String name) {
    return Tokenizers.open(Published.fixture(FOLDER + name + ".tokenizer.model"));
  }

  private static JsonNode expected() throws IOException {
    return new ObjectMapper()
        .readTree(Files.readAllBytes(Published.fixture(FOLDER + "expected.json")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama2", "llama3", "llama4"})
  void idsAreThoseOfTheReference(String name) throws IOException {
    check(open(name), name);
  }

  private static void check(Tokenizer tokenizer, String name) throws IOException {
    JsonNode cases = expected();
    assertThat(cases.size()).isGreaterThan(200);
    SoftAssertions softly = new SoftAssertions();
    for (JsonNode c : cases) {
      String text = c.get("text").asString();
      int[] ids = new int[c.get(name).size()];
      for (int i = 0; i < ids.length; i++) ids[i] = c.get(name).get(i).asInt();
      softly.assertThat(tokenizer.encode(text, false)).as(text).isEqualTo(ids);
      softly.assertThat(tokenizer.decode(ids, false)).as(text).isEqualTo(text);
    }
    softly.assertAll();
  }

  /** The GGUF form of the same vocabulary gives the same ids. */
  @ParameterizedTest
  @ValueSource(strings = {"llama2", "llama3", "llama4"})
  void theGgufFormAgrees(String name) throws IOException {
    check(Tokenizers.from(open(name).vocabulary()), name);
  }

  /** Names and places of special tokens, as Meta publishes them with its models. */
  @ParameterizedTest
  @CsvSource({
    "llama2, <s>, 1",
    "llama2, </s>, 2",
    "llama3, <|begin_of_text|>, 128000",
    "llama3, <|end_of_text|>, 128001",
    "llama3, <|start_header_id|>, 128006",
    "llama3, <|eot_id|>, 128009",
    "llama3, <|python_tag|>, 128010",
    "llama4, <|begin_of_text|>, 200000",
    "llama4, <|header_start|>, 200005",
    "llama4, <|eot|>, 200008",
    "llama4, <|python_start|>, 200016",
    "llama4, <|finetune_right_pad|>, 200018",
    "llama4, <|image_start|>, 200080",
    "llama4, <|image|>, 200090",
    "llama4, <|patch|>, 200092",
    "llama4, <|reasoning_thinking_start|>, 201142"
  })
  void specialTokensHaveTheirPublishedIds(String name, String token, int id) {
    Tokenizer tokenizer = open(name);
    assertThat(tokenizer.id(token)).hasValue(id);
    assertThat(tokenizer.encode(token, true)).contains(id);
    assertThat(tokenizer.encode(token, false)).doesNotContain(id);
  }

  @Test
  void sizesAreThePublishedOnes() {
    assertThat(open("llama2").vocabSize()).isEqualTo(32_000);
    assertThat(open("llama3").vocabSize()).isEqualTo(128_256);
    assertThat(open("llama4").vocabSize()).isEqualTo(202_048);
  }
}
