package org.puna.model.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.puna.model.Fixtures;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** What the fixtures of tokenizers hold. */
final class Cases {
  private Cases() {}

  /** One text and what the reference makes of it. */
  record Case(String text, int[] ids, int[] idsSpecial, String decoded) {}

  static JsonNode json(String fixture) {
    try {
      return new ObjectMapper()
          .readTree(Files.readAllBytes(Fixtures.path("tokenizers/" + fixture)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Case> expected(String tokenizer) {
    List<Case> cases = new ArrayList<>();
    for (JsonNode c : json("expected.json").get(tokenizer)) {
      cases.add(
          new Case(
              c.get("text").asString(),
              ints(c.get("ids")),
              ints(c.get("ids_special")),
              c.get("decoded").asString()));
    }
    return cases;
  }

  static int[] ints(JsonNode list) {
    int[] out = new int[list.size()];
    for (int i = 0; i < out.length; i++) out[i] = list.get(i).asInt();
    return out;
  }

  static List<String> strings(JsonNode list) {
    List<String> out = new ArrayList<>();
    for (JsonNode item : list) out.add(item.asString());
    return out;
  }

  /** The 512 tokens that the GGUF fixtures have, as their metadata holds them. */
  static Vocabulary llamaBpe512() {
    JsonNode file = json("llama-bpe-512.json");
    TokenKind[] kinds =
        Arrays.stream(ints(file.get("types")))
            .mapToObj(TokenKind::ofGguf)
            .toArray(TokenKind[]::new);
    OptionalInt none = OptionalInt.empty();
    return Vocabulary.of(
            "gpt2", "llama-bpe", strings(file.get("tokens")), strings(file.get("merges")))
        .with(new float[0], kinds)
        .with(
            new Vocabulary.Specials(
                OptionalInt.of(file.get("bos").asInt()),
                OptionalInt.of(file.get("eos").asInt()),
                none,
                none,
                none,
                none,
                none,
                none),
            Vocabulary.Marks.UNSAID);
  }

  /** The same merges with another pre-tokenizer. */
  static Tokenizer with(String pre) {
    Vocabulary v = llamaBpe512();
    return Tokenizers.from(
        Vocabulary.of("gpt2", pre, v.tokens(), v.merges())
            .with(v.scores(), v.kinds())
            .with(v.specials(), v.marks()));
  }
}
