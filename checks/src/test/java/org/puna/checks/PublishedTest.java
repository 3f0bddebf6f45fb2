package org.puna.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublishedTest {
  @Test
  void looksUpwardsFromTheWorkingDirectory(@TempDir Path dir) throws IOException {
    Path fixtures = Files.createDirectories(dir.resolve("shared/fixtures"));
    Path deep = Files.createDirectories(dir.resolve("puna/checks"));
    assertThat(Published.root(null, deep)).contains(fixtures);
  }

  @Test
  void theEnvironmentVariableWins(@TempDir Path dir) throws IOException {
    Path chosen = Files.createDirectories(dir.resolve("chosen"));
    Files.createDirectories(dir.resolve("shared/fixtures"));
    assertThat(Published.root(chosen.toString(), dir)).contains(chosen);
    assertThat(Published.root(dir.resolve("missing").toString(), dir)).isEmpty();
  }
}
