package org.puna.train.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.fixtures.Fixtures;
import org.puna.model.config.BadInput;
import org.puna.train.run.Inputs;
import org.puna.train.run.Journal;
import org.puna.train.run.Recipe;
import org.puna.train.run.StepReport;
import org.puna.train.run.Watcher;

/** Which matrices get adapters, by whose names, and what adapters that are given fix. */
class GivenAdaptersTest {
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

  private void tune(String out, Optional<Path> recipe, Optional<Path> adapter, String... sets) {
    var request =
        new FineTuning.Request(
            golden("init"),
            List.of(),
            recipe,
            List.of(sets),
            dir.resolve(out),
            Optional.of(golden("data.safetensors")),
            adapter,
            false,
            false,
            1);
    new FineTuning(request, new Quiet()).run(() -> false);
  }

  private Recipe recipe(String out) {
    return Recipe.read(dir.resolve(out).resolve("recipe.yaml"));
  }

  @Test
  void whatGivenAdaptersFixIsNotOverridden() {
    Optional<Path> given = Optional.of(golden("lora_init"));
    tune("out", Optional.empty(), given, "steps=1");
    Recipe found = recipe("out");
    long rank = found.whole("lora.rank");
    assertThat(found.texts("lora.targets")).contains("q_proj").allMatch(t -> t.endsWith("_proj"));
    assertThat(Inputs.read(dir.resolve("out")).orElseThrow().adapter())
        .contains(golden("lora_init").toString());
    String[] wrong = {"lora.rank=0", "lora.rank=" + (rank + 1), "lora.alpha=3", "lora.targets=k"};
    for (String w : wrong) {
      assertThatThrownBy(() -> tune("wrong", Optional.empty(), given, "steps=1", w))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining(w.substring(0, w.indexOf('=')) + ": the adapters of ")
          .hasMessageContaining("; leave it out")
          .hasMessageNotContaining("\n");
    }
    // The same values, as in a recipe of such a run, with the adapters and without them.
    Optional<Path> saved = Optional.of(dir.resolve("out/recipe.yaml"));
    tune("again", saved, given, "lora.rank=" + rank);
    tune("fresh", saved, Optional.empty());
    assertThat(recipe("fresh").yaml()).isEqualTo(found.yaml());
  }

  @Test
  void matricesHaveOurNamesAndThoseOfPeft() {
    tune(
        "ours",
        Optional.empty(),
        Optional.empty(),
        "steps=1",
        "lora.rank=2",
        "lora.targets=[attn_q, attn_v]");
    for (String targets : List.of("[q_proj, v_proj]", "q_proj,v_proj", "\"attn_q, v_proj\"")) {
      String out = "out" + Math.abs(targets.hashCode());
      tune(
          out,
          Optional.empty(),
          Optional.empty(),
          "steps=1",
          "lora.rank=2",
          "lora.targets=" + targets);
      assertThat(dir.resolve(out).resolve("adapter/adapter_model.safetensors"))
          .hasSameBinaryContentAs(dir.resolve("ours/adapter/adapter_model.safetensors"));
      assertThat(Journal.read(dir.resolve(out).resolve("metrics.jsonl"))).hasSize(1);
    }
    assertThatThrownBy(() ->
            tune(
                "none", Optional.empty(), Optional.empty(), "lora.rank=2", "lora.targets=q_proj,x"))
        .hasMessageContaining("no matrix of a layer is named x; this model has attn_q (q_proj), ");
  }
}
