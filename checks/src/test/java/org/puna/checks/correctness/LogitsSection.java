package org.puna.checks.correctness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.puna.checks.Published;
import org.puna.tensor.Backend;
import org.puna.tensor.backends.Backends;

/** The forward pass of every family and of every quantised file. */
final class LogitsSection implements Section {
  /** Logits deviate by 1; sums of some hundred products in another order differ by some 1e-6. */
  private static final double TOLERANCE = 1e-4;

  private static final int PIECE = 7;
  private static final int FAMILY_PROMPT = 8;
  private static final int FILE_PROMPT = 6;

  private static final List<String> FAMILIES =
      List.of(
          "llama2",
          "llama3",
          "llama3.2",
          "llama4",
          "mistral",
          "mixtral",
          "qwen2",
          "qwen3",
          "gemma3",
          "phi3");

  private static final List<String> FILES =
      List.of("tiny-f32", "tiny-q8_0", "tiny-q4_0", "tiny-q4_k_m", "tiny-mixed");

  @Override
  public String markdown() throws Exception {
    StringBuilder out =
        new StringBuilder(
            """
            ## Logits

            Largest difference from transformers' float32 logits (deviation 1) over all positions of two sequences; tolerance 1e-4.
            `cpu.vector` reads the prompt at once, in pieces of 7, and token by token through the cache; `cpu.scalar` at once. The
            quantised files are compared with float32 arithmetic on their decoded weights. Greedy: ids equal to the reference's.

            | fixture | at once | pieces of 7 | one by one | scalar | greedy |
            |---|---:|---:|---:|---:|---:|
            """);
    try (Backend vector = Backends.open("auto", 2);
        Backend scalar = Backends.open("cpu.scalar", 2)) {
      for (String family : FAMILIES) {
        String folder = "generated/models/" + family;
        row(out, folder, folder + "/expected.safetensors", FAMILY_PROMPT, vector, scalar);
      }
      for (String file : FILES) {
        String stem = "generated/gguf/" + file;
        row(out, stem + ".gguf", stem + ".expected.safetensors", FILE_PROMPT, vector, scalar);
      }
    }
    return out.toString();
  }

  private static void row(
      StringBuilder out, String model, String answers, int prompt, Backend vector, Backend scalar)
      throws InterruptedException {
    try (Reference r = new Reference(Published.fixture(model), Published.fixture(answers))) {
      double[] deviations = {
        r.deviation(vector, r.length()),
        r.deviation(vector, PIECE),
        r.deviation(vector, 1),
        r.deviation(scalar, r.length())
      };
      out.append("| `").append(model.substring("generated/".length())).append("` |");
      for (double d : deviations) {
        assertThat(d).as(model).isLessThanOrEqualTo(TOLERANCE);
        out.append(' ').append(Reference.shown(d)).append(" |");
      }
      String greedy = r.greedy(vector, prompt);
      assertThat(greedy).as(model).isEqualTo("24 of 24");
      out.append(' ').append(greedy).append(" |\n");
    }
  }
}
