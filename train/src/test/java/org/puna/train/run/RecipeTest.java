package org.puna.train.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.model.config.BadInput;
import org.puna.train.optim.Schedule;

class RecipeTest {
  @TempDir private Path dir = Path.of("");

  private Recipe read(String yaml) throws IOException {
    return Recipe.read(Files.writeString(dir.resolve("r.yaml"), yaml));
  }

  @Test
  void depthDecidesAllElse() {
    Recipe r = Recipe.empty();
    r.set("depth=6");
    Dial.model(r);
    Dial.training(r, Dial.config(r));
    assertThat(r.whole("model.layers")).isEqualTo(6);
    assertThat(r.whole("model.width")).isEqualTo(384);
    assertThat(r.whole("model.heads")).isEqualTo(6);
    assertThat(r.whole("model.ffn")).isEqualTo(1024);
    // DeepSeek's power laws at this compute: about 4e-3 and 40 thousand tokens.
    assertThat(r.number("optimizer.lr")).isBetween(1e-3, 5e-3);
    assertThat(r.whole("batch.rows") * r.whole("batch.length")).isBetween(20_000L, 100_000L);
    for (String key : Keys.all().keySet()) {
      boolean given =
          List.of(
                      "tokenizer.file",
                      "data.paths",
                      "data.field",
                      "optimizer.momentum",
                      "optimizer.matrix_lr")
                  .contains(key)
              || key.matches("(lora|distill|align)\\..*|data.epochs");
      assertThat(r.has(key)).as(key).isEqualTo(!given);
    }
  }

  @Test
  void everyValueCanBeOverridden() throws IOException {
    Recipe r = read("depth: 4\nmodel: {width: 96, heads: 3}\noptimizer: {lr: 1e-3}\n");
    r.set("optimizer.lr=2e-3");
    r.set("samples.prompts=[a, b]");
    Dial.model(r);
    Dial.training(r, Dial.config(r));
    assertThat(r.whole("model.head_dim")).isEqualTo(32);
    assertThat(r.number("optimizer.lr")).isEqualTo(2e-3);
    assertThat(r.texts("samples.prompts")).containsExactly("a", "b");
  }

  @Test
  void mistakesSayWhereTheyAre() throws IOException {
    assertThatThrownBy(() -> read("optimizer: {lr: -1}"))
        .hasMessage(dir.resolve("r.yaml") + ": optimizer.lr: expected 0 or more, found -1");
    Recipe r = read("batch.length: 64");
    assertThatThrownBy(() -> r.size("batch.length", 1, 32))
        .hasMessage(dir.resolve("r.yaml") + ": batch.length: expected 1 to 32, found 64");
    r.set("batch.length=128");
    assertThatThrownBy(() -> r.size("batch.length", 1, 32))
        .hasMessage("--set batch.length: expected 1 to 32, found 128");
  }

  @Test
  void listsAreDividedAtCommasAndGrow() throws IOException {
    Recipe r = read("data: {paths: 'a, b'}\n");
    assertThat(r.texts("data.paths")).containsExactly("a", "b");
    r.set("data.paths=books,odd");
    r.set("data.paths=[x, 'y,z']");
    assertThat(r.texts("data.paths")).containsExactly("books", "odd", "x", "y,z");
    Path comma = Files.createDirectory(dir.resolve("tales,old"));
    Recipe whole = Recipe.empty();
    whole.set("data.paths=" + comma);
    assertThat(whole.texts("data.paths")).containsExactly(comma.toString());
    whole.set("samples.prompts=Once, long ago");
    whole.set("samples.prompts=The fox");
    assertThat(whole.texts("samples.prompts")).containsExactly("Once, long ago", "The fox");
    whole.set("lora.targets=attn_q,attn_v");
    assertThat(whole.texts("lora.targets")).containsExactly("attn_q", "attn_v");
  }

  @Test
  void aWarmupThatDoesNotFitDoesNotEnd() {
    Recipe r = Recipe.empty();
    for (String s :
        List.of("schedule.name=constant", "schedule.warmup=1000", "optimizer.lr=1e-3")) {
      r.set(s);
    }
    r.set("steps=10");
    Dial.model(r);
    Dial.training(r, Dial.config(r));
    assertThat(r.schedule().at(9)).isEqualTo(1e-5);
    assertThat(r.shortSchedule().orElseThrow()).contains("1000 steps").contains("the run's 10");
    r.set("schedule.name=warmdown");
    r.set("schedule.warmup=4");
    r.set("schedule.warmdown=8");
    assertThat(r.schedule()).isEqualTo(new Schedule.Warmdown(1e-3, 5e-5, 4, 6, 10));
    assertThat(r.shortSchedule().orElseThrow()).contains("of 8 steps only 6 fit");
    r.set("schedule.warmdown=5");
    assertThat(r.shortSchedule()).isEmpty();
  }

  @Test
  void theResolvedRecipeReadsBackAsItself() throws IOException {
    Recipe r = read("depth: 2\ndata: {paths: [x, 'y: z']}\n");
    Dial.model(r);
    Dial.training(r, Dial.config(r));
    String yaml = r.yaml();
    assertThat(read(yaml).yaml()).isEqualTo(yaml);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "optimizer.speed=3 | unknown key optimizer.speed",
        "depth=many | depth: expected a whole number",
        "depth=1.5 | depth: expected a whole number",
        "model.tied=maybe | model.tied: expected true or false",
        "nonsense | expected key=value",
        "clip=NaN | clip: expected a number",
        "optimizer.lr=.nan | optimizer.lr: expected a number",
        "optimizer.lr=.inf | optimizer.lr: expected a number",
        "optimizer.lr=-1 | optimizer.lr: expected 0 or more, found -1",
        "clip=-1 | clip: expected 0 or more",
        "data.similarity=5 | data.similarity: expected 0 to 1",
        "align.beta=-1 | align.beta: expected 0 or more",
        "data.epochs=-1 | data.epochs: expected more than 0",
        "optimizer.beta1=1 | optimizer.beta1: expected 0 to less than 1",
        "name='' | name: expected a name",
        "depth=0 | --set depth: expected 1 to 1000, found 0",
        "optimizer.lr=-2 | --set optimizer.lr: expected 0 or more",
        "optimizer.name=adam | --set optimizer.name: expected adamw or muon, found \"adam\"",
        "schedule.name=linear | schedule.name: expected cosine, warmdown or constant",
        "recompute=all | recompute: expected nothing, cheap or layers",
        "data.duplicates=foo | data.duplicates: expected none, exact or near",
        "align.method=ppo | align.method: expected dpo or grpo",
        "checkpoint.keep=0 | checkpoint.keep: expected 1 to 1000",
        "validation.windows=0 | validation.windows: expected 1 to",
        "data.epochs=1e300 | data.epochs: expected more than 0, 1000000 at most",
        "data.paths=' , ' | data.paths: expected a list of texts",
        "optimiser.lr=1 | --set: unknown key optimiser.lr; did you mean optimizer.lr?",
        "warmup=1 | unknown key warmup; did you mean schedule.warmup?",
        "optimizer.speed=1 | known are optimizer.name, optimizer.lr",
        "nothing.of_this=1 | known are name, depth, seed, model.*, tokenizer.*, data.*"
      })
  void mistakesAreNamed(String assignment, String message) {
    assertThatThrownBy(() -> Recipe.empty().set(assignment))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  @Test
  void filesThatAreNoRecipesAreRefused() {
    assertThatThrownBy(() -> read("- a\n- b\n")).hasMessageContaining("expected keys and values");
    assertThatThrownBy(() -> read("a: [1\n"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("not YAML")
        .hasMessageNotContaining("\n");
    assertThatThrownBy(() -> read("steps: 1\nsteps: 2\n"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("steps")
        .hasMessageNotContaining("\n");
    assertThatThrownBy(() -> read("clip: 1\noptimizer.lr: 1\noptimizer: {lr: 2}\n"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("optimizer.lr is given twice");
    assertThatThrownBy(() -> Recipe.read(dir.resolve("none.yaml")))
        .hasMessageContaining("no such recipe");
  }

  @Test
  void schedules() {
    var cosine = new Schedule.Cosine(3e-3, 3e-4, 5, 20);
    assertThat(cosine.at(0)).isCloseTo(6e-4, org.assertj.core.data.Offset.offset(1e-15));
    assertThat(cosine.at(5)).isEqualTo(3e-3);
    var down = new Schedule.Warmdown(1, 0.1, 4, 5, 20);
    assertThat(down.at(3)).isEqualTo(1);
    assertThat(down.at(15)).isEqualTo(1);
    assertThat(down.at(19)).isCloseTo(0.28, org.assertj.core.data.Offset.offset(1e-12));
    // What the run is too short for does not change how it begins.
    assertThat(new Schedule.Cosine(1, 0, 30, 20).at(2)).isEqualTo(0.1);
    assertThat(new Schedule.Warmdown(1, 0, 30, 0, 20).at(14)).isEqualTo(0.5);
    assertThatThrownBy(() -> new Schedule.Warmdown(1, 0, 0, 30, 20)).isInstanceOf(BadInput.class);
    var level = new Schedule.Constant(3e-3, 2);
    assertThat(level.at(0)).isEqualTo(1.5e-3);
    assertThat(level.at(1)).isEqualTo(3e-3);
    assertThat(level.at(1000)).isEqualTo(3e-3);
    assertThat(new Schedule.Constant(3e-3, 0).at(0)).isEqualTo(3e-3);
  }
}
