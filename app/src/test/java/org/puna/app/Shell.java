package org.puna.app;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.puna.app.cli.Console;
import org.puna.app.cli.Context;
import org.puna.app.cli.Settings;

/** Runs command lines in this process and keeps what they print. */
public final class Shell {
  private final Path home;

  /** A shell with an empty home folder. */
  public Shell(Path home) {
    this.home = home;
  }

  /**
   * What a command line did.
   *
   * @param code exit code
   * @param out standard output
   * @param err standard error
   */
  public record Result(int code, String out, String err) {}

  /** Runs with nothing on standard input. */
  public Result run(String... args) {
    return feed("", args);
  }

  /** Runs with the given text on standard input. */
  public Result feed(String input, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console =
        Console.of(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), out, err);
    int code = Main.run(new Context(console, new Settings(home, false, 2)), args);
    console.out().flush();
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
