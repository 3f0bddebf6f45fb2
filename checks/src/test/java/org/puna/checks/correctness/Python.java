package org.puna.checks.correctness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * A Python with PyTorch, transformers, accelerate and gguf: the environment variable {@code
 * PUNA_PYTHON}, else {@code python3} of the path.
 */
final class Python {
  private static final int MINUTES = 5;
  private static final String NEEDED = "import torch, transformers, accelerate, gguf";
  private static final Optional<String> FOUND = find();

  private final Path folder;

  /**
   * Where there is none, or it lacks one of some more libraries, the running test is skipped with
   * that reason.
   */
  Python(Path folder, String... more) {
    Assumptions.assumeTrue(
        FOUND.isPresent(),
        "no Python with PyTorch, transformers, accelerate and gguf: set PUNA_PYTHON to one, as"
            + " .ci/run does");
    for (String library : more) {
      Assumptions.assumeTrue(
          has(FOUND.orElseThrow(), "import " + library), "that Python has no " + library);
    }
    this.folder = folder;
  }

  private static Optional<String> find() {
    String named = System.getenv("PUNA_PYTHON");
    String python = named == null || named.isBlank() ? "python3" : named;
    return has(python, NEEDED) ? Optional.of(python) : Optional.empty();
  }

  private static boolean has(String python, String imports) {
    try {
      Path log = Files.createTempFile("puna-python", ".log");
      try {
        return start(python, List.of("-c", imports), log) == 0;
      } finally {
        Files.delete(log);
      }
    } catch (IOException e) {
      return false;
    }
  }

  private static int start(String python, List<String> args, Path log) throws IOException {
    List<String> line = new ArrayList<>();
    line.add(python);
    line.addAll(args);
    Process p =
        new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      if (p.waitFor(MINUTES, TimeUnit.MINUTES)) return p.exitValue();
      throw new IOException(line + ": not done in " + MINUTES + " minutes");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(line + ": interrupted", e);
    } finally {
      p.destroyForcibly();
    }
  }

  /** Returns the interpreter. */
  String interpreter() {
    return FOUND.orElseThrow();
  }

  /** Runs a script that lies beside this class. */
  void run(String script, Object... args) throws IOException {
    Path file = folder.resolve(script);
    try (InputStream in = Objects.requireNonNull(Python.class.getResourceAsStream(script))) {
      Files.write(file, in.readAllBytes());
    }
    List<String> line = new ArrayList<>(List.of(file.toString()));
    for (Object a : args) {
      if (a instanceof List<?> several) several.forEach(each -> line.add(each.toString()));
      else line.add(a.toString());
    }
    Path log = folder.resolve(script + ".log");
    int code = start(interpreter(), line, log);
    assertThat(code).as(() -> script + " said: " + read(log)).isZero();
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
