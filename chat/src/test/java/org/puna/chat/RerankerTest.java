package org.puna.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.engine.Encoders;
import org.puna.fixtures.Fixtures;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.convert.Convert;
import org.puna.model.convert.Progress;
import org.puna.model.tokenizer.Encoding;
import org.puna.tensor.Backend;
import org.puna.tensor.backends.Backends;
import tools.jackson.databind.JsonNode;

/** Scores beside those of transformers. */
class RerankerTest {
  /** Scores of size 1, of float32 sums in another order. */
  private static final double TOLERANCE = 2e-6;

  @TempDir Path dir;

  private static void equalsTransformers(Path model, String backend) throws Exception {
    try (Checkpoint c = Checkpoint.open(model);
        Backend b = Backends.open(backend, 2);
        Reranker r = Reranker.of(new Encoders(c, b), false)) {
      for (JsonNode e : BertFixture.expected("bert-rerank")) {
        var ranking =
            r.rank(e.get("query").stringValue(), List.of(e.get("document").stringValue()));
        assertThat(ranking.tokens()).containsExactly(e.get("ids").size());
        assertThat(ranking.scores()[0]).isCloseTo(e.get("score").doubleValue(), within(TOLERANCE));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu.scalar", "auto"})
  void equalsTransformers(String backend) throws Exception {
    equalsTransformers(Fixtures.path("models/bert-rerank"), backend);
  }

  @Test
  void equalsTransformersFromGgufAndBack() throws Exception {
    Path gguf = dir.resolve("m.gguf");
    Path back = dir.resolve("back");
    Convert.run(Fixtures.path("models/bert-rerank"), gguf, Optional.empty(), 2, Progress.NONE);
    Convert.run(gguf, back, Optional.empty(), 2, Progress.NONE);
    equalsTransformers(gguf, "auto");
    equalsTransformers(back, "auto");
  }

  @Test
  void ranksTogetherAsAlone() throws Exception {
    try (Checkpoint c = Checkpoint.open(Fixtures.path("models/bert-rerank"));
        Backend b = Backends.open("auto", 2);
        Reranker r = Reranker.of(new Encoders(c, b), false)) {
      List<String> documents = List.of("a", "The king had a beautiful garden.", "", "the sea");
      var ranking = r.rank("a garden", documents);
      for (int i = 0; i < documents.size(); i++) {
        assertThat(r.rank("a garden", List.of(documents.get(i))).scores()[0])
            .isCloseTo(ranking.scores()[i], within(TOLERANCE));
      }
      int[] best = ranking.best();
      for (int i = 1; i < best.length; i++) {
        assertThat(ranking.scores()[best[i]]).isLessThanOrEqualTo(ranking.scores()[best[i - 1]]);
      }
      assertThatThrownBy(() -> r.rank("a", List.of("b", "sea ".repeat(200))))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("input 1: the text has ")
          .hasMessageContaining("the model reads at most 128");
    }
  }

  @Test
  void modelsThatDoNotRankSaySo() throws Exception {
    try (Checkpoint c = Checkpoint.open(Fixtures.path("models/bert-embed"));
        Checkpoint d = Checkpoint.open(Fixtures.path("gguf/tiny-f32.gguf"));
        Backend b = Backends.open("auto", 1)) {
      assertThat(Reranker.canRank(c.config())).isFalse();
      for (Checkpoint x : List.of(c, d)) {
        assertThatThrownBy(() -> Reranker.of(new Encoders(x, b), false))
            .isInstanceOf(BadInput.class)
            .hasMessageContaining("the model has no classification head");
      }
    }
  }

  /** As the tokenizers library cuts by the strategy "longest first". */
  @ParameterizedTest
  @CsvSource({
    "5, 5, 13, 5, 5",
    "9, 3, 10, 4, 3",
    "3, 9, 10, 3, 4",
    "9, 9, 10, 3, 4",
    "9, 9, 3, 0, 0",
    "1, 99, 10, 1, 6"
  })
  void cutsTheLongerTextFirst(int first, int second, int most, int keepFirst, int keepSecond) {
    int[] a = new int[first];
    int[] b = new int[second];
    java.util.Arrays.fill(a, 7);
    java.util.Arrays.fill(b, 8);
    int[] ids = new int[first + second + 3];
    int[] types = new int[ids.length];
    ids[0] = 2;
    System.arraycopy(a, 0, ids, 1, first);
    ids[first + 1] = 3;
    System.arraycopy(b, 0, ids, first + 2, second);
    java.util.Arrays.fill(types, first + 2, types.length, 1);
    ids[ids.length - 1] = 3;
    Encoding cut = Truncation.pair(a, b, new Encoding(ids, types), most);
    assertThat(java.util.Arrays.stream(cut.ids()).filter(i -> i == 7)).hasSize(keepFirst);
    assertThat(java.util.Arrays.stream(cut.ids()).filter(i -> i == 8)).hasSize(keepSecond);
    assertThat(cut.ids()).startsWith(2).endsWith(3);
    assertThat(java.util.Arrays.stream(cut.typeIds()).sum()).isEqualTo(keepSecond + 1);
  }
}
