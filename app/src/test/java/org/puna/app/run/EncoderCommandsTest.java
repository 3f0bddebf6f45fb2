package org.puna.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.Fixture;
import org.puna.app.Shell;
import org.puna.app.cli.Context;
import tools.jackson.databind.JsonNode;

class EncoderCommandsTest {
  private static final String EMBED = Fixture.path("models/bert-embed");
  private static final String RERANK = Fixture.path("models/bert-rerank");

  /** Numbers of size 1 in float32. */
  private static final double TOLERANCE = 2e-6;

  @TempDir private Path home;

  private Shell.Result run(String... args) {
    return new Shell(home).run(args);
  }

  private static JsonNode json(Shell.Result r) {
    assertThat(r.err()).isEmpty();
    assertThat(r.code()).isZero();
    return Context.mapper().readTree(r.out());
  }

  private static JsonNode expected(String model) {
    return Context.mapper().readTree(Path.of(model, "expected.json").toFile());
  }

  @Test
  void embedsAsTransformers() {
    JsonNode expected = expected(EMBED);
    for (String pooling : List.of("mean", "cls")) {
      List<String> args = new ArrayList<>(List.of("embed", EMBED, "--json", "--pooling", pooling));
      for (JsonNode e : expected) args.add(e.get("text").stringValue());
      JsonNode found = json(run(args.toArray(String[]::new)));
      assertThat(found.get("pooling").stringValue()).isEqualTo(pooling);
      for (int t = 0; t < expected.size(); t++) {
        JsonNode vector = found.get("data").get(t).get("embedding");
        JsonNode wanted = expected.get(t).get(pooling);
        assertThat(vector).hasSize(wanted.size());
        for (int i = 0; i < vector.size(); i++) {
          assertThat(vector.get(i).doubleValue())
              .isCloseTo(wanted.get(i).doubleValue(), within(TOLERANCE));
        }
      }
    }
  }

  @Test
  void embedsTheLinesOfStandardInput() {
    Shell.Result r = new Shell(home).feed("a\nthe king\n", "embed", EMBED, "-d", "8");
    assertThat(r.err()).isEmpty();
    assertThat(r.out().lines()).hasSize(2).allMatch(l -> l.split(" ").length == 8);
    assertThat(r.out().lines().toList().get(1))
        .isEqualTo(run("embed", EMBED, "-d", "8", "the king").out().strip());
  }

  @Test
  void scalesVectorsOrNot() {
    for (String option : List.of("--normalize", "--no-normalize")) {
      JsonNode found = json(run("embed", EMBED, "a", "--json", option));
      boolean yes = option.equals("--normalize");
      assertThat(found.get("normalized").booleanValue()).isEqualTo(yes);
      double squares = 0;
      for (JsonNode x : found.get("data").get(0).get("embedding")) {
        squares += x.doubleValue() * x.doubleValue();
      }
      assertThat(Math.abs(Math.sqrt(squares) - 1) < 1e-5).isEqualTo(yes);
    }
  }

  @Test
  void aDecoderEmbedsToo() {
    JsonNode found = json(run("embed", Fixture.path("gguf/tiny-q4_0.gguf"), "Hello", "--json"));
    assertThat(found.get("pooling").stringValue()).isEqualTo("last");
    assertThat(found.get("data").get(0).get("embedding"))
        .hasSize(found.get("dimensions").intValue());
  }

  @Test
  void ranksAsTransformers() {
    for (JsonNode e : expected(RERANK)) {
      JsonNode found =
          json(
              run(
                  "rerank",
                  RERANK,
                  "--json",
                  e.get("query").stringValue(),
                  e.get("document").stringValue()));
      assertThat(found.get("results").get(0).get("score").doubleValue())
          .isCloseTo(e.get("score").doubleValue(), within(TOLERANCE));
    }
    String table = run("rerank", RERANK, "a", "the king", "sea", "garden", "--top", "2").out();
    assertThat(table.lines()).hasSize(3);
    assertThat(table).contains("SCORE  INDEX  DOCUMENT");
    JsonNode two = json(run("rerank", RERANK, "a", "the king", "sea", "--json", "--sigmoid"));
    assertThat(two.get("results").get(0).get("score").doubleValue())
        .isBetween(two.get("results").get(1).get("score").doubleValue(), 1.0);
  }

  @Test
  void mistakesGetOneLine() {
    bad("--pooling: expected mean", "embed", EMBED, "a", "--pooling", "best");
    bad("dimensions: expected 1 to 64", "embed", EMBED, "a", "-d", "65");
    bad("input 1: the text has 202 tokens", "embed", EMBED, "a", "a ".repeat(200));
    bad("has no classification head", "rerank", EMBED, "a", "b");
    bad("does not generate; use `puna embed`", "run", EMBED, "a");
    assertThat(run("embed", EMBED, "a ".repeat(200), "--truncate").code()).isZero();
    assertThat(run("rerank", RERANK, "a", "a ".repeat(200), "--truncate").code()).isZero();
    assertThat(run("models", "show", EMBED).out()).contains("2 segments, embeds by pooling mean");
  }

  private void bad(String said, String... args) {
    Shell.Result r = run(args);
    assertThat(r.code()).isEqualTo(2);
    assertThat(r.out()).isEmpty();
    assertThat(r.err().lines()).hasSize(1);
    assertThat(r.err()).contains(said);
  }
}
