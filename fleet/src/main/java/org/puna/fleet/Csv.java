package org.puna.fleet;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.puna.model.config.BadInput;

/** Reads CSV files with a header so that every mistake is told with its file and line. */
public final class Csv {
  private static final int MAX_ROWS = 5_000_000;

  /** Characters at the start of a file in which its header ends. */
  private static final int HEAD = 65_536;

  /** Where the parser says a line. */
  private static final Pattern LINE = Pattern.compile("line:? ?([0-9]+)");

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private Csv() {}

  /**
   * One row.
   *
   * @param where file and line, the start of every error
   * @param record the cells
   */
  public record Row(String where, CSVRecord record) {
    /**
     * The text of a column, empty where the cell or the column is missing.
     *
     * @param column its name in the header
     */
    public Optional<String> text(String column) {
      if (!record.isMapped(column) || !record.isSet(column)) return Optional.empty();
      String v = record.get(column).strip();
      return v.isEmpty() ? Optional.empty() : Optional.of(v);
    }

    /**
     * The text of a column that must be there.
     *
     * @param column its name in the header
     */
    public String required(String column) {
      return text(column)
          .orElseThrow(
              () -> new BadInput(where + ": " + column + " is missing; fill the column " + column));
    }

    /**
     * The number of a column, empty where the cell is empty.
     *
     * @param column its name in the header
     */
    public OptionalDouble number(String column) {
      Optional<String> t = text(column);
      if (t.isEmpty()) return OptionalDouble.empty();
      try {
        double v = Double.parseDouble(Digits.ungrouped(t.get(), where + ": " + column));
        if (Double.isFinite(v)) return OptionalDouble.of(v);
      } catch (NumberFormatException e) {
        throw notANumber(column, t.get());
      }
      throw notANumber(column, t.get());
    }

    /**
     * The number of a column that must be there.
     *
     * @param column its name in the header
     */
    public double requiredNumber(String column) {
      required(column);
      return number(column).orElseThrow();
    }

    /**
     * The whole positive number of a column that must be there.
     *
     * @param column its name in the header
     */
    public int requiredCount(String column) {
      double v = requiredNumber(column);
      if (v < 1 || v > Integer.MAX_VALUE || v != Math.rint(v)) {
        throw new BadInput(
            where + ": " + column + " must be a whole number of at least 1, found " + v);
      }
      return (int) v;
    }

    private BadInput notANumber(String column, String found) {
      return new BadInput(
          where
              + ": "
              + column
              + " is not a number, found \""
              + Quantity.brief(found)
              + "\"; write digits without a unit, or leave the cell empty");
    }
  }

  /**
   * Opens a file of UTF-8 text.
   *
   * @param file the file
   * @param remedy what to do where it cannot be read, the end of the error
   * @throws BadInput if there is no such file or it cannot be opened
   */
  public static Reader open(Path file, String remedy) {
    try {
      return Files.newBufferedReader(file);
    } catch (NoSuchFileException e) {
      throw new BadInput(file + ": no such file; " + remedy, e);
    } catch (IOException e) {
      throw new BadInput(file + ": cannot be read: " + e.getMessage() + "; " + remedy, e);
    }
  }

  /**
   * The start of a file, without a byte order mark: enough to know its header by.
   *
   * @param file the file
   * @param remedy what to do where it cannot be read, the end of the error
   */
  public static String head(Path file, String remedy) {
    try (Reader in = open(file, remedy)) {
      return head(in);
    } catch (CharacterCodingException e) {
      throw new BadInput(file + ": not UTF-8 text; save the table as CSV in UTF-8", e);
    } catch (IOException e) {
      throw new BadInput(file + ": cannot be read: " + e.getMessage() + "; " + remedy, e);
    }
  }

  private static String head(Reader in) throws IOException {
    char[] start = new char[HEAD];
    int length = 0;
    for (int n = 0; n >= 0 && length < HEAD; n = in.read(start, length, HEAD - length)) length += n;
    boolean marked = length > 0 && start[0] == BYTE_ORDER_MARK;
    return marked ? new String(start, 1, length - 1) : new String(start, 0, length);
  }

  /** The separator of the header: a semicolon where spreadsheets of many countries write it. */
  private static char separator(String head, boolean comments) {
    String header =
        head.lines()
            .filter(line -> !line.isBlank() && !(comments && line.startsWith("#")))
            .findFirst()
            .orElse("");
    if (header.contains(",")) return ',';
    return header.contains(";") ? ';' : header.contains("\t") ? '\t' : ',';
  }

  /**
   * All rows of a CSV file. Lines that begin with {@code #} and are not the header are comments; a
   * byte order mark is skipped; semicolons or tabs separate cells where the header has no comma.
   *
   * @param text the file
   * @param file its name for errors
   * @param known the columns that may occur; empty for any
   * @throws BadInput if the header is missing or has an unknown column, or a row is malformed
   */
  public static List<Row> read(Reader text, String file, List<String> known) {
    return read(text, file, known, CSVFormat.DEFAULT.builder().setCommentMarker('#').get());
  }

  /**
   * All rows of a CSV file without comments, because a column name begins with {@code #}.
   *
   * @param text the file
   * @param file its name for errors
   */
  public static List<Row> readVerbatim(Reader text, String file) {
    return read(text, file, List.of(), CSVFormat.DEFAULT);
  }

  private static List<Row> read(Reader text, String file, List<String> known, CSVFormat base) {
    BufferedReader in = new BufferedReader(text, HEAD);
    char separator;
    try {
      in.mark(HEAD + 1);
      String head = head(in);
      in.reset();
      in.mark(1);
      if (in.read() != BYTE_ORDER_MARK) in.reset();
      separator = separator(head, base.isCommentMarkerSet());
    } catch (CharacterCodingException e) {
      throw new BadInput(file + ": not UTF-8 text; save the table as CSV in UTF-8", e);
    } catch (IOException e) {
      throw new BadInput(file + ": cannot be read: " + e.getMessage() + "; give a CSV file", e);
    }
    CSVFormat format =
        base.builder()
            .setDelimiter(separator)
            .setHeader()
            .setSkipHeaderRecord(true)
            .setIgnoreEmptyLines(true)
            .setIgnoreSurroundingSpaces(true)
            .get();
    List<Row> rows = new ArrayList<>();
    try (CSVParser parser = CSVParser.builder().setReader(in).setFormat(format).get()) {
      checkHeader(parser, file, known);
      int width = parser.getHeaderNames().size();
      for (CSVRecord r : parser) {
        String where = file + ":" + parser.getCurrentLineNumber();
        if (r.size() != width) {
          throw new BadInput(
              where
                  + ": "
                  + r.size()
                  + " cells but the header has "
                  + width
                  + "; give every column, quote text that has commas");
        }
        if (rows.size() >= MAX_ROWS) {
          throw new BadInput(where + ": more than " + MAX_ROWS + " rows; split the file");
        }
        rows.add(new Row(where, r));
      }
    } catch (UncheckedIOException | IOException | IllegalArgumentException e) {
      throw malformed(file, e);
    }
    return rows;
  }

  private static void checkHeader(CSVParser parser, String file, List<String> known) {
    Map<String, Integer> header = parser.getHeaderMap();
    if (header == null || header.isEmpty()) {
      throw new BadInput(file + ": empty; the first line must name the columns");
    }
    Set<String> seen = new HashSet<>();
    for (String column : parser.getHeaderNames()) {
      if (!seen.add(column.strip())) {
        throw new BadInput(
            file
                + ": the column \""
                + Quantity.brief(column)
                + "\" is there twice; keep one of them");
      }
    }
    if (known.isEmpty()) return;
    for (String column : header.keySet()) {
      if (!known.contains(column.toLowerCase(Locale.ROOT))) {
        throw new BadInput(
            file
                + ": unknown column \""
                + Quantity.brief(column)
                + "\"; known are "
                + String.join(", ", known));
      }
    }
  }

  /** One line about what the parser could not read, with the line of the file where it says so. */
  private static BadInput malformed(String file, Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) root = root.getCause();
    String why = String.valueOf(root.getMessage()).lines().findFirst().orElse("unreadable");
    Matcher line = LINE.matcher(why);
    String where = line.find() ? file + ":" + line.group(1) : file;
    if (why.contains("EOF reached")) {
      return new BadInput(
          where + ": a quotation mark is opened here and never closed; close it or remove it", e);
    }
    if (why.contains("encapsulated token")) {
      return new BadInput(
          where
              + ": text after a closing quotation mark; quote the whole cell, and write \"\" for a"
              + " mark inside it",
          e);
    }
    return new BadInput(where + ": not a CSV file: " + why + "; save the table as CSV", e);
  }
}
