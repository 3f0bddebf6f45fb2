package org.puna.checks.correctness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.Main;
import org.puna.app.cli.Console;
import org.puna.app.cli.Context;
import org.puna.app.cli.Settings;
import org.puna.model.tokenizer.Scanner;
import org.puna.tensor.Backend;
import org.puna.tensor.backends.Backends;
import org.puna.train.bpe.Bpe;
import org.puna.train.bpe.BpeTrainer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Beside the libraries themselves, on cases that no fixture has: transformers, PyTorch, tokenizers
 * and peft, in a Python of the machine.
 */
class TransformersTest {
  /** Logits deviate by 1. */
  private static final double LOGITS = 1e-4;

  /** After some steps of training, each of which rounds. */
  private static final double TRAINED = 1e-3;

  private static final double LOSS = 1e-4;

  /** Of a gradient's length, relative. */
  private static final double NORM = 1e-3;

  private static final int MODELS_OF_A_FAMILY = 3;
  private static final int PIECE = 7;
  private static final int FAMILY_PROMPT = 8;

  private static final String TEXT =
      "Once upon a time, a little girl's cat -- named Æsop -- said: \"Hello!\"\n\n  Two 1234"
          + " spaces.  😀";

  private static final String CHAT =
      """
      [{"role": "user", "content": "Tell me a story."}, {"role": "assistant", "content": "A cat sat."},
       {"role": "user", "content": "More!"}]
      """;

  @TempDir private Path dir;

  @Test
  void modelsOfRandomShapesAndTheirTraining() throws Exception {
    new Python(dir).run("models.py", dir, MODELS_OF_A_FAMILY, "--train");
    try (Backend vector = Backends.open("auto", 2);
        Backend scalar = Backends.open("cpu.scalar", 2)) {
      for (Path model : folders()) {
        String name = model.getFileName().toString();
        try (Reference r = new Reference(model, model.resolve("expected.safetensors"))) {
          assertThat(r.deviation(vector, r.length())).as(name).isLessThan(LOGITS);
          assertThat(r.deviation(vector, PIECE)).as(name).isLessThan(LOGITS);
          assertThat(r.deviation(scalar, r.length())).as(name).isLessThan(LOGITS);
          assertThat(r.greedy(vector, FAMILY_PROMPT)).as(name).isEqualTo("24 of 24");
        }
        learns(model, "train", "--init", model.toString());
      }
    }
  }

  private List<Path> folders() throws IOException {
    try (Stream<Path> all = Files.list(dir)) {
      List<Path> folders = all.filter(Files::isDirectory).sorted().toList();
      assertThat(folders).hasSizeGreaterThan(MODELS_OF_A_FAMILY);
      return folders;
    }
  }

  /**
   * Adapters that peft made go on as peft trains them, and peft reads what came of it. Where
   * matrices are fused, as in Phi-3, adapters are beside the others.
   */
  @Test
  void peftTrainsAndReadsTheSameAdapters() throws Exception {
    Python python = new Python(dir, "peft");
    python.run("models.py", dir, MODELS_OF_A_FAMILY);
    List<Path> folders = folders();
    python.run("adapters.py", "make", folders);
    for (Path model : folders) {
      String adapter = model.resolve("adapter").toString();
      learns(model, "finetune", model.toString(), "--adapter", adapter, "--merge");
    }
    python.run("adapters.py", "read", folders);
    try (Backend backend = Backends.open("auto", 2)) {
      for (Path model : folders) {
        String name =
            model.getFileName()
                + ", adapter "
                + json(model.resolve("adapter").resolve("adapter_config.json"));
        assertThat(json(model.resolve("read.json"))).as(name).isEmpty();
        Path merged = model.resolve("run").resolve("model");
        for (String answers : List.of("trained.safetensors", "read.safetensors")) {
          try (Reference r = new Reference(merged, model.resolve(answers))) {
            assertThat(r.deviation(backend, r.length())).as(name).isLessThan(TRAINED);
          }
        }
      }
    }
  }

  /** Trains on the same tokens as PyTorch did, step by step. */
  private void learns(Path model, String... command) throws IOException {
    JsonNode torch = json(model.resolve("torch.json"));
    List<String> args = new ArrayList<>(List.of(command));
    args.addAll(List.of("--replay", model.resolve("tokens.safetensors").toString()));
    args.addAll(List.of("--set", "samples.every=0", "--set", "validation.every=0"));
    torch
        .get("told")
        .properties()
        .forEach(e -> args.addAll(List.of("--set", e.getKey() + "=" + e.getValue().asString())));
    Path run = model.resolve("run");
    args.addAll(List.of("--out", run.toString()));
    puna(args.toArray(String[]::new));
    List<String> lines = Files.readAllLines(run.resolve("metrics.jsonl"));
    assertThat(lines).hasSameSizeAs(torch.get("steps"));
    for (int i = 0; i < lines.size(); i++) {
      JsonNode expected = torch.get("steps").get(i);
      JsonNode step = JsonMapper.shared().readTree(lines.get(i));
      String where = model.getFileName() + ", step " + i + ", told " + torch.get("told");
      double loss = expected.get("loss").doubleValue();
      assertThat(step.get("loss").doubleValue()).as(where).isCloseTo(loss, within(LOSS));
      double norm = expected.get("grad_norm").doubleValue();
      assertThat(step.get("grad_norm").doubleValue())
          .as(where)
          .isCloseTo(norm, within(NORM * norm));
    }
  }

  @Test
  void transformersReadsAReleaseAsPunaDoes() throws Exception {
    Python python = new Python(dir);
    Path release = release();
    Path messages = Files.writeString(dir.resolve("chat.json"), CHAT);
    python.run("read.py", release, dir, TEXT, messages);
    try (Backend backend = Backends.open("auto", 2)) {
      agrees(release, backend);
      JsonNode folder = json(dir.resolve("read.json"));
      assertThat(folder.get("class").stringValue()).isEqualTo("LlamaForCausalLM");
      assertThat(folder.get("complaints")).isEmpty();
      assertThat(folder.get("text").stringValue()).isEqualTo(TEXT);
      assertThat(folder.get("ends").toString()).isEqualTo("[1,4]");
      String ids = puna("tokenize", release.toString(), TEXT, "--add-special", "--json");
      assertThat(JsonMapper.shared().readTree(ids)).isEqualTo(folder.get("ids"));
      String prompt =
          puna(
              "template",
              release.toString(),
              "--messages",
              messages.toString(),
              "--now=2026-01-02");
      assertThat(prompt).isEqualTo(folder.get("prompt").stringValue());
      for (String type : List.of("f16", "q8_0", "q4_k_m")) {
        String name = "tales-" + type + ".gguf";
        Path alone = Files.createDirectories(dir.resolve(type));
        Path file = Files.copy(release.resolve(name), alone.resolve(name));
        python.run("read.py", alone, dir, TEXT, messages, name);
        agrees(file, backend);
        JsonNode read = json(dir.resolve("read.json"));
        assertThat(read.get("complaints")).isEmpty();
        assertThat(read.get("text").stringValue()).isEqualTo(TEXT);
        assertThat(read.get("prompt")).isEqualTo(folder.get("prompt"));
      }
    }
  }

  private void agrees(Path model, Backend backend) throws InterruptedException {
    try (Reference r = new Reference(model, dir.resolve("expected.safetensors"))) {
      assertThat(r.deviation(backend, r.length())).as("%s", model).isLessThan(LOGITS);
      assertThat(r.greedy(backend, r.length())).as("%s", model).isEqualTo("24 of 24");
    }
  }

  /** Trains a little, from texts to a release with GGUF files. */
  private Path release() throws IOException {
    Path books = Files.createDirectories(dir.resolve("books"));
    for (String who : List.of("king", "owl", "witch")) {
      String tale =
          "There was once a fox who lived with a %s in a wood. \"Hello!\" said the %s. It was dark. "
              .replace("%s", who);
      Files.writeString(books.resolve(who + ".md"), (tale.repeat(4) + "\n\n").repeat(20));
    }
    String run = dir.resolve("run").toString();
    List<String> args = new ArrayList<>(List.of("train", "--out", run));
    for (String set :
        List.of(
            "name=tales",
            "depth=2",
            "model.width=64",
            "model.heads=4",
            "model.kv_heads=2",
            // Rows of whole blocks, as k-quants have them.
            "model.ffn=256",
            "model.vocab=400",
            "model.context=256",
            "data.paths=" + books,
            "data.duplicates=none",
            "steps=20",
            "batch.rows=4",
            "batch.length=64",
            "samples.every=0")) {
      args.addAll(List.of("--set", set));
    }
    puna(args.toArray(String[]::new));
    Path release = dir.resolve("release");
    puna("export", run, release.toString(), "--gguf=f16", "--gguf=q8_0", "--gguf=q4_k_m");
    return release;
  }

  /** The merges of the tokenizers library, over this project's own documents. */
  @Test
  void tokenizersLearnsTheSameMerges() throws Exception {
    Python python = new Python(dir);
    Path text = Files.writeString(dir.resolve("text"), Documents.all());
    String special = "<|end|>";
    int size = 1500;
    for (Map.Entry<String, Scanner> cuts :
        Map.of("llama3", Scanner.llama3(), "gpt2", Scanner.gpt2()).entrySet()) {
      Path out = dir.resolve("merges.json");
      python.run("bpe.py", text, out, size, cuts.getKey(), special);
      List<String> expected = new ArrayList<>();
      json(out).forEach(m -> expected.add(m.stringValue()));
      BpeTrainer trainer = new BpeTrainer(size, List.of(special), cuts.getValue());
      trainer.addLines(Files.readAllBytes(text));
      Bpe bpe = trainer.train(2, _ -> {});
      assertThat(bpe.merges().stream().map(m -> bpe.token(m.left()) + " " + bpe.token(m.right())))
          .containsExactlyElementsOf(expected);
    }
  }

  @Test
  void pyTorchTrainsTheShapesOfTheBenchmark() throws Exception {
    Python python = new Python(dir);
    String shapes =
        puna(
            "bench",
            "train",
            "--shape",
            "0.3M",
            "--steps",
            "1",
            "--warm-up",
            "0",
            "--json",
            "--peer",
            python.interpreter());
    JsonNode row = JsonMapper.shared().readTree(shapes).get(0);
    assertThat(row.path("peer").stringValue()).startsWith("PyTorch ");
    assertThat(row.path("peer_tokens_per_second").doubleValue()).isPositive();
  }

  private static JsonNode json(Path file) throws IOException {
    return JsonMapper.shared().readTree(Files.readAllBytes(file));
  }

  /** Runs a command and returns what it printed. */
  private String puna(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = Console.of(new ByteArrayInputStream(new byte[0]), out, err);
    int code = Main.run(new Context(console, new Settings(dir, false, 2)), args);
    console.out().flush();
    assertThat(code).as(() -> err.toString(StandardCharsets.UTF_8)).isZero();
    return out.toString(StandardCharsets.UTF_8);
  }
}
