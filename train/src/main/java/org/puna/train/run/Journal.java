package org.puna.train.run;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.puna.model.config.BadInput;
import org.puna.model.io.OutputFile;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A file of JSON Lines that a run appends to; a resumed run first drops what it will do again. */
public final class Journal implements AutoCloseable {
  private final Path file;
  private final BufferedWriter out;

  /**
   * Opens a file for appending, without the lines from {@code step} on.
   *
   * @throws BadInput if it cannot be written
   */
  public Journal(Path file, long step) {
    this.file = file;
    try {
      List<String> kept = new ArrayList<>();
      for (JsonNode line : read(file)) {
        if (line.path("step").asLong(-1) < step) kept.add(line.toString());
      }
      OutputFile.writeText(file, kept.isEmpty() ? "" : String.join("\n", kept) + "\n");
      out = Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  private static BadInput failure(Path file, IOException e) {
    return new BadInput(file + ": cannot be written: " + e.getMessage(), e);
  }

  /**
   * Returns the whole lines of a file, none where it does not exist; a torn last line is left out.
   */
  public static List<JsonNode> read(Path file) {
    List<JsonNode> lines = new ArrayList<>();
    if (!Files.exists(file)) return lines;
    try {
      // Decoded leniently: a line that was torn within a letter is dropped below.
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      for (String line : text.lines().toList()) {
        if (line.isBlank()) continue;
        try {
          lines.add(JsonMapper.shared().readTree(line));
        } catch (JacksonException _) {
          break; // a kill may tear the last line
        }
      }
      return lines;
    } catch (IOException e) {
      throw org.puna.model.io.MappedFile.unreadable(file, e);
    }
  }

  /** Appends a line and hands it to the system. */
  public void add(Map<String, Object> line) {
    try {
      out.write(JsonMapper.shared().writeValueAsString(line));
      out.newLine();
      out.flush();
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw failure(file, e);
    }
  }
}
