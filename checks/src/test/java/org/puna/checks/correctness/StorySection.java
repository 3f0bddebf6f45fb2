package org.puna.checks.correctness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.puna.app.Main;
import org.puna.app.cli.Console;
import org.puna.app.cli.Context;
import org.puna.app.cli.Settings;
import org.puna.checks.Published;

/** The story that stories260K tells, through the command line. */
final class StorySection implements Section {
  private static final String STORY =
      "Once upon a time, there was a little girl named Lily. She loved to play outside in the park."
          + " One day, she saw a big, red ball. She wanted to play with it, but it was too high.";

  @Override
  public String markdown() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Console console =
        Console.of(new ByteArrayInputStream(new byte[0]), out, new ByteArrayOutputStream());
    int code =
        Main.run(
            new Context(console, new Settings(Path.of("none"), false, 2)),
            "run",
            Published.fixture("thirdparty/models/stories260K.gguf").toString(),
            "--greedy",
            "-n",
            "62");
    assertThat(code).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).startsWith(STORY);
    return """
    ## A story

    `puna run stories260K.gguf --greedy` tells what llama.cpp and transformers tell with the same file:

    > %s
    """
        .formatted(STORY);
  }
}
