package org.puna.train.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.model.config.BadInput;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.cpu.scalar.ScalarGradKernels;
import org.puna.train.optim.AdamW;
import org.puna.train.params.Parameter;

class CheckpointsTest {
  @TempDir private Path dir = Path.of("");

  private final Team team = new Team(1);
  private final Parameter w = Parameter.zeros("blk.0.attn_q.weight", 3, 5);
  private final AdamW adam =
      new AdamW(List.of(w), new AdamW.Options(0.9, 0.95, 1e-8, 0.1), new ScalarGradKernels(), team);

  @AfterEach
  void close() {
    team.close();
  }

  private void step(long n) {
    for (int i = 0; i < w.size(); i++) w.gradient()[i] = i + n;
    adam.step(n, 0.1, 1);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> s = Files.list(dir)) {
      return s.map(p -> String.valueOf(p.getFileName())).sorted().toList();
    }
  }

  @Test
  void restoresAllAndKeepsTheNewest() throws IOException {
    Checkpoints c = new Checkpoints(dir, 2);
    for (int n = 1; n <= 3; n++) {
      step(n);
      c.save(n, 10 * n, "recipe", List.of(w), adam);
    }
    assertThat(names()).containsExactly("step-00000002", "step-00000003");
    float[] value = w.value().clone();
    float[] memory = adam.state().get(w.name() + ".v").clone();
    step(4);
    var at = c.restore("recipe", List.of(w), adam).orElseThrow();
    assertThat(at.step()).isEqualTo(3);
    assertThat(at.tokens()).isEqualTo(30);
    assertThat(w.value()).isEqualTo(value);
    assertThat(adam.state().get(w.name() + ".v")).isEqualTo(memory);
  }

  @Test
  void aDamagedOneGivesWayToTheOneBefore() throws IOException {
    Checkpoints c = new Checkpoints(dir, 3);
    step(1);
    c.save(1, 10, "recipe", List.of(w), adam);
    step(2);
    Path second = c.save(2, 20, "recipe", List.of(w), adam);
    Path file = second.resolve("weights.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 3] ^= 1;
    Files.write(file, bytes);
    // What a kill leaves of a checkpoint that was being written.
    Files.createDirectories(dir.resolve("step-00000003.part"));
    assertThat(c.restore("recipe", List.of(w), adam).orElseThrow().step()).isEqualTo(1);
    Files.delete(dir.resolve("step-00000001").resolve("state.json"));
    assertThatThrownBy(() -> c.restore("recipe", List.of(w), adam))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("damaged")
        .hasMessageContaining("no whole checkpoint is left");
    Files.writeString(dir.resolve("step-00000001").resolve("state.json"), "{\"step\": 1,\n \"tok");
    Files.delete(second.resolve("state.json"));
    Files.delete(second.resolve("optimizer.safetensors"));
    Files.delete(file);
    Files.delete(second);
    assertThatThrownBy(() -> c.restore("recipe", List.of(w), adam))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("state.json is no JSON")
        .hasMessageNotContaining("\n");
  }

  @Test
  void whatCannotBeWrittenIsOneLineAndTheLastGoodOneStays() throws IOException {
    Checkpoints c = new Checkpoints(dir, 2);
    step(1);
    c.save(1, 10, "recipe", List.of(w), adam);
    // A folder that cannot be made.
    Path taken = Files.writeString(dir.resolve("file"), "");
    assertThatThrownBy(() -> new Checkpoints(taken, 2).save(2, 20, "recipe", List.of(w), adam))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("cannot be written")
        .hasMessageContaining("--resume")
        .hasMessageNotContaining("\n");
    assertThat(c.restore("recipe", List.of(w), adam).orElseThrow().step()).isEqualTo(1);
  }

  @Test
  void anotherRecipeIsRefused() {
    Checkpoints c = new Checkpoints(dir, 1);
    c.save(1, 10, "seed: 1", List.of(w), adam);
    assertThatThrownBy(() -> c.restore("seed: 2", List.of(w), adam))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("another recipe: seed differ");
  }

  @Test
  void howFarItGoesMayChangeWhileTheLearningRateIsLevel() {
    String recipe =
        """
        steps: %d
        optimizer:
          lr: 0.1
        schedule:
          name: %s
          warmup: 2
          warmdown: %d
          floor: 0.1
        samples:
          every: %d
        """;
    Checkpoints c = new Checkpoints(dir, 1);
    c.save(6, 10, recipe.formatted(10, "warmdown", 4, 1), List.of(w), adam);
    assertThat(c.restore(recipe.formatted(20, "warmdown", 9, 7), List.of(w), adam)).isPresent();
    assertThatThrownBy(() -> c.restore(recipe.formatted(9, "warmdown", 4, 1), List.of(w), adam))
        .hasMessageContaining("steps differ");
    assertThatThrownBy(() -> c.restore(recipe.formatted(10, "cosine", 4, 1), List.of(w), adam))
        .hasMessageContaining("schedule.name differ");
    Checkpoints late = new Checkpoints(dir.resolve("late"), 1);
    late.save(7, 10, recipe.formatted(10, "warmdown", 4, 1), List.of(w), adam);
    assertThatThrownBy(() -> late.restore(recipe.formatted(20, "warmdown", 4, 1), List.of(w), adam))
        .hasMessageContaining("steps differ");
  }

  @Test
  void nothingIsNoCheckpoint() {
    assertThat(new Checkpoints(dir.resolve("none"), 1).restore("r", List.of(w), adam)).isEmpty();
  }
}
