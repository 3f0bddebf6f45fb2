package org.puna.checks.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.checks.Published;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Tokenizers;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Meta's own tokenizer files against the ids of sentencepiece and tiktoken. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PublishedTokenizersTest {
  private static final String FOLDER = "thirdparty/tokenizers/";

  private final Map<String, Tokenizer> opened = new HashMap<>();

  private Tokenizer open(String name) {
    return opened.computeIfAbsent(
        name, n -> Tokenizers.open(Published.fixture(FOLDER + n + ".tokenizer.model")));
  }

  private Tokenizer gguf(String name) {
    Tokenizer file = open(name);
    return opened.computeIfAbsent(name + ".gguf", n -> Tokenizers.from(file.vocabulary()));
  }

  private Tokenizer json(String name) {
    Tokenizer file = open(name);
    return opened.computeIfAbsent(
        name + ".json", n -> Tokenizers.read(Tokenizers.toJson(file.vocabulary()), n));
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
    check(gguf(name), name);
  }

  /** The tokenizer.json that is written from it gives the same ids. */
  @ParameterizedTest
  @ValueSource(strings = {"llama2", "llama3", "llama4"})
  void theJsonFormAgrees(String name) throws IOException {
    check(json(name), name);
  }

  /** Texts that nobody chose: the three forms of one vocabulary agree on them too. */
  @ParameterizedTest
  @ValueSource(strings = {"llama2", "llama3", "llama4"})
  void theFormsAgreeOnRandomTexts(String name) {
    Tokenizer file = open(name);
    Tokenizer gguf = gguf(name);
    Tokenizer json = json(name);
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 3_000; i++) {
      String text = randomText(random);
      int[] ids = file.encode(text, false);
      String as = "seed " + seed + ": " + text;
      assertThat(gguf.encode(text, false)).as(as).isEqualTo(ids);
      assertThat(json.encode(text, false)).as(as).isEqualTo(ids);
      // SentencePiece's sign for a space is a space wherever it stands.
      String back = name.equals("llama2") ? text.replace('\u2581', ' ') : text;
      assertThat(file.decode(ids, false)).as(as).isEqualTo(back);
    }
  }

  private static String randomText(Random random) {
    int[] firsts = {' ', 'a', 'A', '0', 0xC0, 0x370, 0x400, 0x5D0, 0x620, 0x900, 0xE00, 0x1100};
    int[] more = {
      0x2000, 0x2570, 0x3040, 0x4E00, 0xAC00, 0xFB00, 0xFF00, 0x10400, 0x1D400, 0x1F300
    };
    StringBuilder out = new StringBuilder();
    int runs = random.nextInt(12);
    for (int i = 0; i < runs; i++) {
      int first =
          random.nextBoolean()
              ? firsts[random.nextInt(firsts.length)]
              : more[random.nextInt(more.length)];
      boolean same = random.nextInt(4) == 0;
      int point = first + random.nextInt(64);
      int length = random.nextInt(same ? 30 : 8);
      for (int k = 0; k < length; k++) {
        out.appendCodePoint(same ? point : first + random.nextInt(64));
      }
      out.append(random.nextInt(3) == 0 ? " " : "").append(random.nextInt(8) == 0 ? "\n" : "");
    }
    return out.toString();
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
