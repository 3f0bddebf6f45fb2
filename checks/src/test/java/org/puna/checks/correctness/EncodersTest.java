package org.puna.checks.correctness;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.chat.Embedder;
import org.puna.chat.Reranker;
import org.puna.engine.Encoders;
import org.puna.model.Checkpoint;
import org.puna.model.Pooling;
import org.puna.tensor.Backend;
import org.puna.tensor.backends.Backends;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Encoders of random shapes, with WordPiece, byte-level BPE and Unigram learned for each, beside
 * transformers.
 */
class EncodersTest {
  /** Of vectors of length 1. */
  private static final double VECTORS = 1e-5;

  /** Of scores, relative to their size where that is above 1. */
  private static final double SCORES = 1e-4;

  private static final int MODELS_OF_A_FAMILY = 4;

  @TempDir private Path dir;

  @Test
  void embeddingsAndScoresFromTheTextsOn() throws Exception {
    Path text = Files.writeString(dir.resolve("text"), Documents.all());
    Path models = Files.createDirectory(dir.resolve("models"));
    new Python(dir).run("encoders.py", models, MODELS_OF_A_FAMILY, text);
    List<Path> folders;
    try (Stream<Path> all = Files.list(models)) {
      folders = all.sorted().toList();
    }
    assertThat(folders).hasSizeGreaterThan(2 * MODELS_OF_A_FAMILY);
    try (Backend backend = Backends.open("auto", 2)) {
      for (Path model : folders) {
        JsonNode expected =
            JsonMapper.shared().readTree(Files.readAllBytes(model.resolve("expected.json")));
        if (expected.has("pairs")) scores(model, expected, backend);
        else embeddings(model, expected, backend);
      }
    }
  }

  private static void embeddings(Path model, JsonNode expected, Backend backend) throws Exception {
    for (String pooling : List.of("mean", "cls")) {
      var options =
          new Embedder.Options(
              Pooling.named(pooling), Optional.empty(), OptionalInt.empty(), false);
      try (Checkpoint c = Checkpoint.open(model);
          Embedder e = Embedder.of(new Encoders(c, backend), options)) {
        for (int i = 0; i < expected.get("texts").size(); i++) {
          String text = expected.get("texts").get(i).stringValue();
          String what = model.getFileName() + ", " + pooling + ": " + text;
          float[] found = e.embed(List.of(text)).vectors().getFirst();
          JsonNode wanted = expected.get(pooling).get(i);
          assertThat(found).as(what).hasSize(wanted.size());
          double worst = 0;
          for (int j = 0; j < found.length; j++) {
            worst = Math.max(worst, Math.abs(found[j] - wanted.get(j).doubleValue()));
          }
          assertThat(worst).as(what).isLessThan(VECTORS);
        }
      }
    }
  }

  private static void scores(Path model, JsonNode expected, Backend backend) throws Exception {
    try (Checkpoint c = Checkpoint.open(model);
        Reranker r = Reranker.of(new Encoders(c, backend), false)) {
      for (int i = 0; i < expected.get("pairs").size(); i++) {
        JsonNode pair = expected.get("pairs").get(i);
        double wanted = expected.get("scores").get(i).doubleValue();
        var ranking = r.rank(pair.get(0).stringValue(), List.of(pair.get(1).stringValue()));
        assertThat(Math.abs(ranking.scores()[0] - wanted))
            .as("%s: %s", model.getFileName(), pair)
            .isLessThan(SCORES * Math.max(1, Math.abs(wanted)));
      }
    }
  }
}
