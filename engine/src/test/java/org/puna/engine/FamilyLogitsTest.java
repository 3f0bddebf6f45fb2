package org.puna.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.puna.fixtures.Fixtures;
import org.puna.tensor.Backend;

/** The logits of every family, and of every quantised file, against transformers in float32. */
class FamilyLogitsTest {
  /**
   * Logits deviate by 1; a float32 forward pass of a few layers in another order of sums differs by
   * some 1e-6 of that, and the issue asks for 1e-4.
   */
  private static final double TOLERANCE = 1e-4;

  static Stream<String> families() {
    return Stream.of(
        "gemma3",
        "llama2",
        "llama3",
        "llama3.2",
        "llama4",
        "mistral",
        "mixtral",
        "phi3",
        "qwen2",
        "qwen3");
  }

  static Stream<String> files() {
    return Stream.of("tiny-f32", "tiny-q8_0", "tiny-q4_0", "tiny-q4_k_m", "tiny-mixed");
  }

  private static Backend backend() {
    return org.puna.tensor.backends.Backends.open("cpu.vector", 2);
  }

  @ParameterizedTest
  @MethodSource("families")
  void families(String name) {
    try (Backend b = backend();
        FamilyLogits f =
            new FamilyLogits(
                Fixtures.path("models/" + name),
                Fixtures.path("models/" + name + "/expected.safetensors"),
                b)) {
      check(f, 8);
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void files(String name) {
    try (Backend b = backend();
        FamilyLogits f =
            new FamilyLogits(
                Fixtures.path("gguf/" + name + ".gguf"),
                Fixtures.path("gguf/" + name + ".expected.safetensors"),
                b)) {
      check(f, 6);
    }
  }

  private static void check(FamilyLogits f, int prompt) {
    for (int piece : new int[] {f.length(), 1, 3, 7, 16, 32}) {
      double d = f.deviation(piece);
      assertThat(d).as("pieces of %d", piece).isLessThanOrEqualTo(TOLERANCE);
    }
    assertThat(f.greedy(prompt)).isEqualTo(f.greedyExpected());
  }
}
