package org.puna.checks;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.puna.app.Main;
import org.puna.app.cli.Console;
import org.puna.app.cli.Context;
import org.puna.app.cli.Settings;

/** The page of all commands is what the commands say of themselves. */
class CommandLinePageTest {
  @Test
  void thePageIsTrue() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Console console =
        Console.of(new ByteArrayInputStream(new byte[0]), out, new ByteArrayOutputStream());
    Main.run(new Context(console, new Settings(Path.of("none"), false, 1)), "help", "--markdown");
    Documents.check("cli.md", out.toString(StandardCharsets.UTF_8));
  }
}
