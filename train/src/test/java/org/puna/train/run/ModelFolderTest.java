package org.puna.train.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.fixtures.Fixtures;
import org.puna.model.Checkpoint;
import org.puna.model.safetensors.Safetensors;
import org.puna.train.params.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Folders of trained models against those that the transformers library wrote of the same. */
class ModelFolderTest {
  /** What the older spelling, which every version reads, says in other words. */
  private static final Set<String> OTHERWISE =
      Set.of("dtype", "rope_parameters", "transformers_version");

  @TempDir private Path dir;

  private static JsonNode json(Path file) throws IOException {
    return JsonMapper.shared().readTree(Files.readAllBytes(file));
  }

  @Test
  void aModelThatWasTrainedFurtherKeepsItsConfiguration() throws IOException {
    Path in = Fixtures.path("training/init");
    try (Checkpoint base = Checkpoint.open(in)) {
      Parameters weights = Initial.given(base.weights(), _ -> true);
      ModelFolder.write(dir, base, weights);
      // Once more: a run writes its model whenever it is stopped.
      ModelFolder.write(dir, base, weights);
    }
    assertThat(json(dir.resolve("config.json"))).isEqualTo(json(in.resolve("config.json")));
    sameTensors(in);
  }

  private void sameTensors(Path in) {
    try (Safetensors a = Safetensors.open(in);
        Safetensors b = Safetensors.open(dir)) {
      // The embeddings are tied: there is no head of its own.
      assertThat(b.entries().keySet())
          .isEqualTo(a.entries().keySet())
          .doesNotContain("lm_head.weight");
      for (String name : a.entries().keySet()) {
        assertThat(b.entries().get(name).dtype()).isEqualTo(a.entries().get(name).dtype());
        assertThat(b.tensor(name)).as(name).isEqualTo(a.tensor(name));
      }
    }
  }

  @Test
  void aNewModelHasTheLibrarysKeys() throws IOException {
    Path in = Fixtures.path("training/init");
    try (Checkpoint same = Checkpoint.open(in)) {
      ModelFolder.write(
          dir,
          same.architecture(),
          same.config(),
          Initial.given(same.weights(), _ -> true),
          Optional.empty(),
          Optional.empty());
    }
    JsonNode ours = json(dir.resolve("config.json"));
    JsonNode theirs = json(in.resolve("config.json"));
    for (String key : theirs.propertyNames()) {
      if (OTHERWISE.contains(key) || key.endsWith("_token_id")) continue;
      assertThat(ours.path(key).toString()).as(key).isEqualTo(theirs.path(key).toString());
    }
    assertThat(ours.path("torch_dtype").stringValue()).isEqualTo("float32");
    assertThat(ours.path("rope_theta").doubleValue()).isEqualTo(10000);
    sameTensors(in);
  }

  @Test
  void aModelOfAFileGetsAFoldersTokenizer() throws IOException {
    try (Checkpoint base = Checkpoint.open(Fixtures.path("gguf/tiny-q4_0.gguf"))) {
      ModelFolder.write(dir, base, Initial.given(base.weights(), _ -> true));
      try (Checkpoint folder = Checkpoint.open(dir)) {
        int[] ids = base.tokenizer().encode("Once upon a time", false);
        assertThat(folder.tokenizer().encode("Once upon a time", false)).isEqualTo(ids);
        assertThat(folder.chatTemplate()).isEqualTo(base.chatTemplate());
        assertThat(folder.generation()).isEqualTo(base.generation());
        assertThat(folder.config()).isEqualTo(base.config());
      }
    }
  }
}
