package org.puna.train.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.puna.model.config.BadInput;
import org.puna.model.io.MappedFile;
import org.puna.train.parquet.ParquetFile;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The documents of files and folders: plain text and Markdown, one document a file; JSON Lines, one
 * a line, and Parquet, one a row, in the field or column {@code text} or {@code content}, or in one
 * that is named.
 */
public final class Corpus {
  private static final Set<String> TEXT = Set.of("txt", "text", "md", "markdown");
  private static final Set<String> LINES = Set.of("jsonl", "ndjson");
  private static final Set<String> ROWS = Set.of("parquet");
  private static final List<String> FIELDS = List.of("text", "content");
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
              p
                  + ": expected .txt, .md, .jsonl or .parquet, found another kind; convert it to"
                  + " one of these");
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
          String.join(", ", paths.stream().map(Path::toString).toList())
              + ": no .txt, .md, .jsonl or .parquet files here; name a folder that holds texts");
    }
    return files;
  }

  /**
   * Returns the bytes of files together.
   *
   * @throws BadInput if one cannot be read
   */
  public static long bytes(List<Path> files) {
    long sum = 0;
    for (Path f : files) {
      try {
        sum += Files.size(f);
      } catch (IOException e) {
        throw MappedFile.unreadable(f, e);
      }
    }
    return sum;
  }

  private static boolean known(Path p) {
    String e = ending(p);
    return TEXT.contains(e) || LINES.contains(e) || ROWS.contains(e);
  }

  private static String ending(Path p) {
    String name = String.valueOf(p.getFileName()).toLowerCase(Locale.ROOT);
    return name.substring(name.lastIndexOf('.') + 1);
  }

  /**
   * Reads documents one after another; blank ones are left out.
   *
   * @param prose whether each section of a text becomes a document of its plain {@link Prose}
   * @param field of JSON Lines and column of Parquet that holds the text; {@code text}, else {@code
   *     content} where empty
   * @throws BadInput if a file cannot be read or a line is not what it should be
   */
  public static void read(
      List<Path> files, boolean prose, Optional<String> field, Consumer<Document> sink) {
    Predicate<Document> all =
        d -> {
          sink.accept(d);
          return true;
        };
    readWhile(files, field, "with data.field", prose ? d -> sections(d, all) : all);
  }

  /**
   * Reads documents one after another, as long as more are wanted; blank ones are left out.
   *
   * @param field of JSON Lines and column of Parquet that holds the text; {@code text}, else {@code
   *     content} where empty
   * @param how the field is named, for errors, such as {@code with --field}
   * @param sink takes a document and says whether more are wanted
   * @throws BadInput if a file cannot be read or a line is not what it should be
   */
  public static void readWhile(
      List<Path> files, Optional<String> field, String how, Predicate<Document> sink) {
    Fields fields = new Fields(field.map(List::of).orElse(FIELDS), how);
    for (Path f : files) {
      try {
        boolean more =
            LINES.contains(ending(f))
                ? lines(f, fields, sink)
                : ROWS.contains(ending(f)) ? rows(f, fields, sink) : text(f, sink);
        if (!more) return;
      } catch (CharacterCodingException e) {
        throw notUtf8(f, e);
      } catch (IOException e) {
        throw MappedFile.unreadable(f, e);
      }
    }
  }

  /** Where texts are, the preferred field first, and what to name another one with. */
  private record Fields(List<String> names, String how) {}

  private static boolean sections(Document d, Predicate<Document> sink) {
    int n = 0;
    for (Prose.Section s : Prose.sections(d.text())) {
      if (!sink.test(new Document(d.source() + "#" + n++, s.text()))) return false;
    }
    return true;
  }

  /**
   * Reads documents one after another as they are; blank ones are left out.
   *
   * @throws BadInput if a file cannot be read or a line is not what it should be
   */
  public static void read(List<Path> files, Consumer<Document> sink) {
    readWhile(
        files,
        Optional.empty(),
        "so",
        d -> {
          sink.accept(d);
          return true;
        });
  }

  private static boolean rows(Path f, Fields fields, Predicate<Document> sink) {
    try (ParquetFile file = ParquetFile.open(f)) {
      String column = file.textColumn(fields.names, "name the column of texts " + fields.how);
      boolean[] more = {true};
      file.readWhile(
          Set.of(column),
          (n, row) -> {
            String text = row.path(column).stringValue("");
            return text.isBlank() || (more[0] = sink.test(new Document(f + "[" + n + "]", text)));
          });
      return more[0];
    }
  }

  /** Returns a mistake that names a file which is not in UTF-8. */
  public static BadInput notUtf8(Path file, CharacterCodingException e) {
    return new BadInput(file + ": expected UTF-8 text, found other bytes; convert it", e);
  }

  /** Returns what a file begins with, without the byte-order mark that some editors write. */
  public static String withoutMark(String begin) {
    return begin.startsWith("\uFEFF") ? begin.substring(1) : begin;
  }

  private static boolean text(Path f, Predicate<Document> sink) throws IOException {
    if (Files.size(f) > MOST_BYTES) {
      throw new BadInput(
          f + ": a document of more than 1 GiB; split it into several files, or use .jsonl");
    }
    String text = withoutMark(Files.readString(f));
    return text.isBlank() || sink.test(new Document(f.toString(), text));
  }

  private static boolean lines(Path f, Fields fields, Predicate<Document> sink) throws IOException {
    JsonMapper json = JsonMapper.shared();
    try (BufferedReader in = Files.newBufferedReader(f, StandardCharsets.UTF_8)) {
      long n = 0;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (++n == 1) line = withoutMark(line);
        if (line.isBlank()) continue;
        String where = f + ":" + n;
        String text = text(json, line, fields, where);
        if (!text.isBlank() && !sink.test(new Document(where, text))) return false;
      }
    }
    return true;
  }

  private static String text(JsonMapper json, String line, Fields fields, String where) {
    try {
      JsonNode o = json.readTree(line);
      for (String field : fields.names) {
        JsonNode v = o.get(field);
        if (v != null && v.isString()) return v.stringValue();
      }
    } catch (JacksonException e) {
      throw new BadInput(where + ": expected a JSON object on one line, found none", e);
    }
    throw new BadInput(
        where
            + ": expected a JSON object with a string \""
            + String.join("\" or \"", fields.names)
            + "\"; name the field of texts "
            + fields.how);
  }
}
