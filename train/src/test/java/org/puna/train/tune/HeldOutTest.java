package org.puna.train.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.model.config.BadInput;
import org.puna.train.run.Journal;
import org.puna.train.run.Pretraining;
import org.puna.train.run.Recipe;
import org.puna.train.run.StepReport;
import org.puna.train.run.Watcher;
import tools.jackson.databind.JsonNode;

/** What further training holds out, measures, cuts and drops, and what it says of that. */
class HeldOutTest {
  @TempDir private static Path shared = Path.of("");
  @TempDir private Path dir = Path.of("");

  private final List<String> notes = new ArrayList<>();

  private final class Notes implements Watcher {
    @Override
    public void note(String line) {
      notes.add(line);
    }

    @Override
    public void begin(long done, long steps) {}

    @Override
    public void stepped(StepReport report, long tokensPerStep) {}
  }

  @BeforeAll
  static void pretrain() throws IOException {
    Files.writeString(shared.resolve("a.txt"), "What is red? A rose is red. Who sat? ".repeat(200));
    new Pretraining(
            new Pretraining.Request(
                Optional.empty(),
                List.of(
                    "depth=1",
                    "model.vocab=280",
                    "model.width=32",
                    "model.heads=2",
                    "model.context=64",
                    "data.paths=" + shared.resolve("a.txt"),
                    "data.held_out=0",
                    "batch.rows=2",
                    "batch.length=32",
                    "steps=2",
                    "samples.every=0"),
                Optional.empty(),
                Optional.empty(),
                Optional.of(shared.resolve("run")),
                false,
                1),
            new Watcher() {
              @Override
              public void note(String line) {}

              @Override
              public void begin(long done, long steps) {}

              @Override
              public void stepped(StepReport report, long tokensPerStep) {}
            })
        .run(() -> false);
  }

  private static Path model() {
    return shared.resolve("run/model");
  }

  private FineTuning.Request request(Path data, String out, boolean resume, String... sets) {
    return new FineTuning.Request(
        model(),
        List.of(data),
        Optional.empty(),
        List.of(sets),
        dir.resolve(out),
        Optional.empty(),
        Optional.empty(),
        false,
        resume,
        1);
  }

  private Path data(String text) throws IOException {
    return Files.writeString(dir.resolve("data.jsonl"), text);
  }

  /** Ten questions, each with its answer. */
  private Path ten() throws IOException {
    StringBuilder s = new StringBuilder();
    for (int i = 0; i < 10; i++) {
      s.append("{\"question\":\"Who ").append(i).append("?\",\"answer\":\"Me.\"}\n");
    }
    return data(s.toString());
  }

  private List<JsonNode> metrics(String out) {
    return Journal.read(dir.resolve(out).resolve("metrics.jsonl"));
  }

  private static List<Double> all(List<JsonNode> lines, String key) {
    return lines.stream().filter(n -> n.has(key)).map(n -> n.get(key).doubleValue()).toList();
  }

  @Test
  void conversationsAreHeldOutAndMeasured() throws IOException {
    Path data = ten();
    String[] sets = {
      "steps=8", "batch.rows=2", "optimizer.lr=1e-2", "validation.every=2", "data.held_out=0.2"
    };
    new FineTuning(request(data, "out", false, sets), new Notes()).run(() -> false);
    List<Double> found = all(metrics("out"), "validation_loss");
    assertThat(found).hasSize(4);
    assertThat(found.getLast()).isLessThan(found.getFirst());
    assertThat(notes)
        .contains("conversations: 10 read, 2 held out")
        .anyMatch(n -> n.startsWith("step 8: held-out loss "));
    assertThat(Files.readString(dir.resolve("out/report.html"))).contains("held-out loss");
    // Stopped after any step and gone on with, it finds the same.
    int[] steps = {0};
    new FineTuning(request(data, "cut", false, sets), new Notes()).run(() -> ++steps[0] == 3);
    assertThat(metrics("cut")).hasSize(3);
    new FineTuning(request(data, "cut", true, sets), new Notes()).run(() -> false);
    assertThat(all(metrics("cut"), "validation_loss")).isEqualTo(found);
    assertThat(Files.readAllBytes(dir.resolve("cut/model/model.safetensors")))
        .isEqualTo(Files.readAllBytes(dir.resolve("out/model/model.safetensors")));
    // Others are measured after the same part is held out from another order.
    assertThatThrownBy(() ->
            new FineTuning(
                    request(data, "cut", true, "steps=8", "batch.rows=2", "optimizer.lr=1e-2"),
                    new Notes())
                .run(() -> false))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("data.held_out");
  }

  @Test
  void onePartSaysTheOther() throws IOException {
    Path data = ten();
    new FineTuning(
            request(data, "part", false, "steps=40", "batch.rows=1", "data.held_out=0.3"),
            new Notes())
        .run(() -> false);
    assertThat(all(metrics("part"), "validation_loss")).hasSize(20);
    new FineTuning(
            request(data, "every", false, "steps=4", "batch.rows=1", "validation.every=2"),
            new Notes())
        .run(() -> false);
    assertThat(all(metrics("every"), "validation_loss")).hasSize(2);
    assertThat(notes).contains("conversations: 10 read, 1 held out");
  }

  @Test
  void nothingIsHeldOutUnasked() throws IOException {
    new FineTuning(request(ten(), "out", false, "steps=1", "batch.rows=2"), new Notes())
        .run(() -> false);
    Recipe r = Recipe.read(dir.resolve("out/recipe.yaml"));
    for (String key :
        List.of(
            "data.held_out",
            "data.prose",
            "data.duplicates",
            "data.similarity",
            "tokenizer.lines",
            "validation.windows")) {
      assertThat(r.has(key)).as(key).isFalse();
    }
    assertThat(r.whole("validation.every")).isZero();
  }

  @Test
  void preferencesAreHeldOutWithTheirAccuracy() throws IOException {
    StringBuilder s = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      s.append("{\"question\":\"Who ")
          .append(i)
          .append("?\",\"chosen\":\"You are.\",\"rejected\":\"No idea.\"}\n");
    }
    new Aligning(
            request(
                data(s.toString()),
                "out",
                false,
                "steps=6",
                "batch.rows=2",
                "optimizer.lr=1e-3",
                "data.held_out=0.5",
                "validation.every=3"),
            new Notes())
        .run(() -> false);
    assertThat(all(metrics("out"), "validation_loss")).hasSize(2);
    assertThat(all(metrics("out"), "validation_accuracy")).containsExactly(1.0, 1.0);
    assertThat(all(metrics("out"), "validation_margin")).allMatch(m -> m > 0);
    assertThat(notes).contains("pairs: 6 read, 3 held out");
  }

  @Test
  void studentsAreMeasuredAsTheyLearn() throws IOException {
    Path data = ten();
    String[] sets = {"steps=2", "batch.rows=2", "data.held_out=0.2", "validation.every=1"};
    new Distilling(request(data, "live", false, sets), model(), new Notes()).run(() -> false);
    Path kept = dir.resolve("kept.safetensors");
    new Storing(request(data, "x", false, "distill.k=280"), model(), kept, new Notes())
        .run(() -> false);
    var stored =
        new FineTuning.Request(
            model(),
            List.of(),
            Optional.empty(),
            List.of(sets),
            dir.resolve("stored"),
            Optional.empty(),
            Optional.empty(),
            false,
            false,
            1);
    new Distilling(stored, kept, new Notes()).run(() -> false);
    List<Double> live = all(metrics("live"), "validation_loss");
    List<Double> told = all(metrics("stored"), "validation_loss");
    assertThat(live).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(told.get(i)).isCloseTo(live.get(i), org.assertj.core.data.Offset.offset(1e-4));
    }
  }

  @Test
  void copiesAreOnOneSideAndTheOrderIsTheSeeds() {
    List<Integer> all = IntStream.range(0, 100).map(i -> i % 20).boxed().toList();
    var a = Selection.of(all, 0.25, 7, String::valueOf);
    assertThat(new HashSet<>(a.heldOut())).hasSize(5);
    assertThat(a.learned()).doesNotContainAnyElementsOf(a.heldOut());
    assertThat(a.learned().size() + a.heldOut().size()).isEqualTo(100);
    assertThat(Selection.of(all, 0.25, 7, String::valueOf)).isEqualTo(a);
    assertThat(Set.copyOf(Selection.of(all, 0.25, 8, String::valueOf).heldOut()))
        .isNotEqualTo(Set.copyOf(a.heldOut()));
    assertThat(Selection.of(List.of(1, 2), 1e-6, 1, String::valueOf).heldOut()).hasSize(1);
  }

  @Test
  void whatIsLeftOutIsCounted() throws IOException {
    Path data =
        data(
            """
            {"question":"Who?","answer":"Me."}
            {"question":"Who?","answer":"Me and all the others who are there, one and all of them."}
            {"question":"Who sat there, and who is red, and who is a rose, and who is who?","answer":"Me."}
            {"messages":[{"role":"user","content":"Who?"}]}
            """);
    new FineTuning(
            request(data, "out", false, "steps=1", "batch.rows=1", "batch.length=30"), new Notes())
        .run(() -> false);
    assertThat(notes)
        .contains(
            "conversations: 4 read, 1 cut after batch.length=30 tokens, 1 dropped: without an"
                + " answer to learn, 1 dropped: no answer begins within batch.length=30");
  }

  @Test
  void whatCannotTeachIsSaid() throws IOException {
    Path data = ten();
    new FineTuning(
            request(data, "lora", false, "steps=1", "lora.rank=2", "lora.alpha=0"), new Notes())
        .run(() -> false);
    assertThat(notes)
        .anyMatch(
            n -> n.matches("[\\d,]+ weights of adapters are trained, beside [\\d,]+ of the.*"))
        .anyMatch(n -> n.startsWith("lora.alpha=0: "));
    String pair = "{\"question\":\"Who?\",\"chosen\":\"%s\",\"rejected\":\"No.\"}\n";
    new Aligning(
            request(
                data(pair.formatted("Yes.") + pair.formatted("No.")),
                "dpo",
                false,
                "steps=1",
                "align.beta=0"),
            new Notes())
        .run(() -> false);
    assertThat(notes)
        .contains("1 of 2 pairs chose and rejected the same answer; nothing is learned of those")
        .anyMatch(n -> n.startsWith("align.beta=0: "));
    new Aligning(
            request(
                data("{\"question\":\"Who?\",\"answer\":\"no number\"}\n"),
                "grpo",
                false,
                "steps=2",
                "align.method=grpo",
                "align.tokens=4",
                "align.group=2"),
            new Notes())
        .run(() -> false);
    assertThat(notes.stream().filter(n -> n.contains("have the same reward (mean 0.00)")))
        .hasSize(1);
  }

  @Test
  void samplesAreAnswers() throws IOException {
    new FineTuning(
            request(
                data("{\"question\":\"Who?\",\"answer\":\"Me.\"}\n"),
                "out",
                false,
                "steps=40",
                "batch.rows=4",
                "optimizer.lr=1e-2",
                "samples.every=40",
                "samples.prompts=Who?",
                "samples.temperature=0"),
            new Notes())
        .run(() -> false);
    // Continued as a text it would not stop after the answer, nor know that one is asked for.
    List<JsonNode> samples = Journal.read(dir.resolve("out/samples.jsonl"));
    assertThat(samples).hasSize(1);
    assertThat(samples.getFirst().path("text").asString()).isEqualTo("Who?\nMe.");
  }

  @Test
  void filesThatAreThereStay() throws IOException {
    Path there = Files.writeString(dir.resolve("there.safetensors"), "kept");
    assertThatThrownBy(() ->
            new Storing(request(ten(), "x", false), model(), there, new Notes()).run(() -> false))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("there.safetensors exists already; name another file, or delete it");
    var options = new ChatFile.Options(400, 1, Optional.empty(), 1, 1);
    assertThatThrownBy(() -> ChatFile.write(List.of(dir), options, there))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("there.safetensors exists already; name another file, or delete it");
    assertThat(there).hasContent("kept");
  }

  @Test
  void whatCannotBeHeldOutIsOneLine() throws IOException {
    Path one = data("{\"question\":\"Who?\",\"answer\":\"Me.\"}\n".repeat(3));
    Path asked =
        Files.writeString(
            dir.resolve("asked.jsonl"),
            "{\"messages\":[{\"role\":\"user\",\"content\":\"Who?\"}]}\n");
    mistake("expected two different examples or more to divide, found 1", one, "data.held_out=0.5");
    mistake(
        "nothing is held out that could be measured", one, "validation.every=1", "data.held_out=0");
    mistake("asked.jsonl: none of 1 conversations has an answer to learn", asked);
    mistake("no answer begins within batch.length=3; choose a longer one", one, "batch.length=3");
    mistake("data.paths: conversations are named on the command line", one, "data.paths=books");
    mistake("data.duplicates: conversations are named", one, "data.duplicates=exact");
    mistake("validation.windows: all that data.held_out holds out", one, "validation.windows=2");
    assertThatThrownBy(() ->
            new Aligning(
                    request(one, "out", false, "align.method=grpo", "data.held_out=0.1"),
                    new Notes())
                .run(() -> false))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("data.held_out: grpo learns from answers that it draws")
        .hasMessageNotContaining("\n");
  }

  private void mistake(String says, Path data, String... sets) {
    assertThatThrownBy(
            () -> new FineTuning(request(data, "out", false, sets), new Notes()).run(() -> false))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(says)
        .hasMessageNotContaining("\n");
  }
}
