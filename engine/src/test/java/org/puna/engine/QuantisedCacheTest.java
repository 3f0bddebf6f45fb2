package org.puna.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelShapes;
import org.puna.model.config.ModelSize;
import org.puna.model.convert.Mix;
import org.puna.model.convert.Synthetic;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.KvType;
import org.puna.tensor.backends.Backends;
import org.puna.tensor.cpu.StepMemory;

/** Logits with keys and values in fewer bytes, beside those with float32. */
class QuantisedCacheTest {
  private static final int TOKENS = 300;
  private static final int CHUNK = 64;

  /**
   * Root mean square of the difference, in parts of the logits', with Q8_0. A number of a block is
   * off by 1/254 of the block's largest at most, about 0.3% of its own size on average in keys that
   * are normally distributed; attention averages values and layers add their own, so the logits are
   * off by less.
   */
  private static final double TOLERANCE = 0.01;

  /** The same of half precision, whose numbers are off by 1/2048 at most. */
  private static final double TOLERANCE_OF_HALVES = 1e-3;

  @ParameterizedTest
  @CsvSource({
    "cpu.vector, Q8_0, " + TOLERANCE,
    "cpu.scalar, Q8_0, " + TOLERANCE,
    "cpu.vector, F16, " + TOLERANCE_OF_HALVES,
    "cpu.scalar, F16, " + TOLERANCE_OF_HALVES
  })
  void logitsAreThoseOfTheFloatCacheWithinTheTolerance(
      String backend, KvType kv, double tolerance) {
    String shape = "layers=3,hidden=256,heads=4,kv_heads=2,ffn=512,vocab=600,context=512";
    try (Synthetic s = new Synthetic(ModelShapes.parse(shape), Mix.named("f32"), 3);
        Backend b = Backends.open(backend, 2)) {
      Graph graph = s.architecture().forward(s.config(), s.weights(), TOKENS);
      float[][] plain = logits(b, graph, KvType.F32);
      float[][] rounded = logits(b, graph, kv);
      double difference = 0;
      double size = 0;
      for (int t = 0; t < TOKENS; t++) {
        for (int i = 0; i < plain[t].length; i++) {
          double d = rounded[t][i] - plain[t][i];
          difference += d * d;
          size += plain[t][i] * (double) plain[t][i];
        }
      }
      double relative = Math.sqrt(difference / size);
      assertThat(relative).isBetween(1e-6, tolerance);
    }
  }

  /** A prompt in pieces, then tokens one by one: both ways to attend. */
  private static float[][] logits(Backend b, Graph graph, KvType kv) {
    float[][] all = new float[TOKENS][];
    int[] ids = new Random(5).ints(TOKENS, 0, 600).toArray();
    try (Evaluator e = new Evaluator(b, graph, TOKENS, CHUNK, kv)) {
      int prompt = TOKENS - 30;
      e.feed(java.util.Arrays.copyOf(ids, prompt), (p, x) -> all[p] = x.clone());
      for (int i = prompt; i < TOKENS; i++) {
        e.feed(new int[] {ids[i]}, (p, x) -> all[p] = x.clone());
      }
    }
    return all;
  }

  @Test
  void headsWithoutWholeBlocksAreTheUsersMistake() {
    String shape = "layers=1,hidden=96,heads=2,kv_heads=1,ffn=64,vocab=300,context=64";
    try (Synthetic s = new Synthetic(ModelShapes.parse(shape), Mix.named("f32"), 3);
        Backend b = Backends.open("cpu.scalar", 1)) {
      Graph graph = s.architecture().forward(s.config(), s.weights(), 64);
      EngineOptions options = EngineOptions.single(64).withKv(KvType.Q8_0);
      assertThatThrownBy(() -> new Engine(b, graph, options))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("--kv q8_0")
          .hasMessageContaining("48");
    }
  }

  @Test
  void memoryIsWhatWasToldBefore() throws Exception {
    String shape = "layers=2,hidden=128,heads=2,kv_heads=1,ffn=64,vocab=300,context=128";
    try (Synthetic s = new Synthetic(ModelShapes.parse(shape), Mix.named("q8_0"), 3);
        Backend b = Backends.open("cpu.scalar", 1)) {
      Graph graph = s.architecture().forward(s.config(), s.weights(), 128);
      for (KvType kv : KvType.values()) {
        EngineOptions options = EngineOptions.single(128).withKv(kv);
        try (Engine e = new Engine(b, graph, options)) {
          int[] prompt = new int[128];
          Request r = new Request(prompt, Sampling.greedy(), Optional.empty(), 1, Set.of(), -1);
          try (Generation g = e.submit(r)) {
            while (g.next() instanceof GenerationEvent.Token) {
              // To the end.
            }
          }
          // The reader may hear of the end before the scheduler has counted the step.
          while (e.load().finished() == 0) {
            Thread.onSpinWait();
          }
          Engine.Load load = e.load();
          assertThat(load.bufferBytes())
              .isEqualTo(StepMemory.bytes(graph, options.chunkTokens(), 1));
          assertThat((double) load.cacheBytes())
              .isEqualTo(ModelSize.kvBytes(s.config(), 128, kv.bytesPerNumber()));
        }
      }
    }
  }
}
