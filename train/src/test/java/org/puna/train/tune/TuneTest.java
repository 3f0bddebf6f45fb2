package org.puna.train.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.fixtures.Fixtures;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.train.lora.Adapters;
import org.puna.train.lora.PeftFolder;
import org.puna.train.params.Parameters;
import org.puna.train.run.Initial;
import org.puna.train.run.Journal;
import org.puna.train.run.Pretraining;
import org.puna.train.run.StepReport;
import org.puna.train.run.Watcher;
import tools.jackson.databind.JsonNode;

/** Further training of a tiny model that was trained a moment before. */
class TuneTest {
  /** The golden run's bound. */
  private static final double LOSS = 1e-4;

  @TempDir private static Path shared = Path.of("");
  @TempDir private Path dir = Path.of("");

  private static Path model() {
    return shared.resolve("run").resolve("model");
  }

  private static final class Quiet implements Watcher {
    @Override
    public void note(String line) {}

    @Override
    public void begin(long done, long steps) {}

    @Override
    public void stepped(StepReport report, long tokensPerStep) {}
  }

  @BeforeAll
  static void pretrain() throws IOException {
    Files.writeString(shared.resolve("a.txt"), "What is red? A rose is red. Who sat? ".repeat(200));
    List<String> sets =
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
            "samples.every=0");
    new Pretraining(
            new Pretraining.Request(
                Optional.empty(),
                sets,
                Optional.empty(),
                Optional.empty(),
                Optional.of(shared.resolve("run")),
                false,
                1),
            new Quiet())
        .run(() -> false);
  }

  private FineTuning.Request request(Path data, List<String> sets, boolean merge) {
    return new FineTuning.Request(
        model(),
        List.of(data),
        Optional.empty(),
        sets,
        dir.resolve("out"),
        Optional.empty(),
        Optional.empty(),
        merge,
        false,
        1);
  }

  private Path data(String name, String text) throws IOException {
    return Files.writeString(dir.resolve(name), text);
  }

  private List<Double> losses() {
    return Journal.read(dir.resolve("out").resolve("metrics.jsonl")).stream()
        .map(n -> n.get("loss").doubleValue())
        .toList();
  }

  @Test
  void onlyTheAssistantIsLearned() {
    try (Checkpoint c = Checkpoint.open(model())) {
      var format = new ChatFormat(c.tokenizer(), c.chatTemplate().orElseThrow());
      var user = java.util.Map.<String, Object>of("role", "user", "content", "Who?");
      var answer = java.util.Map.<String, Object>of("role", "assistant", "content", "Me.");
      Example e = format.encode("x", List.of(user, answer, user, answer, user), Optional.empty());
      StringBuilder learned = new StringBuilder();
      for (int i = 0; i < e.ids().length; i++) {
        if (e.learned()[i]) learned.append(c.tokenizer().decode(new int[] {e.ids()[i]}, true));
      }
      assertThat(learned.toString()).isEqualTo("Me.<|eot_id|>Me.<|eot_id|>");
      assertThat(e.ids()[0]).isEqualTo(c.tokenizer().bos().getAsInt());
    }
  }

  @Test
  void allWeightsLearnAConversation() throws IOException {
    Path data =
        data(
            "chat.jsonl",
            """
            {"messages":[{"role":"user","content":"What is red?"},{"role":"assistant","content":"A rose."}]}
            {"instruction":"Who sat?","input":"","output":"The cat."}
            """);
    new FineTuning(
            request(data, List.of("steps=20", "batch.rows=2", "optimizer.lr=1e-2"), false),
            new Quiet())
        .run(() -> false);
    assertThat(losses().getLast()).isLessThan(losses().getFirst() / 2);
    try (Checkpoint c = Checkpoint.open(dir.resolve("out").resolve("model"))) {
      assertThat(c.chatTemplate()).isPresent();
    }
  }

  @Test
  void adaptersLearnMergeAndLoad() throws IOException {
    Path data = data("q.json", "[{\"question\":\"Who?\",\"answer\":\"You.\"}]");
    new FineTuning(
            request(
                data, List.of("steps=5", "batch.rows=1", "optimizer.lr=1e-2", "lora.rank=2"), true),
            new Quiet())
        .run(() -> false);
    assertThat(losses().getLast()).isLessThan(losses().getFirst());
    try (Checkpoint base = Checkpoint.open(model());
        Checkpoint merged = Checkpoint.open(dir.resolve("out").resolve("model"))) {
      Adapters a =
          new PeftFolder(base.architecture(), base.config(), false)
              .read(
                  dir.resolve("out").resolve("adapter"),
                  n -> base.weights().get(n).tensor().shape());
      Parameters expected = Student.merged(Initial.given(base.weights(), _ -> false), a);
      for (var p : expected.all()) {
        assertThat(merged.weights().get(p.name()).tensor().toFloats())
            .isEqualTo(p.tensor().toFloats());
      }
    }
  }

  @Test
  void preferencesAreLearned() throws IOException {
    Path data =
        data(
            "pairs.json",
            """
            [{"instruction":"Who?","input":"","chosen":"You are.","rejected":"No idea."},
             {"instruction":"Red?","input":"x","chosen":"A rose.","rejected":"Nothing at all."}]
            """);
    new Aligning(
            request(data, List.of("steps=8", "batch.rows=2", "optimizer.lr=1e-3"), false),
            new Quiet())
        .run(() -> false);
    assertThat(losses().getFirst())
        .isCloseTo(Math.log(2), org.assertj.core.data.Offset.offset(1e-6));
    assertThat(losses().getLast()).isLessThan(0.6);
  }

  @Test
  void rewardsAndAdvantages() {
    assertThat(Reward.NUMBER.of("so 1,200 and then 42.0", "#### 42")).isEqualTo(1);
    assertThat(Reward.NUMBER.of("42 or 43", "#### 42")).isZero();
    assertThat(Reward.NUMBER.of("none", "#### 42")).isZero();
    assertThat(Reward.NUMBER.of("9".repeat(500), "#### 42")).isZero();
    assertThat(Reward.TEXT.of(" A  rose", "a rose")).isEqualTo(1);
    assertThat(Reinforcing.advantages(new double[] {1, 1, 1})).containsOnly(0);
    double[] a = Reinforcing.advantages(new double[] {1, 0, 0, 1});
    assertThat(a[0]).isCloseTo(0.866, org.assertj.core.data.Offset.offset(1e-3)).isEqualTo(-a[1]);
  }

  @Test
  void adaptersGoOnAsInTheGoldenRun() throws URISyntaxException {
    var request =
        new FineTuning.Request(
            golden("init"),
            List.of(),
            Optional.empty(),
            List.of(
                "steps=10",
                "optimizer.lr=5e-3",
                "schedule.name=constant",
                "clip=0",
                "data.masked=true",
                "batch.micro_rows=2"),
            dir.resolve("out"),
            Optional.of(golden("data.safetensors")),
            Optional.of(golden("lora_init")),
            false,
            false,
            1);
    new FineTuning(request, new Quiet()).run(() -> false);
    JsonNode expected =
        tools.jackson.databind.json.JsonMapper.shared()
            .readTree(golden("golden.json").toFile())
            .get("lora");
    for (int s = 0; s < 10; s++) {
      assertThat(losses().get(s))
          .isCloseTo(
              expected.get(s).get("loss").doubleValue(), org.assertj.core.data.Offset.offset(LOSS));
    }
  }

  private static Path golden(String name) {
    return Fixtures.path("training/" + name);
  }

  @Test
  void distillationIsTheGoldenRun() throws URISyntaxException {
    var request =
        new FineTuning.Request(
            golden("init"),
            List.of(),
            Optional.empty(),
            List.of(
                "steps=10",
                "optimizer.lr=1e-3",
                "schedule.name=constant",
                "optimizer.decay=0",
                "clip=0"),
            dir.resolve("out"),
            Optional.of(golden("data.safetensors")),
            Optional.empty(),
            false,
            false,
            1);
    new Distilling(request, golden("pretrain_final"), new Quiet()).run(() -> false);
    JsonNode expected =
        tools.jackson.databind.json.JsonMapper.shared()
            .readTree(golden("golden.json").toFile())
            .get("distill");
    for (int s = 0; s < 10; s++) {
      assertThat(losses().get(s))
          .isCloseTo(
              expected.get(s).get("loss").doubleValue(), org.assertj.core.data.Offset.offset(LOSS));
    }
  }

  @Test
  void aStoredTeacherTeachesTheSame() throws IOException {
    Path data =
        data(
            "chat.jsonl",
            """
            {"messages":[{"role":"user","content":"What is red?"},{"role":"assistant","content":"A rose."}]}
            {"question":"Who sat there?","answer":"The cat."}
            {"question":"Who?","answer":"You."}
            """);
    Path file = dir.resolve("kept.safetensors");
    List<String> sets = List.of("steps=6", "batch.rows=2", "optimizer.lr=1e-2", "seed=5");
    new Storing(request(data, List.of("distill.k=280"), false), model(), file, new Quiet())
        .run(() -> false);
    new Distilling(request(data, sets, false), model(), new Quiet()).run(() -> false);
    List<Double> live = losses();
    var stored =
        new FineTuning.Request(
            model(),
            List.of(),
            Optional.empty(),
            sets,
            dir.resolve("out2"),
            Optional.empty(),
            Optional.empty(),
            false,
            false,
            1);
    new Distilling(stored, file, new Quiet()).run(() -> false);
    List<Double> kept =
        Journal.read(dir.resolve("out2").resolve("metrics.jsonl")).stream()
            .map(n -> n.get("loss").doubleValue())
            .toList();
    assertThat(kept).hasSize(6);
    for (int s = 0; s < 6; s++) {
      assertThat(kept.get(s)).isCloseTo(live.get(s), org.assertj.core.data.Offset.offset(LOSS));
    }
  }

  @Test
  void anotherVocabularyIsNoTeacher() throws IOException, URISyntaxException {
    Path data = data("q.json", "[{\"question\":\"Who?\",\"answer\":\"You.\"}]");
    var distilling = new Distilling(request(data, List.of(), false), golden("init"), new Quiet());
    assertThatThrownBy(() -> distilling.run(() -> false))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("320")
        .hasMessageContaining("280");
  }

  @Test
  void badConversationsAreNamed() throws IOException {
    Path data = data("q.jsonl", "{\"question\":\"Who?\",\"answer\":\"You.\"}\n{\"q\":1}\n");
    assertThatThrownBy(() -> Conversations.read(List.of(data)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("q.jsonl:2");
    Path torn = data("t.jsonl", "{\"question\":\"Who?\",\"answer\":\"You.\"}\n{\"question\"");
    assertThatThrownBy(() -> Conversations.read(List.of(torn)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("t.jsonl:2: expected a JSON object");
    Path latin = Files.write(dir.resolve("l.jsonl"), new byte[] {'"', (byte) 0xe9, '"'});
    assertThatThrownBy(() -> Conversations.read(List.of(latin)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("expected UTF-8");
    Path unpaired = data("u.json", "[{\"question\":\"Who?\",\"chosen\":\"You.\"}]");
    assertThatThrownBy(() -> Conversations.pairs(List.of(unpaired)))
        .hasMessageContaining("rejected");
  }

  @Test
  void partsOfTextAreOneTextAndOthersAreRefused() throws IOException {
    String line =
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Who \"},%s]},"
            + "{\"role\":\"assistant\",\"content\":\"Me.\",\"weight\":%s}]}\n";
    String text = "{\"type\":\"text\",\"text\":\"sat?\"}";
    Path good = data("parts.jsonl", "\uFEFF" + line.formatted(text, 1));
    assertThat(Conversations.read(List.of(good)).getFirst().messages().getFirst().get("content"))
        .isEqualTo("Who sat?");
    String image = "{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}";
    Path other = data("image.jsonl", line.formatted(text, 1) + line.formatted(image, 1));
    assertThatThrownBy(() -> Conversations.read(List.of(other)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("image.jsonl:2: message 0")
        .hasMessageContaining("image_url");
    Path heavy = data("heavy.jsonl", line.formatted(text, "0.5"));
    assertThatThrownBy(() -> Conversations.read(List.of(heavy)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("weight: expected 0 or 1, found 0.5");
  }

  @Test
  void anAnswerOfWeightZeroIsNotLearned() throws IOException {
    Path data =
        data(
            "weights.jsonl",
            """
            {"messages":[{"role":"user","content":"Who?"},{"role":"assistant","content":"No.","weight":0},\
            {"role":"user","content":"Who?"},{"role":"assistant","content":"Me.","weight":1}]}
            """);
    var c = Conversations.read(List.of(data)).getFirst();
    try (Checkpoint m = Checkpoint.open(model())) {
      var format = new ChatFormat(m.tokenizer(), m.chatTemplate().orElseThrow());
      Example e = format.encode(c.where(), c.messages(), c.tools());
      StringBuilder learned = new StringBuilder();
      for (int i = 0; i < e.ids().length; i++) {
        if (e.learned()[i]) learned.append(m.tokenizer().decode(new int[] {e.ids()[i]}, true));
      }
      assertThat(learned.toString()).isEqualTo("Me.<|eot_id|>");
    }
  }

  @Test
  void whatCannotBeTunedIsOneLine() throws IOException {
    Path data = data("q.json", "[{\"question\":\"Who?\",\"answer\":\"You.\"}]");
    String[][] wrong = {
      {"lora.targets=[]", "lora.targets: none is named; this model has attn_q"},
      {"lora.targets=token_embd", "no matrix of a layer is named token_embd"},
      {"lora.targets=output", "no matrix of a layer is named output"},
      {"model.width=64", "model.width: the sizes are those of"},
      {"depth=2", "depth: the sizes are those of"},
      {"tokenizer.file=t.json", "know their own tokenizer only; leave it out"}
    };
    for (String[] w : wrong) {
      var tuning = new FineTuning(request(data, List.of("lora.rank=2", w[0]), false), new Quiet());
      assertThatThrownBy(() -> tuning.run(() -> false))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining(w[1])
          .hasMessageNotContaining("\n");
    }
    var storing =
        new Storing(request(data, List.of(), false), model(), dir.resolve("t.st"), new Quiet());
    assertThatThrownBy(() -> storing.run(() -> false))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--store: expected a file name that ends in .safetensors");
  }

  @Test
  void aRunGoesOnWithTheDataAndTheModelThatItBeganWith() throws IOException {
    Path a = data("a.json", "[{\"question\":\"Who?\",\"answer\":\"You.\"}]");
    Path b = data("b.json", "[{\"question\":\"Who?\",\"answer\":\"She.\"}]");
    List<String> sets = List.of("name=x", "steps=2", "batch.rows=1", "batch.length=32");
    new FineTuning(request(a, sets, false), new Quiet()).run(() -> false);
    assertThatThrownBy(() -> resume(model(), b, sets))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("another text");
    assertThatThrownBy(() -> resume(dir.resolve("out/model"), a, sets))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("another model");
    resume(model(), a, sets);
  }

  private void resume(Path model, Path data, List<String> sets) {
    tune(model, data, sets, "out", Optional.empty(), true);
  }

  private void tune(
      Path model, Path data, List<String> sets, String out, Optional<Path> adapter, boolean on) {
    var request =
        new FineTuning.Request(
            model,
            List.of(data),
            Optional.empty(),
            sets,
            dir.resolve(out),
            Optional.empty(),
            adapter,
            false,
            on,
            1);
    new FineTuning(request, new Quiet()).run(() -> false);
  }

  @Test
  void aRunGoesOnWithTheAdaptersThatItBeganWith() throws IOException {
    Path data = data("a.json", "[{\"question\":\"Who?\",\"answer\":\"You.\"}]");
    List<String> sets =
        List.of("name=x", "steps=2", "batch.rows=1", "batch.length=32", "lora.rank=2");
    tune(model(), data, sets, "first", Optional.empty(), false);
    Path given = dir.resolve("first/adapter");
    tune(model(), data, sets, "out", Optional.of(given), false);
    tune(model(), data, sets, "out", Optional.of(given), true);
    // Others in the same place: the recipe, which has the path, does not show it.
    List<String> other = new ArrayList<>(sets);
    other.add("optimizer.lr=1e-2");
    tune(model(), data, other, "other", Optional.empty(), false);
    Path weights = given.resolve("adapter_model.safetensors");
    Files.copy(
        dir.resolve("other/adapter/adapter_model.safetensors"),
        weights,
        StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> tune(model(), data, sets, "out", Optional.of(given), true))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("another adapter than is given now; go on with")
        .hasMessageContaining("or choose another --out");
    assertThatThrownBy(() -> tune(model(), data, sets, "out", Optional.empty(), true))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("lora.targets differ");
  }
}
