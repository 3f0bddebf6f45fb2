package org.puna.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Every benchmark's body, small: it runs in JMH, and the vector twin computes what the scalar one
 * does.
 */
class BenchmarksTest {
  /**
   * Largest difference, relative to the largest number: sums of some hundred products in another
   * order, own exponentials.
   */
  private static final double TOLERANCE = 2e-5;

  /** Runs everything that JMH has found, in this JVM, for a moment. */
  @Test
  void everyBenchmarkRunsInJmhAndCountsWhatItDoes() throws Exception {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include("org\\.puna\\.benchmarks\\..*")
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(1))
                    .verbosity(VerboseMode.SILENT)
                    .shouldFailOnError(true)
                    .param("threads", "2")
                    .param("rows", "9")
                    .param("shape", "32x256")
                    .param("megabytes", "0")
                    .param("sequence", "1x40", "9x9")
                    .param("layers", "2")
                    .param("vocabulary", "600")
                    .build())
            .run();
    Set<String> names =
        results.stream()
            .map(RunResult::getParams)
            .map(BenchmarkParams::getBenchmark)
            .map(n -> n.replace("org.puna.benchmarks.", ""))
            .collect(Collectors.toSet());
    assertThat(names)
        .containsExactlyInAnyOrder(
            "StoredProduct.linear",
            "TrainingProduct.forward",
            "TrainingProduct.byInput",
            "TrainingProduct.byWeight",
            "CachedAttention.attention",
            "SmallOperations.rmsNorm",
            "SmallOperations.rope",
            "SmallOperations.gate",
            "Drawing.sample",
            "Encoding.encode");
    for (RunResult r : results) {
      assertThat(r.getPrimaryResult().getScore()).isPositive();
      for (Result<?> rate : r.getSecondaryResults().values()) {
        assertThat(rate.getScore()).as(rate.getLabel()).isPositive();
      }
    }
  }

  /** Runs each body with both kernels and compares what they return. */
  private static <T extends Twin> void same(Supplier<T> made, List<Function<T, float[]>> bodies) {
    for (Function<T, float[]> body : bodies) {
      float[] expected = result(made.get(), "cpu.scalar", body);
      float[] found = result(made.get(), "cpu.vector", body);
      double largest = 0;
      for (float v : expected) largest = Math.max(largest, Math.abs(v));
      assertThat(largest).isPositive();
      assertThat(found).hasSameSizeAs(expected);
      for (int i = 0; i < expected.length; i++) {
        assertThat((double) found[i])
            .as("number " + i)
            .isCloseTo(expected[i], within(TOLERANCE * largest));
      }
    }
  }

  private static <T extends Twin> float[] result(
      T twin, String backend, Function<T, float[]> body) {
    twin.backend = backend;
    twin.threads = 2;
    twin.open();
    try {
      return body.apply(twin).clone();
    } finally {
      twin.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Q8_0, 1", "Q8_0, 8", "Q8_0, 37", "Q4_0, 1", "Q4_0, 8", "Q4_0, 37", "Q4_K, 1", "Q4_K, 8",
    "Q4_K, 37", "Q6_K, 1", "Q6_K, 8", "Q6_K, 37", "BF16, 1", "BF16, 8", "BF16, 37", "F32, 1",
    "F32, 8", "F32, 37"
  })
  void productsWithStoredWeights(String format, int rows) {
    same(
        () -> {
          StoredProduct p = new StoredProduct();
          p.format = format;
          p.rows = rows;
          p.shape = "48x512";
          p.megabytes = 0;
          return p;
        },
        List.of((StoredProduct p) -> p.linear(new Rates.Bytes(), new Rates.Flops())));
  }

  @Test
  void productsOfATrainingStep() {
    same(
        () -> {
          TrainingProduct p = new TrainingProduct();
          p.rows = 33;
          p.shape = "21x50";
          return p;
        },
        List.of(
            (TrainingProduct p) -> p.forward(new Rates.Flops()),
            (TrainingProduct p) -> p.byInput(new Rates.Flops()),
            (TrainingProduct p) -> p.byWeight(new Rates.Flops())));
  }

  @ParameterizedTest
  @CsvSource({"1x128, F32", "1x300, Q8_0", "1x300, F16", "40x40, F32", "40x70, Q8_0", "40x70, F16"})
  void attention(String sequence, String kv) {
    same(
        () -> {
          CachedAttention a = new CachedAttention();
          a.sequence = sequence;
          a.kv = kv;
          a.layers = 1;
          return a;
        },
        List.of((CachedAttention a) -> a.attention(new Rates.Bytes(), new Rates.Flops())));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 9})
  void smallOperations(int rows) {
    same(
        () -> {
          SmallOperations s = new SmallOperations();
          s.rows = rows;
          return s;
        },
        List.of(
            (SmallOperations s) -> s.rmsNorm(new Rates.Bytes()),
            (SmallOperations s) -> s.rope(new Rates.Bytes()),
            (SmallOperations s) -> s.gate(new Rates.Bytes())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"greedy", "plain", "top-k", "top-p", "min-p"})
  void drawing(String how) {
    Drawing d = new Drawing();
    d.how = how;
    d.vocabulary = 600;
    for (String logits : List.of("peaked", "flat")) {
      d.logitsAre = logits;
      d.open();
      for (int i = 0; i < 20; i++) assertThat(d.sample()).isBetween(0, 599);
    }
  }

  @Test
  void encoding() throws Exception {
    Encoding e = new Encoding();
    e.open();
    Rates.Text read = new Rates.Text();
    int[] ids = e.encode(read);
    assertThat(e.tokenizer().decode(ids, true)).isEqualTo(e.content());
    double bytes = e.content().getBytes(StandardCharsets.UTF_8).length;
    assertThat(read.megabytes).isCloseTo(bytes * 1e-6, within(1e-12));
    e.close();
  }
}
