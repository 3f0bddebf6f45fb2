package org.puna.checks.correctness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** This project's own documents, as a text to learn tokens from. */
final class Documents {
  private Documents() {}

  /** Returns all of them, one after the other. */
  static String all() throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.list(Path.of("..", "docs"))) {
      for (Path f : files.filter(f -> f.toString().endsWith(".md")).sorted().toList()) {
        all.append(Files.readString(f));
      }
    }
    assertThat(all).hasSizeGreaterThan(100_000);
    return all.toString();
  }
}
