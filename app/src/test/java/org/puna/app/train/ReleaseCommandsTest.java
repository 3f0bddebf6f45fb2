package org.puna.app.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.Fixture;
import org.puna.app.Shell;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** eval and export on a two-layer model. */
class ReleaseCommandsTest {
  private static final String MODEL = Fixture.path("gguf/tiny-q4_0.gguf");

  @TempDir private Path home;

  private Path task;

  @BeforeEach
  void writeTask() throws IOException {
    task = home.resolve("birds.jsonl");
    Files.writeString(
        task,
        """
        {"query":"A bird can","choices":["sing","read books and write letters"],"gold":0}
        {"query":"Question: What is a stone?\\n","choices":["hard","soft"],"gold":0}
        """);
  }

  private Shell.Result run(String... args) {
    return new Shell(home).run(args);
  }

  private String ok(String... args) {
    Shell.Result r = run(args);
    assertThat(r.code()).as(r.err()).isZero();
    return r.out();
  }

  @Test
  void scoresTasksByNameAndTexts() throws IOException {
    Path text = Files.writeString(home.resolve("story.txt"), "Once upon a time. ".repeat(20));
    String out = ok("eval", MODEL, "birds", text.toString(), "--data", home.toString(), "--json");
    JsonNode scores = JsonMapper.builder().build().readTree(out);
    assertThat(scores.path("birds").path("items").asInt()).isEqualTo(2);
    assertThat(scores.path("birds").path("acc").asDouble()).isBetween(0.0, 1.0);
    assertThat(scores.path("story").path("bits_per_byte").asDouble()).isPositive();
    String one = ok("eval", MODEL, task.toString(), "--batch", "1");
    assertThat(one).startsWith("birds (2)  acc ").isEqualTo(ok("eval", MODEL, task.toString()));
  }

  @Test
  void saysWhatIsWrongWithATask() {
    Shell.Result r = run("eval", MODEL, "nothing");
    assertThat(r.code()).isEqualTo(2);
    assertThat(r.err()).contains("TASK 'nothing'").hasLineCount(1);
    assertThat(run("eval", MODEL, task.toString(), "--batch", "0").code()).isEqualTo(2);
  }

  @Test
  void exportsFolderFilesAndCard() throws IOException {
    Path run = Files.createDirectories(home.resolve("run"));
    ok("convert", MODEL, run.resolve("model").toString(), "--type", "f32");
    Files.writeString(run.resolve("recipe.yaml"), "name: birds\nseed: 1\n");
    Files.writeString(
        run.resolve("metrics.jsonl"),
        "{\"step\":0,\"loss\":4.0,\"tokens\":100,\"seconds\":36,\"flops_per_second\":1e9}\n");
    Path scores = home.resolve("scores.json");
    Files.writeString(scores, ok("eval", MODEL, task.toString(), "--json"));
    Path out = home.resolve("release");
    ok(
        "export",
        run.toString(),
        out.toString(),
        "--scores",
        scores.toString(),
        "--gguf",
        "f16",
        "--licence",
        "mit");
    assertThat(out.resolve("model.safetensors")).exists();
    assertThat(Files.readString(out.resolve("README.md")))
        .startsWith("---\nlicense: mit\n")
        .contains("# birds", "| tokens | 100 |", "| birds | acc | ", "name: birds");
    assertThat(ok("models", "show", out.resolve("birds-f16.gguf").toString())).contains("F16");

    Shell.Result again = run("export", run.toString(), out.toString());
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err()).contains("exists already");
    Shell.Result none = run("export", home.toString(), home.resolve("other").toString());
    assertThat(none.code()).isEqualTo(2);
    assertThat(none.err()).contains("expected the folder of a finished training run");
  }
}
