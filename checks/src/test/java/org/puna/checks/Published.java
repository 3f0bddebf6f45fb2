package org.puna.checks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * The folder of fixtures that others published, which is not part of this repository: the
 * environment variable {@code PUNA_FIXTURES}, else {@code ../shared/fixtures} seen from the working
 * directory or a folder above it.
 */
public final class Published {
  private Published() {}

  /**
   * Returns the path of a fixture; where it is absent the running test is skipped with that reason.
   *
   * @param relative path inside the fixtures folder, such as {@code
   *     thirdparty/models/stories260K.gguf}
   */
  public static Path fixture(String relative) {
    Optional<Path> path = find(relative);
    Assumptions.assumeTrue(
        path.isPresent(),
        () ->
            "no "
                + relative
                + ": set PUNA_FIXTURES to the fixtures folder, or put it in ../shared/fixtures");
    return path.orElseThrow();
  }

  /** Returns the path of a fixture where it exists. */
  public static Optional<Path> find(String relative) {
    return root().map(r -> r.resolve(relative)).filter(Files::exists);
  }

  /** Returns the fixtures folder where there is one. */
  public static Optional<Path> root() {
    return root(System.getenv("PUNA_FIXTURES"), Path.of("").toAbsolutePath());
  }

  static Optional<Path> root(@org.jspecify.annotations.Nullable String env, Path from) {
    if (env != null && !env.isBlank()) {
      return Optional.of(Path.of(env)).filter(Files::isDirectory);
    }
    for (Path at = from; at != null; at = at.getParent()) {
      Path candidate = at.resolve("shared").resolve("fixtures");
      if (Files.isDirectory(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }
}
