package org.puna.server.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.puna.fixtures.Fixtures;
import org.puna.tensor.backends.Backends;

/** Copies of weights count, and are the first to go where memory is short. */
class CopiesGiveWayTest {
  private static final String NAME = "tiny";

  private record Held(long bytes, long least) {}

  private static Held held(long memory) throws Exception {
    ModelSpec spec = new ModelSpec(NAME, Fixtures.path("gguf/tiny-q4_0.gguf"), false);
    ServingOptions options = new ServingOptions(() -> Backends.open("auto", 1), 0, 1, 1, memory);
    try (ModelRegistry models = new ModelRegistry(List.of(spec), options);
        ModelRegistry.Lease lease = models.acquire(NAME, 1)) {
      return new Held(lease.model().bytes(), lease.model().leastBytes());
    }
  }

  @Test
  void aModelThatFitsOnlyWithoutThemHasNone() throws Exception {
    Held plenty = held(1L << 30);
    assumeThat(plenty.bytes).as("copies on this machine").isGreaterThan(plenty.least);
    assertThat(held(plenty.bytes)).isEqualTo(plenty);
    assertThat(held(plenty.bytes - 1)).isEqualTo(new Held(plenty.least, plenty.least));
  }
}
