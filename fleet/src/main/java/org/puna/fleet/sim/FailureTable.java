package org.puna.fleet.sim;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.puna.fleet.Csv;
import org.puna.model.config.BadInput;

/**
 * What goes wrong in a fleet and how often.
 *
 * <p>The shipped table has the counts of the Llama 3 paper (Table 5: 419 unexpected interruptions
 * of the 405B run in 54 days on 16,384 H100, and 47 planned ones, 466 in all) as rates per
 * chip-hour. What a failure takes out of service and how long repair lasts is not in the paper:
 * those two columns are assumptions of this project.
 *
 * @param classes the kinds of failures
 */
public record FailureTable(List<FailureClass> classes) {
  /** Chip-hours in which the published interruptions were counted: 16,384 chips for 54 days. */
  public static final double LLAMA3_CHIP_HOURS = 16_384.0 * 54 * 24;

  private static final List<String> COLUMNS =
      List.of(
          "component",
          "category",
          "count",
          "per_million_chip_hours",
          "scope",
          "repair_hours",
          "repair_sigma",
          "planned");
  private static final int MAX_CLASSES = 1000;
  private static final double DEFAULT_REPAIR_HOURS = 24;
  private static final double DEFAULT_REPAIR_SIGMA = 1;

  /** Copies the list. */
  public FailureTable {
    classes = List.copyOf(classes);
  }

  /** Returns a table in which nothing fails. */
  public static FailureTable none() {
    return new FailureTable(List.of());
  }

  /** Returns the shipped table: rates of the Llama 3 405B run. */
  public static FailureTable llama3() {
    try (InputStream in = FailureTable.class.getResourceAsStream("interruptions.csv")) {
      if (in == null) throw new IllegalStateException("interruptions.csv is missing from the jar");
      return read(new InputStreamReader(in, StandardCharsets.UTF_8), "interruptions.csv");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A table from a CSV file with the columns component, category and either count (in {@link
   * #LLAMA3_CHIP_HOURS}, so that the published table can be given as it is) or
   * per_million_chip_hours; scope (job, node or leaf), repair_hours, repair_sigma and planned (yes
   * or no) may follow. Where scope is missing, the categories Dependency and Unknown stop the job
   * only and everything else takes the node.
   *
   * @param text the file
   * @param file its name for errors
   * @throws BadInput with file, line and remedy
   */
  public static FailureTable read(Reader text, String file) {
    List<FailureClass> classes = new ArrayList<>();
    for (Csv.Row row : Csv.read(text, file, COLUMNS)) {
      if (classes.size() == MAX_CLASSES) {
        throw new BadInput(row.where() + ": more than " + MAX_CLASSES + " kinds; merge some");
      }
      classes.add(failureClass(row));
    }
    return new FailureTable(classes);
  }

  private static FailureClass failureClass(Csv.Row row) {
    String category = row.text("category").orElse("Other");
    OptionalDouble count = row.number("count");
    OptionalDouble rate = row.number("per_million_chip_hours");
    if (count.isPresent() == rate.isPresent()) {
      throw new BadInput(
          row.where()
              + ": give either count (in 16384 chips and 54 days) or per_million_chip_hours");
    }
    double perChipHour =
        count.isPresent() ? count.getAsDouble() / LLAMA3_CHIP_HOURS : rate.getAsDouble() / 1e6;
    boolean software = category.equals("Dependency") || category.equals("Unknown");
    FailureClass.Scope scope =
        row.text("scope")
            .map(s -> scope(s, row))
            .orElse(software ? FailureClass.Scope.JOB : FailureClass.Scope.NODE);
    boolean repaired = scope != FailureClass.Scope.JOB;
    try {
      return new FailureClass(
          row.required("component"),
          category,
          perChipHour,
          scope,
          row.number("repair_hours").orElse(repaired ? DEFAULT_REPAIR_HOURS : 0),
          row.number("repair_sigma").orElse(repaired ? DEFAULT_REPAIR_SIGMA : 0),
          row.text("planned").map(s -> Trace.yes(s, "planned", row)).orElse(false));
    } catch (BadInput e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(row.where()) ? e : new BadInput(row.where() + ": " + message, e);
    }
  }

  private static FailureClass.Scope scope(String s, Csv.Row row) {
    return switch (s.toLowerCase(Locale.ROOT)) {
      case "job" -> FailureClass.Scope.JOB;
      case "node" -> FailureClass.Scope.NODE;
      case "leaf" -> FailureClass.Scope.LEAF;
      default ->
          throw new BadInput(
              row.where()
                  + ": scope must be job, node or leaf, found \""
                  + Trace.shown(s)
                  + "\"; correct it");
    };
  }

  /**
   * Rate at which a running job is stopped without notice, per hour of one of its chips, by
   * failures that take at most a node.
   */
  public double unplannedPerChipHour() {
    return classes.stream().filter(c -> !c.planned()).mapToDouble(FailureClass::perChipHour).sum();
  }
}
