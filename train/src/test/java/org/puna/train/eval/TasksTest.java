package org.puna.train.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.chat.ChatModel;
import org.puna.engine.Engine;
import org.puna.engine.EngineOptions;
import org.puna.engine.Evaluator;
import org.puna.engine.Likelihoods;
import org.puna.fixtures.Fixtures;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.backends.Backends;

final class TasksTest {
  /** Sums of float32 logits in another order. */
  private static final double CLOSE = 1e-4;

  private static final int CONTEXT = 64;

  private static Checkpoint checkpoint;
  private static Backend backend;

  @BeforeAll
  static void open() throws Exception {
    checkpoint = Checkpoint.open(Fixtures.path("gguf/tiny-q4_0.gguf"));
    backend = Backends.open("auto", 2);
  }

  @AfterAll
  static void close() {
    backend.close();
    checkpoint.close();
  }

  private static Graph graph() {
    return checkpoint.architecture().forward(checkpoint.config(), checkpoint.weights(), CONTEXT);
  }

  private static Likelihoods likelihoods(int batch, int chunk) {
    return new Likelihoods(backend, graph(), CONTEXT, batch, chunk);
  }

  private static final List<Item> CHOICES =
      List.of(
          new Item.Choice("The king had a", List.of("garden.", "very beautiful old garden."), 1),
          new Item.Choice("Question: Who sings?\nAnswer:", List.of("a bird", "stones", "Tom"), 0),
          new Item.Choice("It was", List.of("late", "a dark and stormy night in the town"), 0));

  /** The likelihood of a continuation, one sequence at a time and position by position. */
  private static double alone(String context, String continuation) {
    Tokenizer t = checkpoint.tokenizer();
    int[] all = t.encodeWithSpecials(context + continuation, false);
    int first = t.encodeWithSpecials(context, false).length;
    double[] sum = {0};
    try (Evaluator e = new Evaluator(backend, graph(), CONTEXT, CONTEXT)) {
      e.feed(
          all,
          (position, logits) -> {
            if (position + 1 < first || position + 1 >= all.length) return;
            double z = 0;
            for (float x : logits) z += Math.exp(x);
            sum[0] += logits[all[position + 1]] - Math.log(z);
          });
    }
    return sum[0];
  }

  @Test
  void aLikelihoodIsTheSumOverItsTokens() {
    List<Likelihoods.Query> queries = new ArrayList<>();
    List<Double> expected = new ArrayList<>();
    Pairs pairs = new Pairs(checkpoint.tokenizer());
    for (Item i : CHOICES) {
      if (!(i instanceof Item.Choice c)) continue;
      for (String choice : c.choices()) {
        queries.add(pairs.query(c.context(), " " + choice));
        expected.add(alone(c.context(), " " + choice));
      }
    }
    try (Likelihoods l = likelihoods(3, 16)) {
      List<Likelihoods.Likelihood> found = l.of(queries, n -> {});
      for (int i = 0; i < expected.size(); i++) {
        assertThat(found.get(i).logProbability()).isCloseTo(expected.get(i), within(CLOSE));
      }
    }
  }

  @Test
  void noLikelihoodDependsOnTheBatch() {
    Pairs pairs = new Pairs(checkpoint.tokenizer());
    List<Likelihoods.Query> queries = new ArrayList<>();
    for (int i = 0; i < 11; i++) queries.add(pairs.query("The king ".repeat(i + 1), " sings " + i));
    List<Likelihoods.Likelihood> one;
    try (Likelihoods l = likelihoods(1, CONTEXT)) {
      one = l.of(queries, n -> {});
    }
    try (Likelihoods l = likelihoods(7, 24)) {
      List<Likelihoods.Likelihood> together = l.of(queries, n -> {});
      for (int i = 0; i < one.size(); i++) {
        assertThat(together.get(i).greedy()).isEqualTo(one.get(i).greedy());
        assertThat(together.get(i).logProbability())
            .isCloseTo(one.get(i).logProbability(), within(CLOSE));
      }
    }
  }

  @Test
  void bitsOfAShortTextAreItsLikelihood() {
    String text = "The old king had a garden.";
    double expected = -alone("", text) / Math.log(2) / text.length();
    try (Likelihoods l = likelihoods(2, CONTEXT)) {
      assertThat(bitsPerByte(l, text)).isCloseTo(expected, within(CLOSE));
    }
  }

  private double bitsPerByte(Likelihoods l, String... texts) {
    var score = new BitsPerByte(l, checkpoint.tokenizer(), n -> {});
    for (String t : texts) score.add(t);
    assertThat(score.texts()).isEqualTo(texts.length);
    return score.score("t").metrics().get("bits_per_byte");
  }

  @Test
  void textsAreScoredAsTheyCome() {
    // More tokens than wait at a time.
    String text = "The old king had a garden. ".repeat(1200);
    String[] many = new String[8];
    java.util.Arrays.fill(many, text);
    try (Likelihoods l = likelihoods(8, CONTEXT)) {
      assertThat(bitsPerByte(l, many)).isCloseTo(bitsPerByte(l, text), within(CLOSE));
      var none = new BitsPerByte(l, checkpoint.tokenizer(), n -> {});
      assertThatThrownBy(() -> none.score("t")).hasMessageContaining("empty");
    }
  }

  @Test
  void noScoreDependsOnTheBatch() {
    Map<String, Double> one;
    try (Likelihoods l = likelihoods(1, CONTEXT)) {
      one = new Tasks(l, checkpoint.tokenizer()).score("t", CHOICES, n -> {}).metrics();
    }
    try (Likelihoods l = likelihoods(7, 24)) {
      assertThat(new Tasks(l, checkpoint.tokenizer()).score("t", CHOICES, n -> {}).metrics())
          .isEqualTo(one);
    }
  }

  @Test
  void accuracyTakesTheLikelierChoiceAndItsNormTheLikelierPerCharacter() {
    Item.Choice c = (Item.Choice) CHOICES.getFirst();
    double shortSum = alone(c.context(), " " + c.choices().get(0));
    double longSum = alone(c.context(), " " + c.choices().get(1));
    boolean norm = longSum / c.choices().get(1).length() > shortSum / c.choices().get(0).length();
    try (Likelihoods l = likelihoods(2, CONTEXT)) {
      Map<String, Double> m =
          new Tasks(l, checkpoint.tokenizer()).score("t", List.of(c), n -> {}).metrics();
      assertThat(m.get("acc")).isEqualTo(longSum > shortSum ? 1 : 0);
      assertThat(m.get("acc_norm")).isEqualTo(norm ? 1 : 0);
    }
  }

  @Test
  void bitsPerByteCountEveryByteOnce() {
    String text = "The old king had a garden. ".repeat(12);
    double whole;
    try (Likelihoods l = likelihoods(4, CONTEXT)) {
      whole = bitsPerByte(l, text, "Tom.");
    }
    // A random model needs about log2(vocabulary) bits for a token.
    int tokens = checkpoint.tokenizer().encode(text + "Tom.", false).length;
    double uniform =
        tokens * Math.log(checkpoint.config().vocabSize()) / Math.log(2) / (text.length() + 4);
    assertThat(whole).isBetween(0.5 * uniform, 2 * uniform);
  }

  @Test
  void itemsAreReadByTheirFields(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("items.jsonl");
    Files.writeString(
        file,
        """
        {"query":"Question: Who?","choices":["a","b"],"gold":1}
        {"query":"Question: Who? \\n","choices":["a","b"],"gold":1}
        {"query":"It was ","choices":["a","b"],"gold":1}
        {"context_options":["x","y"],"continuation":"z","gold":0}

        {"context":"x","continuation":"y"}
        {"question":"How many?","answer":"2+2 #### 4"}
        """);
    assertThat(Items.read(file, 10))
        .containsExactly(
            new Item.Choice("Question: Who?\nAnswer:", List.of("a", "b"), 1),
            new Item.Choice("Question: Who? \nAnswer:", List.of("a", "b"), 1),
            new Item.Choice("It was ", List.of("a", "b"), 1),
            new Item.Contexts(List.of("x", "y"), "z", 0),
            new Item.LastWord("x", "y"),
            new Item.Problem("How many?", "2+2 #### 4"));
    Files.writeString(file, "{\"query\":\"a\",\"choices\":[\"a\",\"b\"],\"gold\":2}");
    assertThatThrownBy(() -> Items.read(file, 1))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("line 1: gold: expected an index from 0 to 1, found 2");
    Files.writeString(file, "nothing");
    assertThatThrownBy(() -> Items.read(file, 1)).isInstanceOf(BadInput.class);
    Files.writeString(file, "");
    assertThatThrownBy(() -> Items.read(file, 1)).isInstanceOf(BadInput.class);
  }

  @Test
  void theLastNumberIsFound() {
    assertThat(Problems.last("He has 3 and then $1,250.50.")).isEqualTo("$1,250.50.");
    assertThat(Problems.last("-7 or 8")).isEqualTo("8");
    assertThat(Problems.plain("$1,250.50.")).isEqualTo("1250.50");
    assertThat(Problems.last("none")).isEqualTo("[invalid]");
    assertThat(Problems.first("2 + 2 #### 4, then #### 5")).isEqualTo("4,");
    assertThat(Problems.first("####4")).isEqualTo("[invalid]");
    assertThat(Problems.plain("so #### 4 and\n#### 1,018.")).isEqualTo("1018");
    assertThat(Problems.plain("No mark")).isEqualTo("no mark");
  }

  /** A prompt that is too long loses its beginning, as in the harness; it is no mistake. */
  @Test
  void solutionsFitTheContext() throws Exception {
    try (Engine engine = new Engine(backend, graph(), EngineOptions.several(CONTEXT, 2))) {
      ChatModel chat = ChatModel.of(checkpoint, engine, Clock.systemUTC());
      List<Item.Problem> items =
          List.of(
              new Item.Problem("How many kings ".repeat(40) + "are there?", "One. #### 1"),
              new Item.Problem("How many?", "Two. #### 2"));
      Score s = new Problems(chat, CONTEXT, 2, 8, List.of()).score("t", items, _ -> {});
      assertThat(s.metrics()).containsKeys("exact_match", "flexible_match");
      assertThat(s.items()).isEqualTo(2);
      assertThatThrownBy(() -> new Problems(chat, CONTEXT, 2, CONTEXT, List.of()))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("expected fewer than the context's 64");
    }
  }

  @Test
  void theSeamIsBeforeAllSpacesOfTheContext() {
    assertThat(Pairs.stripped("a b \u00a0\u2003\n\u0085")).isEqualTo("a b");
    assertThat(Pairs.stripped("a\u200b")).isEqualTo("a\u200b");
    Tokenizer t = checkpoint.tokenizer();
    Likelihoods.Query q = new Pairs(t).query("The king ", " sings");
    assertThat(q.context()).isEqualTo(t.encodeWithSpecials("The king", false));
    int[] whole = t.encodeWithSpecials("The king  sings", false);
    assertThat(q.continuation())
        .isEqualTo(java.util.Arrays.copyOfRange(whole, q.context().length, whole.length));
  }
}
