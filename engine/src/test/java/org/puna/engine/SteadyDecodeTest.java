package org.puna.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.model.config.ModelShapes;
import org.puna.model.convert.Mix;
import org.puna.model.convert.Synthetic;
import org.puna.tensor.Backend;
import org.puna.tensor.KvType;
import org.puna.tensor.backends.Backends;

/** What the engine's own threads allocate while they generate. */
class SteadyDecodeTest {
  private static final String SHAPE =
      "layers=2,hidden=256,heads=4,kv_heads=2,ffn=512,vocab=600,context=1024";
  private static final int CONTEXT = 1024;
  private static final int TOKENS = 900;
  private static final int FROM = 300;
  private static final int TO = 800;

  /**
   * Bytes that a token may cost: the event that the reader gets (24), a page of 32 tokens made
   * known to later prompts (less than 400 for its key, its tokens and its place in maps: 12), an
   * array of tokens that doubles (8 at most), a wait in line where reader and scheduler meet (32).
   * The smallest thing that a layer would allocate at each step, twice here, is more.
   */
  private static final long BYTES_PER_TOKEN = 80;

  /** The compiler needs a while until vectors live in registers. */
  private static final long SECONDS = 90;

  private final com.sun.management.ThreadMXBean threads =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  @ParameterizedTest
  @CsvSource({
    "0, F32, q8_0",
    "0.8, F32, q8_0",
    "0, F16, q8_0",
    "0, Q8_0, q8_0",
    "0, F32, q4_0",
    "0, F32, q4_k_m"
  })
  void aSteadyDecodeAllocatesNothingBesideTheEvents(double temperature, KvType kv, String type)
      throws Exception {
    Sampling sampling =
        temperature == 0
            ? Sampling.greedy()
            : new Sampling(temperature, 40, 0.95, 0.05, 1, 1, 0, 0, java.util.Map.of(), 7);
    try (Synthetic s = new Synthetic(ModelShapes.parse(SHAPE), Mix.named(type), 3);
        Backend b = Backends.open("auto", 2);
        Engine e =
            new Engine(
                b,
                s.architecture().forward(s.config(), s.weights(), CONTEXT),
                EngineOptions.single(CONTEXT).withKv(kv))) {
      long start = System.nanoTime();
      Random random = new Random(1);
      double best = Double.MAX_VALUE;
      while (best > BYTES_PER_TOKEN && System.nanoTime() - start < SECONDS * 1_000_000_000L) {
        int[] prompt = random.ints(8, 0, 600).toArray();
        best =
            Math.min(
                best,
                bytesPerToken(
                    e, new Request(prompt, sampling, Optional.empty(), TOKENS, Set.of(), -1)));
      }
      assertThat(best).as("bytes per token").isLessThanOrEqualTo(BYTES_PER_TOKEN);
    }
  }

  private double bytesPerToken(Engine e, Request r) throws InterruptedException {
    long[] ids = engineThreads();
    assertThat(ids).as("a scheduler and a worker").hasSize(2);
    try (Generation g = e.submit(r)) {
      long before = 0;
      for (int i = 0; i < TOKENS; i++) {
        assertThat(g.next()).isInstanceOf(GenerationEvent.Token.class);
        if (i == FROM) before = allocated(ids);
        if (i == TO) {
          long bytes = allocated(ids) - before;
          while (g.next() instanceof GenerationEvent.Token) {
            // Read to the end, so that the next one begins alone.
          }
          return (double) bytes / (TO - FROM);
        }
      }
    }
    throw new AssertionError("ended early");
  }

  private long allocated(long[] ids) {
    return LongStream.of(threads.getThreadAllocatedBytes(ids)).sum();
  }

  private long[] engineThreads() {
    return java.util.Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
        .filter(java.util.Objects::nonNull)
        .filter(t ->
            t.getThreadName().equals("puna-scheduler") || t.getThreadName().startsWith("puna-cpu-"))
        .mapToLong(ThreadInfo::getThreadId)
        .toArray();
  }
}
