package org.puna.checks.correctness;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.puna.chat.Embedder;
import org.puna.chat.Reranker;
import org.puna.checks.Published;
import org.puna.engine.Encoders;
import org.puna.model.Checkpoint;
import org.puna.model.Pooling;
import org.puna.tensor.Backend;
import org.puna.tensor.backends.Backends;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Embeddings and scores of the encoders, from text. */
final class EncoderSection implements Section {
  /** Vectors of length 1 and scores of size 1: float32 sums in another order differ by 1e-7. */
  private static final double TOLERANCE = 1e-5;

  private static final String EMBED = "generated/models/bert-embed";
  private static final String RERANK = "generated/models/bert-rerank";

  @Override
  public String markdown() throws Exception {
    try (Backend vector = Backends.open("auto", 2);
        Backend scalar = Backends.open("cpu.scalar", 2)) {
      return """
      ## Encoders

      Largest difference from transformers' float32 results, from the texts on: embeddings of length 1, and scores of pairs of
      a query and a document (deviation 0.6); tolerance 1e-5.

      | fixture | result | texts | vector | scalar |
      |---|---|---:|---:|---:|
      """
          + row("models/bert-embed", "mean pooling", embed("mean", vector), embed("mean", scalar))
          + row("models/bert-embed", "CLS pooling", embed("cls", vector), embed("cls", scalar))
          + row("models/bert-rerank", "score", rerank(vector), rerank(scalar));
    }
  }

  /** A largest difference and the number of texts that it is of. */
  private record Deviation(int texts, double largest) {}

  private static String row(String model, String what, Deviation vector, Deviation scalar) {
    for (Deviation d : List.of(vector, scalar)) {
      assertThat(d.largest).as(model).isLessThanOrEqualTo(TOLERANCE);
    }
    return "| `%s` | %s | %d | %s | %s |\n"
        .formatted(
            model,
            what,
            vector.texts,
            Reference.shown(vector.largest),
            Reference.shown(scalar.largest));
  }

  private static JsonNode expected(String model) throws Exception {
    Path file = Published.fixture(model + "/expected.json");
    return JsonMapper.shared().readTree(Files.readAllBytes(file));
  }

  private static Deviation embed(String pooling, Backend backend) throws Exception {
    JsonNode all = expected(EMBED);
    Embedder.Options options =
        new Embedder.Options(Pooling.named(pooling), Optional.empty(), OptionalInt.empty(), false);
    double worst = 0;
    try (Checkpoint c = Checkpoint.open(Published.fixture(EMBED));
        Embedder e = Embedder.of(new Encoders(c, backend), options)) {
      for (JsonNode one : all) {
        float[] found = e.embed(List.of(one.get("text").stringValue())).vectors().getFirst();
        JsonNode wanted = one.get(pooling);
        assertThat(found).hasSize(wanted.size());
        for (int i = 0; i < found.length; i++) {
          worst = larger(worst, found[i] - wanted.get(i).doubleValue());
        }
      }
    }
    return new Deviation(all.size(), worst);
  }

  private static Deviation rerank(Backend backend) throws Exception {
    JsonNode all = expected(RERANK);
    double worst = 0;
    try (Checkpoint c = Checkpoint.open(Published.fixture(RERANK));
        Reranker r = Reranker.of(new Encoders(c, backend), false)) {
      for (JsonNode one : all) {
        var ranking =
            r.rank(one.get("query").stringValue(), List.of(one.get("document").stringValue()));
        worst = larger(worst, ranking.scores()[0] - one.get("score").doubleValue());
      }
    }
    return new Deviation(all.size(), worst);
  }

  /** A NaN must not pass as a small difference. */
  private static double larger(double worst, double difference) {
    double d = Math.abs(difference);
    return Double.isNaN(d) ? Double.POSITIVE_INFINITY : Math.max(worst, d);
  }
}
