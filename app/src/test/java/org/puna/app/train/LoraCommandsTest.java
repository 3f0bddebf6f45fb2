package org.puna.app.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.Fixture;
import org.puna.app.Shell;
import org.puna.model.safetensors.Safetensors;

/**
 * Adapters added to a quantised model as it is loaded, beside the same written into its weights.
 */
class LoraCommandsTest {
  private static final String MODEL = Fixture.path("gguf/tiny-q4_0.gguf");
  private static final String IDS = "5,9,300,17,44,2,8,61,7,30";

  /** Sums of float32 in another order; logits are of the size of 1. */
  private static final double TOLERANCE = 1e-4;

  @TempDir private Path home;

  private String at(String name) {
    return home.resolve(name).toString();
  }

  private Shell.Result run(String... args) {
    return new Shell(home).run(args);
  }

  private float[] logits(String name, String... args) {
    String[] line = new String[args.length + 5];
    line[0] = "logits";
    System.arraycopy(args, 0, line, 1, args.length);
    System.arraycopy(new String[] {"--ids", IDS, "-o", at(name)}, 0, line, args.length + 1, 4);
    Shell.Result r = run(line);
    assertThat(r.code()).as(r.err()).isZero();
    try (Safetensors s = Safetensors.open(home.resolve(name))) {
      return s.tensor("logits").toFloats();
    }
  }

  private void finetune(String out, String... more) throws IOException {
    Path chats = home.resolve("chats.jsonl");
    Files.writeString(
        chats,
        """
        {"messages":[{"role":"user","content":"Who?"},{"role":"assistant","content":"A fox."}]}
        """
            .repeat(4));
    String[] line = {
      "finetune",
      MODEL,
      chats.toString(),
      "--merge",
      "--out",
      at(out),
      "--set",
      "steps=3",
      "--set",
      "batch.rows=2",
      "--set",
      "batch.length=32",
      "--set",
      "lora.rank=2",
      "--set",
      "optimizer.lr=0.05"
    };
    String[] all = java.util.Arrays.copyOf(line, line.length + more.length);
    System.arraycopy(more, 0, all, line.length, more.length);
    Shell.Result r = run(all);
    assertThat(r.code()).as(r.err()).isZero();
  }

  @Test
  void logitsAreThoseOfTheMergedModel() throws IOException {
    finetune("tuned");
    float[] plain = logits("plain", MODEL);
    float[] merged = logits("merged", at("tuned/model"));
    float[] added = logits("added", MODEL, "--lora", at("tuned/adapter"));
    double change = 0;
    for (int i = 0; i < plain.length; i++) {
      change = Math.max(change, Math.abs(added[i] - plain[i]));
      assertThat((double) added[i]).isCloseTo(merged[i], within(TOLERANCE));
    }
    assertThat(change).as("the adapters change something").isGreaterThan(100 * TOLERANCE);
    Shell.Result greedy =
        run("run", MODEL, "--lora", at("tuned/adapter"), "Who?", "-n", "4", "--greedy");
    assertThat(greedy.code()).as(greedy.err()).isZero();
    assertThat(greedy.out())
        .isEqualTo(run("run", at("tuned/model"), "Who?", "-n", "4", "--greedy").out());
  }

  @Test
  void whatIsNoAdapterOfTheModelIsTheUsersMistake() throws IOException {
    mistake("adapter_config.json: no such file", "--lora", at("none"));
    Path other = Files.createDirectories(home.resolve("other"));
    Files.writeString(other.resolve("adapter_config.json"), "{\"peft_type\":\"IA3\"}");
    mistake("expected plain LoRA adapters", "--lora", other.toString());
    Shell.Result asModel = run("run", other.toString(), "Who?");
    assertThat(asModel.code()).isEqualTo(2);
    assertThat(asModel.err()).hasLineCount(1).contains("found LoRA adapters").contains("--lora");
  }

  @Test
  void aServerSaysAtTheStartWhatIsNoAdapter() {
    Shell.Result r = run("serve", MODEL, "--lora", "tales=" + at("none"), "--port", "0");
    assertThat(r.code()).isEqualTo(2);
    assertThat(r.err()).hasLineCount(1).contains("adapter_config.json: no such file");
    r = run("serve", MODEL, "--lora", at("none"), "--port", "0");
    assertThat(r.code()).isEqualTo(2);
    assertThat(r.err()).hasLineCount(1).contains("--lora: expected NAME=FOLDER");
  }

  private void mistake(String says, String... lora) {
    Shell.Result r = run("run", MODEL, lora[0], lora[1], "Who?", "-n", "1");
    assertThat(r.err()).hasLineCount(1).contains(says);
    assertThat(r.code()).isEqualTo(2);
  }
}
