package org.puna.train.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.puna.model.config.BadInput;
import org.puna.model.io.MappedFile;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The documents of files and folders: plain text and Markdown, one document a file; JSON Lines, one
 * a line, in the field {@code text} or {@code content}.
 */
public final class Corpus {
  private static final Set<String> TEXT = Set.of("txt", "text", "md", "markdown");
  private static final Set<String> LINES = Set.of("jsonl", "ndjson");
  private static final long MOST_BYTES = 1L << 30;

  private Corpus() {}

  /**
   * Lists the files of a corpus in a fixed order.
   *
   * @throws BadInput if a path does not exist, or no file of a known kind is there
   */
  public static List<Path> files(List<Path> paths) {
    List<Path> files = new ArrayList<>();
    for (Path p : paths) {
      if (Files.isRegularFile(p)) {
        if (!known(p)) {
          throw new BadInput(
              p + ": expected .txt, .md or .jsonl, found another kind; convert it to one of these");
        }
        files.add(p);
      } else if (Files.isDirectory(p)) {
        try (Stream<Path> all = Files.walk(p)) {
          all.filter(f -> Files.isRegularFile(f) && known(f)).sorted().forEach(files::add);
        } catch (IOException e) {
          throw MappedFile.unreadable(p, e);
        }
      } else {
        throw new BadInput(p + ": no such file or folder; check data.paths");
      }
    }
    if (files.isEmpty()) {
      throw new BadInput(
          paths + ": no .txt, .md or .jsonl files here; name a folder that holds texts");
    }
    return files;
  }

  private static boolean known(Path p) {
    return TEXT.contains(ending(p)) || LINES.contains(ending(p));
  }

  private static String ending(Path p) {
    String name = String.valueOf(p.getFileName()).toLowerCase(Locale.ROOT);
    return name.substring(name.lastIndexOf('.') + 1);
  }

  /**
   * Reads documents one after another; blank ones are left out.
   *
   * @param prose whether each section of a text becomes a document of its plain {@link Prose}
   * @throws BadInput if a file cannot be read or a line is not what it should be
   */
  public static void read(List<Path> files, boolean prose, Consumer<Document> sink) {
    read(files, prose ? d -> sections(d, sink) : sink);
  }

  private static void sections(Document d, Consumer<Document> sink) {
    int n = 0;
    for (Prose.Section s : Prose.sections(d.text())) {
      sink.accept(new Document(d.source() + "#" + n++, s.text()));
    }
  }

  /**
   * Reads documents one after another as they are; blank ones are left out.
   *
   * @throws BadInput if a file cannot be read or a line is not what it should be
   */
  public static void read(List<Path> files, Consumer<Document> sink) {
    for (Path f : files) {
      try {
        if (LINES.contains(ending(f))) lines(f, sink);
        else text(f, sink);
      } catch (IOException e) {
        throw MappedFile.unreadable(f, e);
      }
    }
  }

  private static void text(Path f, Consumer<Document> sink) throws IOException {
    if (Files.size(f) > MOST_BYTES) {
      throw new BadInput(
          f + ": a document of more than 1 GiB; split it into several files, or use .jsonl");
    }
    String text = new String(Files.readAllBytes(f), StandardCharsets.UTF_8);
    if (!text.isBlank()) sink.accept(new Document(f.toString(), text));
  }

  private static void lines(Path f, Consumer<Document> sink) throws IOException {
    JsonMapper json = JsonMapper.shared();
    try (BufferedReader in = Files.newBufferedReader(f, StandardCharsets.UTF_8)) {
      long n = 0;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        n++;
        if (line.isBlank()) continue;
        String where = f + ":" + n;
        String text = text(json, line, where);
        if (!text.isBlank()) sink.accept(new Document(where, text));
      }
    }
  }

  private static String text(JsonMapper json, String line, String where) {
    try {
      JsonNode o = json.readTree(line);
      for (String field : List.of("text", "content")) {
        JsonNode v = o.get(field);
        if (v != null && v.isString()) return v.stringValue();
      }
    } catch (JacksonException e) {
      throw new BadInput(where + ": expected a JSON object on one line, found none", e);
    }
    throw new BadInput(where + ": expected a JSON object with a string \"text\" or \"content\"");
  }
}
