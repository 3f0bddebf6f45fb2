package org.puna.train.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.fixtures.Fixtures;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whole runs: replayed, from text, stopped, killed and continued. */
class RunTest {
  /** The bound. */
  private static final double LOSS = 1e-4;

  private static final List<String> GOLDEN =
      List.of(
          "optimizer.lr=3e-3",
          "schedule.name=cosine",
          "schedule.warmup=5",
          "schedule.floor=0.1",
          "checkpoint.every=3");

  @TempDir private Path dir = Path.of("");

  static Path fixture(String name) {
    return Fixtures.path("training/" + name);
  }

  /** Replays the golden batches; the entry point of the process that is killed. */
  public static void main(String[] args) {
    replay(Path.of(args[0]), Path.of(args[1]), args[2].equals("resume"), List.of(), () -> false);
  }

  private static TrainingRun.Ending replay(
      Path fixtures, Path out, boolean resume, List<String> more, BooleanSupplier stop) {
    List<String> sets = new ArrayList<>(GOLDEN);
    sets.addAll(more);
    return new Pretraining(
            new Pretraining.Request(
                Optional.empty(),
                sets,
                Optional.of(fixtures.resolve("init")),
                Optional.of(fixtures.resolve("data.safetensors")),
                Optional.of(out),
                resume,
                1),
            new Quiet())
        .run(stop);
  }

  private static final class Quiet implements Watcher {
    @Override
    public void note(String line) {}

    @Override
    public void begin(long done, long steps) {}

    @Override
    public void stepped(StepReport report, long tokensPerStep) {}
  }

  @Test
  void aReplayedRunIsTheGoldenOneAndItsModelLoads() throws IOException {
    Path out = dir.resolve("run");
    replay(fixture(""), out, false, List.of(), () -> false);
    List<JsonNode> lines = Journal.read(out.resolve("metrics.jsonl"));
    JsonNode golden = JsonMapper.shared().readTree(fixture("golden.json").toFile()).get("pretrain");
    assertThat(lines).hasSize(20);
    for (int i = 0; i < 20; i++) {
      assertThat(lines.get(i).get("loss").doubleValue())
          .isCloseTo(
              golden.get(i).get("loss").doubleValue(), org.assertj.core.data.Offset.offset(LOSS));
      assertThat(lines.get(i).get("tokens").longValue()).isEqualTo(192L * (i + 1));
    }
    try (Checkpoint c = Checkpoint.open(out.resolve("model"));
        Checkpoint g = Checkpoint.open(fixture("pretrain_final"))) {
      assertThat(c.config()).isEqualTo(g.config());
    }
    String report = Files.readString(out.resolve("report.html"));
    assertThat(report).contains("<svg").contains("gradient norm").doesNotContain("http");
    assertThatThrownBy(() -> replay(fixture(""), out, false, List.of(), () -> false))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--resume");
  }

  @Test
  void partsOfAStepDoNotChangeIt() {
    Path whole = dir.resolve("whole");
    Path parts = dir.resolve("parts");
    List<String> masked = List.of("steps=3", "data.masked=true");
    replay(fixture(""), whole, false, masked, () -> false);
    replay(
        fixture(""),
        parts,
        false,
        List.of("steps=3", "data.masked=true", "batch.micro_rows=3"),
        () -> false);
    List<JsonNode> a = Journal.read(whole.resolve("metrics.jsonl"));
    List<JsonNode> b = Journal.read(parts.resolve("metrics.jsonl"));
    for (int i = 0; i < 3; i++) {
      assertThat(b.get(i).get("loss").doubleValue())
          .isCloseTo(a.get(i).get("loss").doubleValue(), org.assertj.core.data.Offset.offset(1e-5));
    }
  }

  @Test
  void aStoppedRunSavesAndGoesOnBitForBit() throws IOException {
    Path straight = dir.resolve("straight");
    Path stopped = dir.resolve("stopped");
    replay(fixture(""), straight, false, List.of(), () -> false);
    AtomicInteger asked = new AtomicInteger();
    assertThat(replay(fixture(""), stopped, false, List.of(), () -> asked.incrementAndGet() == 5))
        .isEqualTo(TrainingRun.Ending.STOPPED);
    assertThat(Files.exists(stopped.resolve("checkpoints/step-00000005"))).isTrue();
    assertThat(Files.exists(stopped.resolve("model/config.json"))).isTrue();
    assertThat(replay(fixture(""), stopped, true, List.of(), () -> false))
        .isEqualTo(TrainingRun.Ending.COMPLETE);
    same(straight, stopped);
  }

  @Test
  void aKilledRunGoesOnBitForBit() throws IOException, InterruptedException {
    Path straight = dir.resolve("straight");
    Path killed = dir.resolve("killed");
    replay(fixture(""), straight, false, List.of(), () -> false);
    // Killed at several moments: while it starts, computes or saves, wherever it happens to be.
    for (int lines : new int[] {1, 4, 9}) {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(flagsOfThisJvm());
      command.addAll(
          List.of(
              "-Xmx512m",
              "-cp",
              System.getProperty("java.class.path"),
              RunTest.class.getName(),
              fixture("").toString(),
              killed.toString(),
              Files.exists(killed.resolve("metrics.jsonl")) ? "resume" : "begin"));
      Process p =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(dir.resolve("log").toFile())
              .start();
      Path metrics = killed.resolve("metrics.jsonl");
      while (p.isAlive() && !(Files.exists(metrics) && Journal.read(metrics).size() >= lines)) {
        Thread.sleep(5);
      }
      p.destroyForcibly();
      assertThat(p.waitFor(1, TimeUnit.MINUTES)).isTrue();
    }
    replay(fixture(""), killed, true, List.of(), () -> false);
    same(straight, killed);
  }

  /**
   * Sums round by the width of the vectors, so the run that is killed needs the same: {@code
   * -XX:UseAVX=2} and the like.
   */
  private static List<String> flagsOfThisJvm() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(a -> a.startsWith("-XX:") || a.startsWith("--"))
        .toList();
  }

  private static void same(Path a, Path b) throws IOException {
    assertThat(
            Files.mismatch(
                a.resolve("model/model.safetensors"), b.resolve("model/model.safetensors")))
        .isEqualTo(-1);
    List<JsonNode> x = Journal.read(a.resolve("metrics.jsonl"));
    List<JsonNode> y = Journal.read(b.resolve("metrics.jsonl"));
    assertThat(y).hasSameSizeAs(x);
    for (int i = 0; i < x.size(); i++) {
      for (String key : List.of("step", "loss", "grad_norm", "lr", "tokens")) {
        assertThat(y.get(i).get(key)).isEqualTo(x.get(i).get(key));
      }
    }
  }

  @Test
  void anExplodingLossStopsTheRun() {
    Path out = dir.resolve("run");
    assertThatThrownBy(
            () -> replay(fixture(""), out, false, List.of("stop_above=5.76"), () -> false))
        .isInstanceOf(Diverged.class)
        .hasMessageContaining("step 1: the loss exploded")
        .hasMessageContaining("last good checkpoint is " + out)
        .hasMessageNotContaining("\n");
    Path wild = dir.resolve("wild");
    assertThatThrownBy(() ->
            replay(
                fixture(""),
                wild,
                false,
                List.of("optimizer.lr=1e30", "schedule.name=constant", "stop_above=1e9"),
                () -> false))
        .isInstanceOf(Diverged.class)
        .hasMessageContaining("step 2: the loss is");
  }

  @Test
  void fromTextToAModelThatLoads() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 400; i++) text.append("The cat number ").append(i).append(" sat down.\n");
    for (int d = 0; d < 8; d++) {
      Files.writeString(dir.resolve("doc" + d + ".txt"), "Story " + d * d * 7 + ".\n" + text);
    }
    Path out = dir.resolve("run");
    List<String> sets =
        List.of(
            "name=cats",
            "depth=1",
            "model.vocab=300",
            "model.width=32",
            "model.heads=2",
            "data.paths=" + dir,
            "data.duplicates=exact",
            "data.held_out=0.3",
            "batch.rows=2",
            "batch.length=32",
            "steps=3",
            "samples.tokens=5",
            "samples.every=3");
    var request =
        new Pretraining.Request(
            Optional.empty(), sets, Optional.empty(), Optional.empty(), Optional.of(out), false, 2);
    new Pretraining(request, new Quiet()).run(() -> false);
    try (Checkpoint c = Checkpoint.open(out.resolve("model"))) {
      assertThat(c.tokenizer().vocabSize()).isEqualTo(300);
      assertThat(c.tokenizer().bos()).hasValue(0);
      assertThat(c.tokenizer().eos()).hasValue(1);
      assertThat(c.chatTemplate()).isPresent();
      assertThat(c.tokenizer().decode(c.tokenizer().encode("The cat", false), false))
          .isEqualTo("The cat");
    }
    List<JsonNode> samples = Journal.read(out.resolve("samples.jsonl"));
    assertThat(samples.getLast().get("text").stringValue()).startsWith("Once upon a time");
    JsonNode last = Journal.read(out.resolve("metrics.jsonl")).getLast();
    assertThat(last.get("bits_per_byte").doubleValue()).isBetween(0.5, 20.0);
    long measured = last.get("validation_tokens").longValue();
    assertThat(measured).isPositive();
    assertThat(Files.readString(out.resolve("report.html")))
        .contains("<td>held-out tokens</td><td>" + String.format("%,d", measured));
  }

  @Test
  void aRunMadeLongerHasTheWarmupThatItBeganWith() throws IOException {
    Files.writeString(dir.resolve("a.txt"), "The cat sat. A rose is red. ".repeat(100));
    Path out = dir.resolve("run");
    List<String> level = List.of("schedule.name=warmdown", "schedule.floor=0.05");
    List<String> sets = new ArrayList<>(level);
    sets.addAll(small("model.vocab=270", "optimizer.lr=3e-3", "steps=100"));
    AtomicInteger asked = new AtomicInteger();
    pretrain(
        sets,
        out,
        false,
        () -> Files.exists(out.resolve("metrics.jsonl")) && asked.incrementAndGet() == 3);
    sets.set(sets.size() - 1, "steps=400");
    assertThat(pretrain(sets, out, true, () -> true)).isEqualTo(TrainingRun.Ending.STOPPED);
    assertThat(Recipe.read(out.resolve("recipe.yaml")).whole("schedule.warmup")).isEqualTo(2);
  }

  @Test
  void aWarmupLongerThanTheRunGoesOnWhereItIsMadeLonger() {
    Path out = dir.resolve("run");
    List<String> sets = new ArrayList<>(List.of("schedule.name=constant", "schedule.warmup=50"));
    sets.add("steps=3");
    replay(fixture(""), out, false, sets, () -> false);
    sets.set(2, "steps=6");
    replay(fixture(""), out, true, sets, () -> false);
    List<JsonNode> lines = Journal.read(out.resolve("metrics.jsonl"));
    assertThat(lines).hasSize(6);
    for (int s = 0; s < 6; s++) {
      assertThat(lines.get(s).get("lr").doubleValue())
          .isCloseTo(3e-3 * (s + 1) / 50, org.assertj.core.data.Offset.offset(1e-12));
    }
  }

  private static TrainingRun.Ending pretrain(
      List<String> sets, Path out, boolean resume, BooleanSupplier stop) {
    boolean replayed = sets.stream().noneMatch(s -> s.startsWith("data.paths"));
    Optional<Path> init = replayed ? Optional.of(fixture("init")) : Optional.empty();
    Optional<Path> replay = replayed ? Optional.of(fixture("data.safetensors")) : Optional.empty();
    return new Pretraining(
            new Pretraining.Request(
                Optional.empty(), sets, init, replay, Optional.of(out), resume, 1),
            new Quiet())
        .run(stop);
  }

  /** A run of one step from a text. */
  private List<String> small(String... more) {
    List<String> sets =
        new ArrayList<>(
            List.of(
                "depth=1",
                "model.width=32",
                "model.heads=2",
                "data.held_out=0",
                "batch.rows=1",
                "batch.length=16",
                "steps=1",
                "samples.every=0"));
    sets.addAll(List.of(more));
    if (sets.stream().noneMatch(s -> s.startsWith("data.paths"))) {
      sets.addFirst("data.paths=" + dir.resolve("a.txt"));
    }
    return sets;
  }

  @Test
  void aRefusedRunLeavesTheOneThatIsThere() throws IOException {
    Files.writeString(dir.resolve("a.txt"), "The cat sat. A rose is red. ".repeat(100));
    Path out = dir.resolve("run");
    pretrain(small("model.vocab=270"), out, false, () -> false);
    pretrain(small("model.vocab=275"), dir.resolve("other"), false, () -> false);
    byte[] tokenizer = Files.readAllBytes(out.resolve("tokenizer/tokenizer.json"));
    byte[] index = Files.readAllBytes(out.resolve("data/data.json"));
    String file = "tokenizer.file=" + dir.resolve("other/tokenizer/tokenizer.json");
    assertThatThrownBy(() -> pretrain(small(file), out, false, () -> false))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("a run is here already");
    assertThatThrownBy(() -> pretrain(small(file), out, true, () -> false))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("another recipe");
    assertThat(Files.readAllBytes(out.resolve("tokenizer/tokenizer.json"))).isEqualTo(tokenizer);
    assertThat(Files.readAllBytes(out.resolve("data/data.json"))).isEqualTo(index);
  }

  @Test
  void littleThatIsHeldOutIsTold() throws IOException {
    Files.writeString(dir.resolve("a.txt"), "The cat sat. A rose is red. ".repeat(100));
    for (String part : List.of("0.01", "0")) {
      List<String> notes = new ArrayList<>();
      Watcher heard =
          new Watcher() {
            @Override
            public void note(String line) {
              notes.add(line);
            }

            @Override
            public void begin(long done, long steps) {}

            @Override
            public void stepped(StepReport report, long tokensPerStep) {}
          };
      new Pretraining(
              new Pretraining.Request(
                  Optional.empty(),
                  small("model.vocab=270", "data.held_out=" + part),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.of(dir.resolve("run" + part)),
                  false,
                  1),
              heard)
          .run(() -> false);
      assertThat(notes.stream().filter(n -> n.startsWith("held out: 0 tokens, 0.0% where data.")))
          .hasSize(part.equals("0") ? 0 : 1)
          .allMatch(n -> n.contains("there is no held-out loss"));
    }
  }

  @Test
  void aGivenModelBringsItsTokenizerAndTakesNoOther() throws IOException {
    Files.writeString(dir.resolve("a.txt"), "The cat sat. A rose is red. ".repeat(100));
    pretrain(small("model.vocab=270"), dir.resolve("first"), false, () -> false);
    pretrain(small("model.vocab=275"), dir.resolve("other"), false, () -> false);
    List<String> sets = new ArrayList<>(small());
    sets.removeIf(s -> s.startsWith("model.") || s.startsWith("depth"));
    Path out = dir.resolve("further");
    Path model = dir.resolve("first/model");
    further(model, sets, out);
    assertThat(Files.readAllBytes(out.resolve("model/tokenizer.json")))
        .isEqualTo(Files.readAllBytes(model.resolve("tokenizer.json")));
    sets.add("tokenizer.file=" + dir.resolve("other/tokenizer/tokenizer.json"));
    assertThatThrownBy(() -> further(model, sets, dir.resolve("wrong")))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("tokenizer.file: the weights of " + model)
        .hasMessageContaining("leave it out");
    assertThat(dir.resolve("wrong")).doesNotExist();
  }

  private static void further(Path model, List<String> sets, Path out) {
    new Pretraining(
            new Pretraining.Request(
                Optional.empty(),
                sets,
                Optional.of(model),
                Optional.empty(),
                Optional.of(out),
                false,
                1),
            new Quiet())
        .run(() -> false);
  }

  @Test
  void aTokenizerOfAFailedStartIsLearnedAnew() throws IOException {
    Files.writeString(dir.resolve("a.txt"), "The cat sat. A rose is red. ".repeat(100));
    Path out = dir.resolve("run");
    assertThatThrownBy(() ->
            pretrain(small("model.vocab=270", "data.held_out=0.9999999"), out, false, () -> false))
        .hasMessageContaining("held out");
    pretrain(small("model.vocab=275"), out, false, () -> false);
    try (Checkpoint c = Checkpoint.open(out.resolve("model"))) {
      assertThat(c.tokenizer().vocabSize()).isEqualTo(275);
    }
  }

  @Test
  void preparedDataThatIsBrokenIsPreparedAnew() throws IOException {
    Files.writeString(dir.resolve("a.txt"), "The cat sat. A rose is red. ".repeat(100));
    Path out = dir.resolve("run");
    pretrain(small("model.vocab=270"), out, false, () -> false);
    Files.write(out.resolve("data/train.tokens"), new byte[32]);
    assertThat(pretrain(small("model.vocab=270"), out, true, () -> false))
        .isEqualTo(TrainingRun.Ending.COMPLETE);
  }

  @Test
  void whoeverAsksToStopNeedNotWaitForTheTexts() throws IOException {
    Path texts = Files.createDirectory(dir.resolve("texts"));
    for (int i = 0; i < 20; i++) {
      Files.writeString(texts.resolve(i + ".txt"), i + " The cat sat. A rose is red. ".repeat(100));
    }
    Path out = dir.resolve("run");
    for (int after : new int[] {3, 25, 55}) {
      int[] asked = {0};
      assertThat(
              pretrain(
                  small("model.vocab=290", "data.paths=" + texts),
                  out,
                  false,
                  () -> ++asked[0] > after))
          .isEqualTo(TrainingRun.Ending.STOPPED);
      assertThat(asked[0]).as("asked once more").isEqualTo(after + 1);
      assertThat(out.resolve("metrics.jsonl")).doesNotExist();
    }
    assertThat(pretrain(small("model.vocab=290", "data.paths=" + texts), out, false, () -> false))
        .isEqualTo(TrainingRun.Ending.COMPLETE);
  }

  @Test
  void aFolderIsHeldByOneRun() throws IOException {
    Path out = dir.resolve("run");
    try (RunFolder held = RunFolder.take(out, false)) {
      assertThat(held.path()).isEqualTo(out);
      assertThatThrownBy(() -> replay(fixture(""), out, false, List.of("steps=1"), () -> false))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("another run works in this folder")
          .hasMessageNotContaining("\n");
    }
    assertThat(out).doesNotExist();
    Files.createDirectory(out);
    RunFolder.take(out, false).close();
    assertThat(out).as("what a user made").isEmptyDirectory();
    replay(fixture(""), out, false, List.of("steps=1"), () -> false);
  }

  @Test
  void whatExplodedIsNeitherKeptNorReleased() {
    List<String> wild = List.of("schedule.name=constant", "stop_above=1e9");
    for (String lr : List.of("1e30", "1e38")) {
      Path out = dir.resolve(lr);
      List<String> sets = new ArrayList<>(wild);
      sets.addAll(List.of("optimizer.lr=" + lr, "checkpoint.every=1", "steps=1"));
      assertThatThrownBy(() -> replay(fixture(""), out, false, sets, () -> false))
          .isInstanceOf(Diverged.class)
          .hasMessageContaining("step 1:")
          .hasMessageContaining("last good checkpoint is " + out.resolve("checkpoints"))
          .hasMessageContaining("step-00000000");
      assertThat(out.resolve("model")).doesNotExist();
      assertThat(out.resolve(TrainingRun.ENDING)).content().contains("step 1:");
    }
  }

  @Test
  void everyFamilyOfTheDialTrainsAndLoads() throws IOException {
    Files.writeString(dir.resolve("a.txt"), "The cat sat. A rose is red. ".repeat(100));
    for (String family : Dial.FAMILIES) {
      Path out = dir.resolve(family);
      pretrain(small("model.vocab=270", "model.architecture=" + family), out, false, () -> false);
      Path gguf = dir.resolve(family + ".gguf");
      org.puna.model.convert.Convert.run(
          out.resolve("model"), gguf, Optional.of("f16"), Optional.empty(), 1, (_, _) -> {});
      for (Path p : List.of(out.resolve("model"), gguf)) {
        try (Checkpoint c = Checkpoint.open(p)) {
          for (var w : c.weights().all()) assertThat(c.weights().tensor(w.name())).isPresent();
          assertThat(c.config().nLayers()).isEqualTo(1);
        }
      }
    }
  }

  @Test
  void modelsThatNobodyLoadsAreRefused() throws IOException {
    Files.writeString(dir.resolve("a.txt"), "The cat sat. A rose is red. ".repeat(100));
    String[][] wrong = {
      {"model.architecture=gemma3", "model.architecture: expected one of llama"},
      {"model.architecture=mixtral", "model.architecture: expected one of llama"},
      {"model.heads=3", "model.width: expected a multiple of model.heads=3, found 32"},
      {"model.head_dim=7", "model.head_dim: expected an even number"},
      {"model.kv_heads=4", "model.heads: expected a multiple of model.kv_heads=4, found 2"},
      {"model.vocab=3000000", "set model.vocab="},
      {"model.vocab=10", "--set model.vocab: expected 261 to"},
      {"batch.length=512", "--set batch.length: expected 1 to 256, found 512"},
      {"tokenizer.file=none.json", "tokenizer.file: none.json: no such file or folder"},
      {"lora.rank=4", "--set lora.rank: not used by train; leave it out"},
      {"align.method=dpo", "--set align.method: not used by train"},
      {"data.masked=true", "--set data.masked: used with --replay only"}
    };
    for (String[] w : wrong) {
      List<String> sets = small("model.context=256", w[0]);
      assertThatThrownBy(() -> pretrain(sets, dir.resolve("out"), false, () -> false))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining(w[1])
          .hasMessageNotContaining("\n");
      assertThat(dir.resolve("out/data")).as("prepared").doesNotExist();
    }
    List<String> wide = small("model.width=65536", "model.head_dim=32");
    assertThatThrownBy(() -> pretrain(wide, dir.resolve("out"), false, () -> false))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("model: blk.0.ffn_gate.weight would have 11,452,547,072 numbers");
    assertThatThrownBy(() -> Memory.checkWeights(1_000_000_000, 1L << 30))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("1,000,000,000 weights take 15,259 MiB")
        .hasMessageContaining("-Xmx17g");
  }

  @Test
  void whatAReplayDoesNotUseIsRefused() {
    String[][] wrong = {
      {"steps=100", "steps: the file of batches has 20, found 100; leave it out"},
      {"batch.rows=2", "batch.rows: the file of batches has 4, found 2"},
      {"data.held_out=0.5", "--set data.held_out: not used with --replay; leave it out"}
    };
    for (String[] w : wrong) {
      assertThatThrownBy(
              () -> replay(fixture(""), dir.resolve("out"), false, List.of(w[0]), () -> false))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining(w[1]);
    }
  }

  @Test
  void aRunGoesOnFromItsFolderAlone() throws IOException {
    Files.writeString(dir.resolve("a.txt"), "The cat sat. A rose is red. ".repeat(100));
    Path out = dir.resolve("run");
    List<String> level = small("model.vocab=270", "schedule.name=constant");
    pretrain(level, out, false, () -> false);
    assertThat(resumed(Optional.empty(), List.of("steps=2"), out))
        .isEqualTo(TrainingRun.Ending.COMPLETE);
    assertThat(Journal.read(out.resolve("metrics.jsonl"))).hasSize(2);
    // A recipe beside the folder need not name the texts again.
    StringBuilder yaml = new StringBuilder();
    for (String s : level) {
      if (!s.startsWith("data.paths")) yaml.append(s.replace("=", ": ")).append('\n');
    }
    Path file = Files.writeString(dir.resolve("r.yaml"), yaml);
    resumed(Optional.of(file), List.of("steps=3"), out);
    assertThat(Journal.read(out.resolve("metrics.jsonl"))).hasSize(3);
    assertThatThrownBy(() -> resumed(Optional.empty(), List.of(), dir.resolve("none")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("none: no run to continue is here; check --out");
    replay(fixture(""), dir.resolve("replayed"), false, List.of("steps=1"), () -> false);
    assertThatThrownBy(() -> resumed(Optional.empty(), List.of(), dir.resolve("replayed")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("trains a given model further; name that with --init");
  }

  private static TrainingRun.Ending resumed(Optional<Path> recipe, List<String> sets, Path out) {
    return new Pretraining(
            new Pretraining.Request(
                recipe, sets, Optional.empty(), Optional.empty(), Optional.of(out), true, 1),
            new Quiet())
        .run(() -> false);
  }
}
