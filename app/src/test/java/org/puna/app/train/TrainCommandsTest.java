package org.puna.app.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.Shell;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** From texts to a model that talks, by commands alone. */
class TrainCommandsTest {
  @TempDir private Path home;

  private Shell.Result run(String... args) {
    return new Shell(home).run(args);
  }

  private Shell.Result ok(String... args) {
    Shell.Result r = run(args);
    assertThat(r.code()).as(r.err()).isZero();
    return r;
  }

  private String at(String name) {
    return home.resolve(name).toString();
  }

  private void books() throws IOException {
    Path books = Files.createDirectories(home.resolve("books"));
    String tale =
        "There was once a fox who lived in a wood. The fox was old, and the wood was dark, and the"
            + " %s of the wood gave it bread. So it went on for a long time, as such things do. ";
    for (String who : List.of("king", "owl", "witch")) {
      String text = "# A tale\n\n" + tale.repeat(4).replace("%s", who) + "\n\n";
      Files.writeString(books.resolve(who + ".md"), text.repeat(20));
    }
  }

  private static JsonNode json(Path file) throws IOException {
    return JsonMapper.shared().readTree(Files.readAllBytes(file));
  }

  @Test
  void fromTextsToAnAnswer() throws IOException {
    books();
    Shell.Result trained =
        ok(
            "train",
            "--set",
            "depth=1",
            "--set",
            "model.width=32",
            "--set",
            "model.heads=2",
            "--set",
            "model.vocab=300",
            "--set",
            "data.paths=" + at("books"),
            "--set",
            "data.prose=true",
            "--set",
            "data.duplicates=none",
            "--set",
            "steps=4",
            "--set",
            "batch.rows=2",
            "--set",
            "batch.length=32",
            "--set",
            "samples.tokens=4",
            "--out",
            at("run"));
    Shell.Result exploded =
        run(
            "train",
            "--init",
            at("run/model"),
            "--set",
            "data.paths=" + at("books"),
            "--set",
            "steps=1",
            "--set",
            "stop_above=1e-3",
            "--out",
            at("exploded"));
    assertThat(exploded.code()).isEqualTo(1);
    assertThat(exploded.err())
        .contains("puna: step 1: the loss exploded")
        .contains("last good checkpoint")
        .doesNotContain("internal error")
        .doesNotContain("--debug");
    assertThat(ok("train", "--watch", at("exploded")).out()).contains("the loss exploded");
    assertThat(trained.err())
        .contains("memory")
        .contains("parameters")
        .contains("step 1 of 4: ")
        .contains("step 4 of 4: ")
        .doesNotContain("step 0");
    assertThat(ok("train", "--resume", "--out", at("run")).err()).contains("after step 4");
    assertThat(home.resolve("run").resolve("report.html")).exists();
    String watched = ok("train", "--watch", at("run")).out();
    assertThat(watched).contains("step 4/4").contains("loss");
    assertThat(run("train", "--watch", at("books")).code()).isEqualTo(2);
    // A run whose process is gone said nothing: its lock is there, and nobody holds it.
    Path cut = Files.createDirectory(home.resolve("cut"));
    Files.copy(home.resolve("run/recipe.yaml"), cut.resolve("recipe.yaml"));
    Files.write(
        cut.resolve("metrics.jsonl"),
        Files.readAllLines(home.resolve("run/metrics.jsonl")).subList(0, 1));
    Files.createFile(cut.resolve(".lock"));
    assertThat(ok("train", "--watch", at("cut")).out()).contains("step 1/4").contains("cut off");
    // What a library that does not know Puna's conventions needs to begin and end an answer.
    Path model = home.resolve("run/model");
    JsonNode generation = json(model.resolve("generation_config.json"));
    assertThat(generation.path("bos_token_id").intValue()).isZero();
    assertThat(generation.path("eos_token_id").toString()).isEqualTo("[1,4]");
    assertThat(json(model.resolve("tokenizer_config.json")).path("chat_template").stringValue())
        .contains("<|eot_id|>");
    assertThat(json(model.resolve("special_tokens_map.json")).path("eos_token").stringValue())
        .isEqualTo("<|end_of_text|>");
    assertThat(ok("export", at("run"), at("release"), "--gguf", "q4_k_m").err())
        .containsPattern(
            "-q4_k_m.gguf: \\d+ of \\d+ tensors are Q[0-9_, Q]+, since their rows of 32 ");
    ok("chats", at("books"), "--characters", "400", "--out", at("chats.jsonl"));
    ok(
        "finetune",
        at("run/model"),
        at("chats.jsonl"),
        "--set",
        "steps=2",
        "--set",
        "batch.rows=2",
        "--set",
        "lora.rank=2",
        "--merge",
        "--out",
        at("tuned"));
    assertThat(home.resolve("tuned/adapter/adapter_config.json")).exists();
    JsonNode inputs = json(home.resolve("tuned/inputs.json"));
    assertThat(inputs.path("model").asString()).isEqualTo(at("run/model"));
    assertThat(inputs.path("data").path(0).asString()).isEqualTo(at("chats.jsonl"));
    assertThat(Files.readString(home.resolve("tuned/report.html")))
        .contains("training loss, mean of last 2 steps");
    for (String file : new String[] {"config.json", "generation_config.json"}) {
      assertThat(json(home.resolve("tuned/model").resolve(file)))
          .isEqualTo(json(model.resolve(file)));
    }
    ok("run", at("tuned/model"), "Tell me a story.", "-n", "3");
    ok("convert", at("tuned/model"), at("tuned.gguf"), "--type", "q8_0");
    ok("run", at("tuned.gguf"), "Tell me a story.", "-n", "3");
    Files.writeString(
        home.resolve("pairs.jsonl"),
        "{\"question\":\"Who?\",\"chosen\":\"A fox.\",\"rejected\":\"I.\"}\n");
    ok(
        "align",
        at("run/model"),
        at("pairs.jsonl"),
        "--set",
        "steps=1",
        "--set",
        "batch.rows=1",
        "--out",
        at("aligned"));
    ok(
        "distill",
        at("run/model"),
        at("chats.jsonl"),
        "--teacher",
        at("tuned/model"),
        "--set",
        "steps=1",
        "--set",
        "batch.rows=1",
        "--out",
        at("distilled"));
    assertThat(json(home.resolve("distilled/inputs.json")).path("teacher").asString())
        .isEqualTo(at("tuned/model"));
    ok(
        "distill",
        at("run/model"),
        at("chats.jsonl"),
        "--teacher",
        at("tuned/model"),
        "--set",
        "distill.k=8",
        "--store",
        at("kept.safetensors"));
    String learned =
        ok(
                "distill",
                at("run/model"),
                "--teacher",
                at("kept.safetensors"),
                "--set",
                "steps=1",
                "--out",
                at("distilled-again"))
            .err();
    assertThat(learned).contains("teacher: the 8 likeliest tokens that model gave to");
    assertMistake("--out is missing", "distill", at("run/model"), "--teacher", at("tuned/model"));
  }

  @Test
  void mistakesAreOneLine() throws IOException {
    books();
    assertMistake("data.paths is missing", "train");
    assertMistake("unknown key", "train", "--set", "optimiser.lr=1");
    assertMistake("no such recipe", "train", at("none.yaml"));
    assertMistake("no such file", "train", "--set", "data.paths=" + at("none"));
    assertMistake("--limit: expected at least 1, found 0", "eval", "m", "t", "--limit", "0");
    assertMistake("--batch: expected 1 to 1024, found 0", "eval", "m", "t", "--batch", "0");
    assertMistake("no such file", "chats", at("none"), "--out", at("x"));
    for (String key : new String[] {"distill.alpha", "align.beta"}) {
      assertMistake(
          "--set " + key + ": not used by finetune; leave it out",
          "finetune",
          "default",
          at("x"),
          "--out",
          at("y"),
          "--set",
          key + "=0.5");
    }
    assertMistake("no such file or folder", "finetune", at("none"), at("x"), "--out", at("y"));
  }

  private void assertMistake(String says, String... args) {
    Shell.Result r = run(args);
    assertThat(r.code()).as(r.err()).isEqualTo(2);
    assertThat(r.err().strip()).contains(says).doesNotContain("\n");
  }
}
