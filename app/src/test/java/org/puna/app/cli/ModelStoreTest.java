package org.puna.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.model.config.BadInput;

class ModelStoreTest {
  @TempDir private Path folder;
  private ModelStore store;

  @BeforeEach
  void fill() throws IOException {
    store = new ModelStore(folder);
    Files.writeString(folder.resolve("tiny.gguf"), "12345");
    Files.writeString(folder.resolve("big-00001-of-00002.gguf"), "1");
    Files.writeString(folder.resolve("big-00002-of-00002.gguf"), "2");
    Path repo = Files.createDirectories(folder.resolve("org/repo"));
    Files.writeString(repo.resolve("config.json"), "{}");
    Files.writeString(repo.resolve("inner.gguf"), "x");
  }

  @Test
  void listsFilesAndFoldersOnce() {
    assertThat(store.list())
        .extracting(ModelStore.Entry::name, ModelStore.Entry::bytes)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("big-00001-of-00002", 1L),
            org.assertj.core.groups.Tuple.tuple("org/repo", 3L),
            org.assertj.core.groups.Tuple.tuple("tiny", 5L));
  }

  @Test
  void resolvesPathsAndNames() {
    assertThat(store.resolve("tiny")).isEqualTo(folder.resolve("tiny.gguf"));
    assertThat(store.resolve("org/repo")).isEqualTo(folder.resolve("org/repo"));
    String path = folder.resolve("tiny.gguf").toString();
    assertThat(store.resolve(path)).isEqualTo(Path.of(path));
    assertThat(store.resolve("default")).isRegularFile().isEqualTo(store.resolve("puna-tales"));
  }

  @Test
  void saysWhatAnUnknownNameMayHaveMeant() {
    assertThatThrownBy(() -> store.resolve("tinny"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("did you mean 'tiny'?");
    assertThatThrownBy(() -> store.resolve("../../../no-such-model"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no such file or folder");
    assertThatThrownBy(() -> store.resolve("a\0b")).isInstanceOf(BadInput.class);
  }

  @Test
  void anAbsentStoreIsEmpty() {
    assertThat(new ModelStore(folder.resolve("none")).list()).isEmpty();
  }
}
