package org.puna.checks.correctness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import org.puna.checks.Published;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Tokenizers;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tokenizers: ids and decoded texts of the reference libraries. */
final class TokenizerSection implements Section {
  private static final String GENERATED = "generated/tokenizers/";
  private static final String PUBLISHED = "thirdparty/tokenizers/";

  @Override
  public String markdown() throws IOException {
    StringBuilder out =
        new StringBuilder(
            """
            ## Tokenizers

            Texts of which the ids are those of the reference (tokenizers 0.23; sentencepiece and tiktoken for Meta's files), also with the
            special tokens that the file adds, and texts that come back from their ids.

            | tokenizer | ids | with special tokens | decoded |
            |---|---:|---:|---:|
            """);
    JsonNode generated = json(GENERATED + "expected.json");
    for (String name : generated.propertyNames()) {
      Tokenizer t = Tokenizers.open(Published.fixture(GENERATED + name + ".tokenizer.json"));
      JsonNode cases = generated.path(name);
      row(
          out,
          name + ".tokenizer.json",
          share(cases, c -> same(t.encode(text(c), true), c.path("ids"))),
          share(cases, c -> same(t.encodeWithSpecials(text(c), true), c.path("ids_special"))),
          share(
              cases,
              c ->
                  t.decode(ids(c.path("ids")), true).equals(c.path("decoded").stringValue())
                      ? 1
                      : 0));
    }
    JsonNode published = json(PUBLISHED + "expected.json");
    for (String name : List.of("llama2", "llama3", "llama4")) {
      Tokenizer t = Tokenizers.open(Published.fixture(PUBLISHED + name + ".tokenizer.model"));
      row(
          out,
          name + ".tokenizer.model",
          share(published, c -> same(t.encode(text(c), false), c.path(name))),
          "",
          share(published, c -> t.decode(ids(c.path(name)), false).equals(text(c)) ? 1 : 0));
    }
    return out.toString();
  }

  private static JsonNode json(String file) throws IOException {
    return JsonMapper.shared().readTree(Files.readAllBytes(Published.fixture(file)));
  }

  private static String text(JsonNode c) {
    return c.path("text").stringValue();
  }

  private static int[] ids(JsonNode array) {
    return array.valueStream().mapToInt(JsonNode::intValue).toArray();
  }

  private static int same(int[] found, JsonNode wanted) {
    return Arrays.equals(found, ids(wanted)) ? 1 : 0;
  }

  private static String share(JsonNode cases, ToIntFunction<JsonNode> passes) {
    int passed = cases.valueStream().mapToInt(passes).sum();
    assertThat(passed).as("cases that pass").isEqualTo(cases.size());
    return passed + " of " + cases.size();
  }

  private static void row(StringBuilder out, String name, String... cells) {
    out.append("| `").append(name).append("` |");
    for (String cell : cells) {
      out.append(' ').append(cell).append(" |");
    }
    out.append('\n');
  }
}
