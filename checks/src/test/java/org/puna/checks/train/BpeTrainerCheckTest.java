package org.puna.checks.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.puna.checks.Published;
import org.puna.model.tokenizer.Scanner;
import org.puna.train.bpe.Bpe;
import org.puna.train.bpe.BpeTrainer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The merges of the Hugging Face trainer over the book that the fixtures were trained on. */
class BpeTrainerCheckTest {
  @Test
  void llama3() throws IOException {
    same("llama3-1k", Scanner.llama3());
  }

  @Test
  void gpt2() throws IOException {
    same("gpt2-1k", Scanner.gpt2());
  }

  private static void same(String name, Scanner scanner) throws IOException {
    Path book =
        Published.fixture("../data/books/children/the-brothers-grimm-grimms-fairy-tales.md");
    Path file = Published.fixture("generated/tokenizers/" + name + ".tokenizer.json");
    JsonNode json = JsonMapper.shared().readTree(file.toFile());
    List<String> specials = new ArrayList<>();
    json.get("added_tokens").forEach(t -> specials.add(t.get("content").stringValue()));
    List<String> expected = new ArrayList<>();
    json.get("model")
        .get("merges")
        .forEach(m -> expected.add(m.get(0).stringValue() + " " + m.get(1).stringValue()));
    BpeTrainer trainer = new BpeTrainer(json.get("model").get("vocab").size(), specials, scanner);
    trainer.addLines(Files.readAllBytes(book));
    Bpe bpe = trainer.train(2, _ -> {});
    assertThat(bpe.merges().stream().map(m -> bpe.token(m.left()) + " " + bpe.token(m.right())))
        .containsExactlyElementsOf(expected);
  }
}
