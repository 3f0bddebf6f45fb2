package org.puna.train.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.fixtures.Fixtures;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.safetensors.Safetensors;
import org.puna.train.run.Journal;
import org.puna.train.run.StepReport;
import org.puna.train.run.Watcher;
import tools.jackson.databind.json.JsonMapper;

/** What a teacher said, kept in a file: the golden run without the teacher. */
class StoringTest {
  /** The golden run's bound. */
  private static final double LOSS = 1e-4;

  /** Log-probabilities are kept in float32, and ten steps go on from what they say. */
  private static final double KEPT = 2e-5;

  /** Part of what a student learns of all tokens that it learns of a few. */
  private static final double MOST = 0.7;

  private static final int VOCAB = 320;

  @TempDir private Path dir = Path.of("");

  private static final class Quiet implements Watcher {
    @Override
    public void note(String line) {}

    @Override
    public void begin(long done, long steps) {}

    @Override
    public void stepped(StepReport report, long tokensPerStep) {}
  }

  private static Path golden(String name) {
    return Fixtures.path("training/" + name);
  }

  private FineTuning.Request request(Optional<Path> replay, String out, String... sets) {
    return new FineTuning.Request(
        golden("init"),
        List.of(),
        Optional.empty(),
        List.of(sets),
        dir.resolve(out),
        replay,
        Optional.empty(),
        false,
        false,
        1);
  }

  private static final String[] STEPS = {
    "steps=10", "optimizer.lr=1e-3", "schedule.name=constant", "optimizer.decay=0", "clip=0"
  };

  private Path store(String... sets) {
    Path file = dir.resolve("kept.safetensors");
    new Storing(
            request(Optional.of(golden("data.safetensors")), "none", sets),
            golden("pretrain_final"),
            file,
            new Quiet())
        .run(() -> false);
    return file;
  }

  @Test
  void aRunGoesOnWithTheTeacherThatItBeganWith() throws IOException {
    Path few = Files.move(store("distill.k=4"), dir.resolve("few.safetensors"));
    Path more = store("distill.k=8");
    learn(few, Optional.empty(), "stored", STEPS);
    refused(more, Optional.empty(), "stored");
    refused(golden("pretrain_final"), Optional.of(golden("data.safetensors")), "stored");
    resume(Files.copy(few, dir.resolve("elsewhere.safetensors")), Optional.empty(), "stored");
    Optional<Path> data = Optional.of(golden("data.safetensors"));
    learn(golden("pretrain_final"), data, "live", STEPS);
    refused(golden("init"), data, "live");
    resume(golden("pretrain_final"), data, "live");
  }

  private void refused(Path teacher, Optional<Path> replay, String out) {
    assertThatThrownBy(() -> resume(teacher, replay, out))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("than is given now; go on with what it began with, or choose");
  }

  private void resume(Path teacher, Optional<Path> replay, String out) {
    FineTuning.Request r = request(replay, out, STEPS);
    var resumed =
        new FineTuning.Request(
            r.model(),
            r.data(),
            r.recipe(),
            r.sets(),
            r.out(),
            replay,
            r.adapter(),
            false,
            true,
            1);
    new Distilling(resumed, teacher, new Quiet()).run(() -> false);
  }

  private List<Double> learn(Path teacher, Optional<Path> replay, String out, String... sets) {
    new Distilling(request(replay, out, sets), teacher, new Quiet()).run(() -> false);
    return Journal.read(dir.resolve(out).resolve("metrics.jsonl")).stream()
        .map(n -> n.get("loss").doubleValue())
        .toList();
  }

  @Test
  void allTokensKeptAreTheGoldenRun() {
    Path file = store("distill.k=" + VOCAB);
    List<Double> found = learn(file, Optional.empty(), "kept", STEPS);
    List<Double> live =
        learn(golden("pretrain_final"), Optional.of(golden("data.safetensors")), "live", STEPS);
    var expected = JsonMapper.shared().readTree(golden("golden.json").toFile()).get("distill");
    for (int s = 0; s < 10; s++) {
      assertThat(found.get(s)).isCloseTo(live.get(s), within(KEPT));
      assertThat(found.get(s)).isCloseTo(expected.get(s).get("loss").doubleValue(), within(LOSS));
    }
  }

  @Test
  void fewTokensTeachNearlyAsMuch() {
    Path file = store("distill.k=16", "distill.temperature=1");
    try (Safetensors s = Safetensors.open(file)) {
      assertThat(s.metadata())
          .containsEntry("k", "16")
          .containsEntry("teacher", "pretrain_final")
          .containsEntry("vocab_size", "320")
          .containsEntry("temperature", "1.0");
      // 20 steps of 4 rows and 48 tokens that are guessed.
      assertThat(s.entries().get("top_ids").shape()).containsExactly(20 * 4 * 48, 16);
    }
    List<Double> found = learn(file, Optional.empty(), "kept", STEPS);
    List<Double> whole =
        learn(
            golden("pretrain_final"),
            Optional.of(golden("data.safetensors")),
            "live",
            "distill.temperature=1",
            STEPS[0],
            STEPS[1],
            STEPS[2],
            STEPS[3],
            STEPS[4]);
    // The rest is one outcome, so the loss is less than the whole, and falls as that does.
    for (int s = 0; s < 10; s++) assertThat(found.get(s)).isLessThan(whole.get(s));
    double fell = whole.getFirst() - whole.getLast();
    assertThat(found.getFirst() - found.getLast()).isGreaterThan(MOST * fell);
  }

  @Test
  void whatDoesNotFitIsRefused() throws IOException {
    Path file = Files.move(store("distill.k=4"), dir.resolve("four.safetensors"));
    Optional<Path> replay = Optional.of(golden("data.safetensors"));
    assertThatThrownBy(() -> learn(file, replay, "a", STEPS))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("leave DATA and --replay out");
    assertThatThrownBy(() -> learn(file, Optional.empty(), "a", "distill.temperature=1"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("was stored at 2.0, found 1.0");
    assertThatThrownBy(() -> store("distill.k=321"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("distill.k: expected 1 to 320, found 321");
    assertThatThrownBy(() -> learn(golden("data.safetensors"), Optional.empty(), "a", "steps=1"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("expected what `puna distill --store` writes");
    assertThatThrownBy(() ->
            new Storing(request(replay, "a"), file, dir.resolve("b.safetensors"), new Quiet())
                .run(() -> false))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("is no model");
    new Storing(
            request(replay, "a"),
            golden("pretrain_final"),
            dir.resolve("b.safetensors"),
            new Quiet())
        .run(() -> true);
    assertThat(dir.resolve("b.safetensors")).doesNotExist();
  }

  @Test
  void damageIsFound() throws IOException {
    byte[] whole = Files.readAllBytes(store("distill.k=3"));
    String head = new String(whole, 0, 1500, StandardCharsets.ISO_8859_1);
    int data = head.indexOf("}}") + 2;
    for (int at : new int[] {data + 64, whole.length / 3, whole.length / 2, whole.length - 1}) {
      byte[] bad = whole.clone();
      bad[at] ^= 1;
      Path file = Files.write(dir.resolve("bad.safetensors"), bad);
      assertThatThrownBy(() -> new StoredTeacher(file))
          .isInstanceOf(BadInput.class)
          .message()
          .contains("checksum is wrong")
          .doesNotContain("\n");
    }
    for (String[] change :
        new String[][] {
          {"\"k\":\"3\"", "\"k\":\"4\""},
          {"\"k\":\"3\"", "\"k\":\"x\""},
          {"\"vocab_size\":\"320\"", "\"vocab_size\":\"007\""},
          {"\"temperature\":\"2.0\"", "\"temperature\":\"NaN\""},
          {"rest_logprobs", "best_logprobs"},
          {"\"bounds\":{\"dtype\":\"I64\"", "\"bounds\":{\"dtype\":\"F64\""},
        }) {
      assertThat(head).contains(change[0]);
      byte[] bad = whole.clone();
      byte[] changed = head.replace(change[0], change[1]).getBytes(StandardCharsets.ISO_8859_1);
      System.arraycopy(changed, 0, bad, 0, changed.length);
      Path file = Files.write(dir.resolve("bad.safetensors"), bad);
      assertThatThrownBy(() -> new StoredTeacher(file))
          .as(change[1])
          .isInstanceOf(BadInput.class)
          .message()
          .doesNotContain("\n");
    }
    for (int n : new int[] {0, 7, 500, data, whole.length - 1}) {
      Path file = Files.write(dir.resolve("bad.safetensors"), Arrays.copyOf(whole, n));
      assertThatThrownBy(() -> new StoredTeacher(file)).isInstanceOf(BadInput.class);
    }
  }

  @Test
  void fingerprintsTellTokenizersApart() {
    try (Checkpoint c = Checkpoint.open(Fixtures.path("gguf/tiny-q4_0.gguf"))) {
      String print = Vocabularies.fingerprint(c.tokenizer());
      assertThat(Vocabularies.has(c.tokenizer(), print)).isTrue();
      char last = print.charAt(print.length() - 1);
      String other = print.substring(0, print.length() - 1) + (last == '0' ? '1' : '0');
      assertThat(Vocabularies.has(c.tokenizer(), other)).isFalse();
      assertThat(Vocabularies.has(c.tokenizer(), "999999999:0")).isFalse();
      assertThat(Vocabularies.has(c.tokenizer(), "x")).isFalse();
    }
  }
}
