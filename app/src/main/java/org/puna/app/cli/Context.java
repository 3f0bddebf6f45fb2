package org.puna.app.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What every command is made with: streams and settings.
 *
 * @param console the standard streams
 * @param settings the configuration
 */
public record Context(Console console, Settings settings) {

  /** Returns the models that a name on the command line can mean. */
  public ModelStore store() {
    return new ModelStore(settings.models());
  }

  /** Prints one line to standard output. */
  public void say(String line) {
    console.out().println(line);
  }

  /** Prints one line to standard error, after what standard output has got so far. */
  public void note(String line) {
    console.out().flush();
    console.err().println(line);
  }

  /** Prints a value as indented JSON to standard output, with a line end. */
  public void json(Object value) {
    mapper().writeValue(console.out(), value);
    console.out().println();
  }

  /** Returns the JSON mapper of the command line: indented, leaves streams open. */
  public static ObjectMapper mapper() {
    return JsonMapper.builder()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
        .build();
  }

  /**
   * Starts a progress display on standard error: a bar with time left where a person reads it,
   * nothing otherwise.
   *
   * @param task what is being done, a word or two
   * @param total steps, or -1 where nobody knows
   */
  public Progress progress(String task, long total) {
    return Progress.start(console, task, total);
  }

  /**
   * Starts a progress display that counts bytes.
   *
   * @param task what is being done, a word or two
   * @param total bytes
   */
  public Progress progressOfBytes(String task, long total) {
    return Progress.ofBytes(console, task, total);
  }

  /**
   * Returns all of standard input as UTF-8 text.
   *
   * @throws org.puna.model.config.BadInput if it is not UTF-8
   */
  public String readInput() {
    try {
      return Utf8.text(console.in().readAllBytes(), "standard input");
    } catch (IOException e) {
      throw new UncheckedIOException("standard input: " + e.getMessage(), e);
    }
  }
}
