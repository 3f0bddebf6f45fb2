package org.puna.app.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.Fixture;
import org.puna.app.Shell;
import org.puna.app.cli.Console;
import org.puna.app.cli.Failures;
import org.puna.model.config.DiskFull;
import org.puna.model.io.OutputFile;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** eval and export on a two-layer model. */
class ReleaseCommandsTest {
  private static final String MODEL = Fixture.path("gguf/tiny-q4_0.gguf");

  private static final String PARQUET = Fixture.path("parquet/pairs.parquet");

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
  void scoresTextsThatTrainingReads() throws IOException {
    String story = "Once upon a time there was a bird.";
    double plain = bits(Files.writeString(home.resolve("plain.txt"), story).toString());
    Path lines = home.resolve("lines.jsonl");
    Files.writeString(lines, "{\"id\": 1, \"text\": \"" + story + "\"}\n\n");
    assertThat(bits(lines.toString())).isEqualTo(plain);
    Files.writeString(lines, "{\"story\": \"" + story + "\"}\n{\"story\": \"Another.\"}\n");
    assertThat(bits(lines.toString(), "--field", "story", "--limit", "1")).isEqualTo(plain);
    assertThat(bits(lines.toString(), "--field", "story")).isNotEqualTo(plain);
    double columns = bits(PARQUET, "--field", "chosen");
    Files.writeString(lines, "{\"content\": \"You are.\"}\n");
    assertThat(bits(lines.toString())).isEqualTo(columns);
    Path folder = Files.createDirectories(home.resolve("folder"));
    Files.copy(Path.of(PARQUET), folder.resolve("a.parquet"));
    assertThat(bits(folder.toString(), "--field", "chosen")).isEqualTo(columns);
  }

  private double bits(String... args) {
    List<String> line = new ArrayList<>(List.of("eval", MODEL));
    line.addAll(List.of(args));
    line.addAll(List.of("--json", "-c", "32", "--batch", "2"));
    JsonNode scores = JsonMapper.shared().readTree(ok(line.toArray(String[]::new)));
    return scores.values().iterator().next().path("bits_per_byte").asDouble();
  }

  @Test
  void badTextsGetOneLine() throws IOException {
    Path lines = home.resolve("lines.jsonl");
    Files.writeString(lines, "{\"text\": \"one\"}\n{\"story\": \"two\"}\n");
    mistake("lines.jsonl:2: expected a JSON object with a string", lines);
    Files.writeString(lines, "{\"text\": \"one\"}\n{\n");
    mistake("lines.jsonl:2: expected a JSON object on one line", lines);
    Files.write(lines, new byte[] {'{', (byte) 0xff, '}'});
    mistake("expected UTF-8 text", lines);
    mistake("--field", Path.of(PARQUET));
    mistake("PAR1", Files.writeString(home.resolve("a.parquet"), "no Parquet file at all"));
    mistake("expected .txt, .md, .jsonl or .parquet", Files.createFile(home.resolve("a.bin")));
    mistake("no .txt, .md, .jsonl or .parquet", Files.createDirectories(home.resolve("empty")));
    mistake("the texts are empty", Files.createFile(home.resolve("empty.txt")));
  }

  private void mistake(String says, Path task) {
    Shell.Result r = run("eval", MODEL, task.toString(), "-c", "32", "--batch", "2");
    assertThat(r.err()).hasLineCount(1).contains(says);
    assertThat(r.code()).isEqualTo(2);
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
    for (String file :
        List.of(
            "model.safetensors",
            "config.json",
            "generation_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json")) {
      assertThat(out.resolve(file)).isNotEmptyFile();
    }
    assertThat(out.resolve("model.safetensors.index.json")).doesNotExist();
    assertThat(Files.readString(out.resolve("README.md")))
        .startsWith("---\nlicense: mit\n")
        .contains("# birds", "| tokens | 100 |", "| birds | acc | ", "name: birds");
    assertThat(ok("models", "show", out.resolve("birds-f16.gguf").toString()))
        .contains("F16")
        .containsPattern("name +birds\n");

    Shell.Result again = run("export", run.toString(), out.toString());
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err()).contains("exists already");
    Shell.Result none = run("export", home.toString(), home.resolve("other").toString());
    assertThat(none.code()).isEqualTo(2);
    assertThat(none.err()).contains("expected the folder of a finished training run");
  }

  private Path finished(String inputs) throws IOException {
    Path run = Files.createDirectories(home.resolve("run"));
    ok("convert", MODEL, run.resolve("model").toString(), "--type", "f32");
    Files.writeString(run.resolve("recipe.yaml"), "name: birds\nseed: 1\n");
    Files.writeString(
        run.resolve("metrics.jsonl"),
        "{\"step\":0,\"loss\":4.0,\"tokens\":100}\n{\"step\":1,\"loss\":3.0,\"tokens\":200}\n");
    if (!inputs.isEmpty()) Files.writeString(run.resolve("inputs.json"), inputs);
    return run;
  }

  private String card(Path run, String... more) throws IOException {
    Path out = home.resolve("release");
    List<String> line =
        new ArrayList<>(List.of("export", run.toString(), out.toString(), "--gguf", "none"));
    line.addAll(List.of(more));
    ok(line.toArray(String[]::new));
    return Files.readString(out.resolve("README.md"));
  }

  @Test
  void aCardNamesWhatTheModelWasMadeFrom() throws IOException {
    Path run =
        finished("{\"model\":\"some/base-1b\",\"data\":[\"chats.jsonl\"],\"teacher\":\"large\"}");
    assertThat(card(run))
        .startsWith("---\nbase_model: some/base-1b\npipeline_tag")
        .contains("| base model | some/base-1b |", "| teacher | large |", "| data | chats.jsonl |")
        .contains("| training loss, mean of last 2 steps | 3.5000 nats a token |")
        .contains("## Licence\n\nNot stated.");
    assertThat(home.resolve("release/inputs.json")).exists();
  }

  @Test
  void aModelFromTextsHasALicenceOfItsOwn() throws IOException {
    assertThat(card(finished("")))
        .startsWith("---\nlicense: apache-2.0\npipeline_tag")
        .doesNotContain("base_model");
  }

  @Test
  void whatIsSaidCannotBreakTheHead() throws IOException {
    String card = card(finished("{\"model\":\"a: b\"}"), "--licence", "x: \"y\"\nz");
    assertThat(card)
        .startsWith("---\nlicense: \"x: \\\"y\\\"\\nz\"\nbase_model: \"a: b\"\npipeline_tag")
        .contains("## Licence\n\nx: \"y\" z\n");
    String head = card.substring(4, card.indexOf("\n---\n", 4));
    var yaml = tools.jackson.dataformat.yaml.YAMLMapper.shared().readTree(head);
    assertThat(yaml.path("license").asString()).isEqualTo("x: \"y\"\nz");
  }

  @Test
  void aFolderIsAsOpenAsOthers() throws IOException {
    Path beside = Files.createDirectory(home.resolve("beside"));
    card(finished(""));
    for (String folder : List.of("release", "run/model")) {
      assertThat(Files.getPosixFilePermissions(home.resolve(folder)))
          .isEqualTo(Files.getPosixFilePermissions(beside));
    }
  }

  @Test
  void aFullDiskIsAFailureAndNamesWhatWasAsked() {
    var full =
        assertThatThrownBy(() -> OutputFile.create(home.resolve("x.part"), Long.MAX_VALUE))
            .isInstanceOf(DiskFull.class)
            .hasMessageContaining("x.part: the disk is full")
            .actual();
    var err = new java.io.ByteArrayOutputStream();
    var console =
        Console.of(java.io.InputStream.nullInputStream(), new java.io.ByteArrayOutputStream(), err);
    DiskFull named = ((DiskFull) full).naming("x.part", "x");
    assertThat(Failures.report(named, console, false)).isEqualTo(Failures.FAILED);
    console.err().flush();
    assertThat(err.toString(java.nio.charset.StandardCharsets.UTF_8))
        .contains("/x: the disk is full")
        .hasLineCount(1);
  }
}
