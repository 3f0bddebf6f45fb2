package org.puna.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.engine.Encoders;
import org.puna.engine.Evaluator;
import org.puna.fixtures.Fixtures;
import org.puna.model.Checkpoint;
import org.puna.model.Pooling;
import org.puna.model.config.BadInput;
import org.puna.model.convert.Convert;
import org.puna.model.convert.Progress;
import org.puna.tensor.Backend;
import org.puna.tensor.backends.Backends;
import tools.jackson.databind.JsonNode;

/** Embeddings beside those of transformers, and what callers may choose. */
class EmbedderTest {
  /** Vectors of length 1 in 64 dimensions: float32 sums in another order differ by some 1e-7. */
  private static final double TOLERANCE = 2e-6;

  /** Logits of size 1 from 64 products of states. */
  private static final double LOGIT_TOLERANCE = 1e-4;

  @TempDir Path dir;

  private static Embedder.Options options(Pooling p) {
    return new Embedder.Options(Optional.of(p), Optional.empty(), OptionalInt.empty(), false);
  }

  private static List<String> texts() throws IOException {
    List<String> out = new ArrayList<>();
    for (JsonNode c : BertFixture.expected("bert-embed")) out.add(c.get("text").stringValue());
    return out;
  }

  private static void equalsTransformers(Path model, String backend) throws Exception {
    JsonNode expected = BertFixture.expected("bert-embed");
    try (Checkpoint c = Checkpoint.open(model);
        Backend b = Backends.open(backend, 2);
        Embedder mean = Embedder.of(new Encoders(c, b));
        Embedder cls = Embedder.of(new Encoders(c, b), options(Pooling.CLS))) {
      assertThat(mean.pooling()).isEqualTo(Pooling.MEAN);
      var means = mean.embed(texts());
      var firsts = cls.embed(texts());
      for (int i = 0; i < expected.size(); i++) {
        JsonNode e = expected.get(i);
        assertThat(means.tokens()[i]).isEqualTo(e.get("ids").size());
        assertThat(BertFixture.distance(means.vectors().get(i), BertFixture.floats(e.get("mean"))))
            .isLessThan(TOLERANCE);
        assertThat(BertFixture.distance(firsts.vectors().get(i), BertFixture.floats(e.get("cls"))))
            .isLessThan(TOLERANCE);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu.scalar", "auto"})
  void equalsTransformers(String backend) throws Exception {
    equalsTransformers(Fixtures.path("models/bert-embed"), backend);
  }

  @Test
  void equalsTransformersFromGgufAndBack() throws Exception {
    Path gguf = dir.resolve("m.gguf");
    Path back = dir.resolve("back");
    Convert.run(Fixtures.path("models/bert-embed"), gguf, Optional.empty(), 2, Progress.NONE);
    Convert.run(gguf, back, Optional.empty(), 2, Progress.NONE);
    equalsTransformers(gguf, "auto");
    equalsTransformers(back, "auto");
  }

  private Path folder(String modules, String pooling) throws IOException {
    Path to = Files.createDirectories(dir.resolve("model"));
    try (Stream<Path> files = Files.list(Fixtures.path("models/bert-embed"))) {
      for (Path f : files.toList()) Files.copy(f, to.resolve(f.getFileName().toString()));
    }
    Files.writeString(to.resolve("modules.json"), modules.replace('\'', '"'));
    Files.createDirectories(to.resolve("1_Pooling"));
    Files.writeString(to.resolve("1_Pooling/config.json"), pooling.replace('\'', '"'));
    Files.writeString(to.resolve("sentence_bert_config.json"), "{\"max_seq_length\": 20}");
    return to;
  }

  private static final String POOLED =
      "[{'idx':0,'name':'0','path':'','type':'sentence_transformers.models.Transformer'},"
          + "{'idx':1,'name':'1','path':'1_Pooling','type':'sentence_transformers.models.Pooling'}";

  private static final String CLS =
      "{'word_embedding_dimension':64,'pooling_mode_cls_token':true,"
          + "'pooling_mode_mean_tokens':false}";

  @Test
  void followsTheFilesOfSentenceTransformers() throws Exception {
    Path model = folder(POOLED + "]", CLS);
    try (Checkpoint c = Checkpoint.open(model);
        Backend b = Backends.open("auto", 1);
        Embedder e = Embedder.of(new Encoders(c, b));
        Embedder unit =
            Embedder.of(
                new Encoders(c, b),
                new Embedder.Options(
                    Optional.empty(), Optional.of(true), OptionalInt.empty(), false))) {
      assertThat(e.pooling()).isEqualTo(Pooling.CLS);
      assertThat(e.normalises()).isFalse();
      assertThat(e.maxTokens()).isEqualTo(20);
      float[] raw = e.embed(List.of("a")).vectors().getFirst();
      assertThat(norm(raw)).isNotCloseTo(1, within(0.1));
      float[] scaled = unit.embed(List.of("a")).vectors().getFirst();
      assertThat(scaled[3] * norm(raw)).isCloseTo(raw[3], within(1e-5));
      assertThatThrownBy(() -> e.embed(List.of("a", texts().get(1))))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("input 1: the text has 21 tokens, the model reads at most 20");
    }
    // In GGUF the pooling is kept.
    Path gguf = dir.resolve("m.gguf");
    Convert.run(model, gguf, Optional.empty(), 1, Progress.NONE);
    try (Checkpoint c = Checkpoint.open(gguf)) {
      assertThat(c.embedding().pooling()).contains(Pooling.CLS);
    }
    Path back = dir.resolve("back");
    Convert.run(model, back, Optional.empty(), 1, Progress.NONE);
    try (Checkpoint c = Checkpoint.open(model);
        Checkpoint d = Checkpoint.open(back)) {
      assertThat(d.embedding()).isEqualTo(c.embedding());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[{'type':'x.Transformer'},{'type':'x.Dense','path':'2_Dense'}] | {} | found \"Dense\"",
        "[{'type':'x.Pooling','path':'../1_Pooling'}] | {} | expected a folder of the model",
        "[{'type':'x.Pooling','path':'/etc'}] | {} | expected a folder of the model",
        "[{'type':'x.Pooling','path':'1_Pooling'}] | {} | expected one pooling mode, found none",
        "{} | {} | expected a JSON array of modules",
        "[ | {} | not JSON",
      })
  void refusesWhatItCannotFollow(String modules, String pooling, String message) throws Exception {
    Path model = folder(modules, pooling);
    try (Checkpoint c = Checkpoint.open(model);
        Backend b = Backends.open("auto", 1)) {
      assertThatThrownBy(() -> Embedder.of(new Encoders(c, b)))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining(message)
          .message()
          .doesNotContain("\n");
    }
  }

  @Test
  void cutsAsTheTokenizersLibrary() throws Exception {
    String sea = texts().get(3);
    try (Checkpoint c = Checkpoint.open(Fixtures.path("models/bert-embed"));
        Backend b = Backends.open("auto", 1);
        Embedder cut =
            Embedder.of(
                new Encoders(c, b),
                new Embedder.Options(
                    Optional.empty(), Optional.empty(), OptionalInt.of(10), true));
        Embedder all = Embedder.of(new Encoders(c, b))) {
      var short10 = cut.embed(List.of(sea));
      int[] ids = c.tokenizer().encodeWithSpecials(sea, false);
      int[] kept = java.util.Arrays.copyOf(ids, 10);
      kept[9] = ids[ids.length - 1];
      assertThat(short10.tokens()).containsExactly(10);
      assertThat(short10.vectors().getFirst())
          .isEqualTo(all.embedTokens(List.of(kept), OptionalInt.empty()).vectors().getFirst());
    }
  }

  @Test
  void shortensToDimensions() throws Exception {
    try (Checkpoint c = Checkpoint.open(Fixtures.path("models/bert-embed"));
        Backend b = Backends.open("auto", 1);
        Embedder e = Embedder.of(new Encoders(c, b))) {
      assertThat(e.dimensions()).isEqualTo(64);
      float[] all = e.embed(List.of("a")).vectors().getFirst();
      float[] some = e.embed(List.of("a"), OptionalInt.of(16)).vectors().getFirst();
      assertThat(some).hasSize(16);
      assertThat(norm(some)).isCloseTo(1, within(1e-6));
      assertThat((double) some[5] / some[0]).isCloseTo((double) all[5] / all[0], within(1e-5));
      assertThatThrownBy(() -> e.embed(List.of("a"), OptionalInt.of(65)))
          .isInstanceOf(BadInput.class)
          .hasMessage("dimensions: expected 1 to 64 for this model, found 65");
      assertThatThrownBy(
              () -> e.embedTokens(List.of(new int[] {5}, new int[0]), OptionalInt.empty()))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("input 1: the text is empty");
      assertThatThrownBy(() -> e.embedTokens(List.of(new int[] {1000}), OptionalInt.empty()))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("input 0: token id 1000 is not in the vocabulary of 1000");
      assertThat(e.embed(List.of()).vectors()).isEmpty();
      assertThat(e.embed(List.of("")).tokens()).containsExactly(2);
    }
  }

  /** A decoder's states, multiplied with its output matrix, are its logits. */
  @Test
  void aDecoderGivesItsFinalStates() throws Exception {
    String text = "Once upon a time there was a king.";
    try (Checkpoint c = Checkpoint.open(Fixtures.path("gguf/tiny-f32.gguf"));
        Backend b = Backends.open("auto", 2);
        Embedder last =
            Embedder.of(
                new Encoders(c, b),
                new Embedder.Options(
                    Optional.empty(), Optional.of(false), OptionalInt.empty(), false));
        Embedder mean =
            Embedder.of(
                new Encoders(c, b),
                new Embedder.Options(
                    Optional.of(Pooling.MEAN), Optional.of(false), OptionalInt.empty(), false))) {
      assertThat(last.pooling()).isEqualTo(Pooling.LAST);
      int[] ids = c.tokenizer().encodeWithSpecials(text, false);
      float[] output =
          c.weights()
              .find("output.weight")
              .orElseGet(() -> c.weights().get("token_embd.weight"))
              .tensor()
              .toFloats();
      float[] state = last.embed(List.of(text)).vectors().getFirst();
      float[] average = mean.embed(List.of(text)).vectors().getFirst();
      double[] sums = new double[c.config().vocabSize()];
      float[][] logits = new float[1][];
      try (Evaluator e =
          new Evaluator(b, c.architecture().forward(c.config(), c.weights(), 64), 64, 64)) {
        e.feed(
            ids,
            (position, row) -> {
              logits[0] = row.clone();
              for (int v = 0; v < sums.length; v++) sums[v] += row[v] / (double) ids.length;
            });
      }
      for (int v = 0; v < sums.length; v++) {
        assertThat(product(output, v, state)).isCloseTo(logits[0][v], within(LOGIT_TOLERANCE));
        assertThat(product(output, v, average)).isCloseTo(sums[v], within(LOGIT_TOLERANCE));
      }
    }
  }

  private static double product(float[] matrix, int row, float[] x) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) sum += (double) matrix[row * x.length + i] * x[i];
    return sum;
  }

  @ParameterizedTest
  @EnumSource
  void manyCallersGetWhatOneGets(Pooling pooling) throws Exception {
    List<String> texts = texts();
    try (Checkpoint c = Checkpoint.open(Fixtures.path("models/bert-embed"));
        Backend b = Backends.open("auto", 2);
        Embedder e = Embedder.of(new Encoders(c, b), options(pooling));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<float[]> alone = new ArrayList<>();
      for (String t : texts) alone.add(e.embed(List.of(t)).vectors().getFirst());
      List<Callable<List<float[]>>> calls = new ArrayList<>();
      for (int i = 0; i < 40; i++) calls.add(() -> e.embed(texts).vectors());
      for (Future<List<float[]>> f : threads.invokeAll(calls)) {
        for (int i = 0; i < texts.size(); i++) {
          assertThat(BertFixture.distance(f.get().get(i), alone.get(i))).isLessThan(TOLERANCE);
        }
      }
    }
  }

  private static double norm(float[] x) {
    double sum = 0;
    for (float v : x) sum += (double) v * v;
    return Math.sqrt(sum);
  }

  private static org.assertj.core.data.Offset<Double> within(double d) {
    return org.assertj.core.api.Assertions.within(d);
  }
}
