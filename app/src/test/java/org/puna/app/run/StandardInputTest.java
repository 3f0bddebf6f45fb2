package org.puna.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.cli.Console;
import org.puna.app.cli.Context;
import org.puna.app.cli.Settings;
import org.puna.model.config.BadInput;

/** Prompts from pipes that are slow, silent, empty or broken. */
class StandardInputTest {
  private static final long SOON = 20;

  /** Longer than any pause of a test. */
  private static final long NEVER = 60_000;

  @TempDir private Path home;

  private final ByteArrayOutputStream notes = new ByteArrayOutputStream();

  private StandardInput input(InputStream in, long silenceMillis) {
    Console console = Console.of(in, new ByteArrayOutputStream(), notes);
    return new StandardInput(new Context(console, new Settings(home, false, 1)), silenceMillis);
  }

  private static InputStream bytes(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aSlowPipeIsWaitedFor() throws Exception {
    PipedOutputStream writer = new PipedOutputStream();
    StandardInput in = input(new PipedInputStream(writer), SOON);
    Thread slow =
        Thread.ofVirtual()
            .start(() -> {
              try (writer) {
                while (notes.size() == 0) Thread.sleep(SOON);
                writer.write("Lily was\n".getBytes(StandardCharsets.UTF_8));
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    assertThat(in.prompt()).isEqualTo("Lily was");
    slow.join();
    assertThat(notes.toString(StandardCharsets.UTF_8))
        .startsWith("puna: waiting for standard input")
        .hasLineCount(1);
  }

  @Test
  void whatEndsAtOnceNeedsNoNote() throws Exception {
    assertThat(input(bytes("a\n\nb\r\n\n"), NEVER).prompt()).isEqualTo("a\n\nb");
    assertThat(input(bytes(""), NEVER).prompt()).isEmpty();
    assertThat(input(bytes("é"), NEVER).beside()).contains("é");
    assertThat(input(bytes(" \n"), NEVER).beside()).isEmpty();
    assertThat(notes.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void silenceBesideAPromptIsLeftOutAndSaid() throws Exception {
    try (PipedOutputStream writer = new PipedOutputStream()) {
      assertThat(input(new PipedInputStream(writer), SOON).beside()).isEmpty();
    }
    assertThat(notes.toString(StandardCharsets.UTF_8)).contains("silent").hasLineCount(1);
  }

  @Test
  void whatCanBeginByItselfWaitsLongerButNotForEver() throws Exception {
    assertThat(input(bytes("Lily was\n"), NEVER).promptOrNothing()).isEqualTo("Lily was");
    assertThat(input(bytes(""), NEVER).promptOrNothing()).isEmpty();
    assertThat(notes.toString(StandardCharsets.UTF_8)).isEmpty();
    try (PipedOutputStream writer = new PipedOutputStream()) {
      assertThat(input(new PipedInputStream(writer), SOON).promptOrNothing()).isEmpty();
    }
    assertThat(notes.toString(StandardCharsets.UTF_8))
        .startsWith("puna: waiting for standard input")
        .contains("left out")
        .hasLineCount(2);
  }

  @Test
  void otherEncodingsAreRefused() {
    byte[] latin = "caf\u00e9s".getBytes(StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> input(new ByteArrayInputStream(latin), NEVER).prompt())
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(
            "standard input: expected a text in UTF-8, found byte 0xE9 at offset 3");
  }
}
