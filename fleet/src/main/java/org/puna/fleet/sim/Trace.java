package org.puna.fleet.sim;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.puna.fleet.Csv;
import org.puna.model.config.BadInput;

/**
 * Jobs read from a CSV file.
 *
 * <p>Columns: {@code submit} (an ISO 8601 date or date-time, UTC where no offset is written, or
 * hours since the start of the simulation), {@code gpus}, and one of {@code hours} (undisturbed
 * work on the preferred chip) and {@code chip_hours}. Optional: {@code job} (a name), {@code chip}
 * (accepted kinds separated by {@code |}, the preferred first; {@code any} or empty takes every
 * kind), {@code priority} (a whole number, default 0, larger first), {@code team}, {@code user},
 * {@code checkpoint_minutes} (default: Young's optimum), {@code checkpoint_seconds} (how long work
 * stops for one, default 30), {@code preemptible} (yes or no, default yes).
 *
 * @param start the moment that time 0 stands for: the given one, or the beginning of the day (UTC)
 *     of the first submission
 * @param jobs in the order of the file
 */
public record Trace(Instant start, List<JobSpec> jobs) {
  /** Stop of the work for one checkpoint where a trace says nothing, in seconds. */
  public static final double DEFAULT_SAVE_SECONDS = 30;

  private static final Instant NO_DATE = Instant.parse("2025-01-01T00:00:00Z");
  private static final List<String> COLUMNS =
      List.of(
          "job",
          "submit",
          "gpus",
          "chip",
          "hours",
          "chip_hours",
          "priority",
          "team",
          "user",
          "checkpoint_minutes",
          "checkpoint_seconds",
          "preemptible");

  /** Copies the list. */
  public Trace {
    jobs = List.copyOf(jobs);
  }

  /**
   * Opens a text file of the user.
   *
   * @param file the file
   * @param what what it should be, for the error
   * @throws BadInput if it is missing or cannot be read
   */
  public static Reader open(Path file, String what) {
    try {
      return Files.newBufferedReader(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw new BadInput(file + ": no such file; give the path of " + what, e);
    } catch (IOException e) {
      throw new BadInput(file + ": cannot be read as " + what + "; check the path", e);
    }
  }

  /**
   * Reads jobs for a fleet.
   *
   * @param text the file
   * @param file its name for errors
   * @param fleet where the jobs are to run; a gang that it can never hold is refused
   * @param start the moment that time 0 stands for, or empty to take it from the file
   * @param teams policies whose quotas must hold the gangs
   * @throws BadInput with file, line and remedy
   */
  public static Trace read(
      Reader text, String file, FleetSpec fleet, Optional<Instant> start, List<TeamPolicy> teams) {
    List<Csv.Row> rows = Csv.read(text, file, COLUMNS);
    if (rows.isEmpty()) {
      throw new BadInput(file + ": no jobs; write a line per job with submit, gpus and hours");
    }
    Instant zero =
        start.orElseGet(() ->
            rows.stream()
                .filter(r -> !isNumber(r.required("submit")))
                .map(Trace::date)
                .min(Instant::compareTo)
                .map(first -> first.truncatedTo(ChronoUnit.DAYS))
                .orElse(NO_DATE));
    Set<String> known = fleet.chipNames();
    List<JobSpec> jobs = new ArrayList<>(rows.size());
    Set<String> names = new HashSet<>();
    for (Csv.Row row : rows) {
      String id = row.text("job").orElse("job-" + (jobs.size() + 1));
      if (!names.add(id)) {
        throw new BadInput(
            row.where() + ": job \"" + shown(id) + "\" occurs twice; give it another name");
      }
      JobSpec job = job(row, id, zero, known);
      fits(row, job, fleet, teams);
      jobs.add(job);
    }
    return new Trace(zero, jobs);
  }

  private static JobSpec job(Csv.Row row, String id, Instant zero, Set<String> known) {
    int gpus = row.requiredCount("gpus");
    OptionalDouble hours = row.number("hours");
    OptionalDouble chipHours = row.number("chip_hours");
    if (hours.isPresent() == chipHours.isPresent()) {
      throw new BadInput(row.where() + ": give either hours or chip_hours");
    }
    double work = hours.isPresent() ? hours.getAsDouble() : chipHours.getAsDouble() / gpus;
    long workMillis = Math.round(work * 3.6e6);
    if (!(work > 0) || workMillis < 1 || workMillis > JobSpec.MAX_WORK_MILLIS) {
      throw new BadInput(
          row.where()
              + ": the work must be more than 0 and at most 876000 hours, found "
              + work
              + " hours; correct hours or chip_hours");
    }
    double priority = row.number("priority").orElse(0);
    if (priority != Math.rint(priority) || Math.abs(priority) > 1e9) {
      throw new BadInput(
          row.where() + ": priority must be a whole number, found " + priority + "; correct it");
    }
    return new JobSpec(
        id,
        submit(row, zero),
        gpus,
        chips(row, known),
        workMillis,
        (int) priority,
        row.text("team").orElse("default"),
        row.text("user").orElse("default"),
        millis(row, "checkpoint_minutes", 0, 60_000),
        millis(row, "checkpoint_seconds", DEFAULT_SAVE_SECONDS, 1000),
        row.text("preemptible").map(s -> yes(s, "preemptible", row)).orElse(true));
  }

  private static long millis(Csv.Row row, String column, double otherwise, double unit) {
    double v = row.number(column).orElse(otherwise);
    if (!(v >= 0 && v * unit <= JobSpec.MAX_WORK_MILLIS)) {
      throw new BadInput(
          row.where()
              + ": "
              + column
              + " must be at least 0 and less than 100 years, found "
              + v
              + "; correct it");
    }
    return Math.round(v * unit);
  }

  private static long submit(Csv.Row row, Instant zero) {
    String text = row.required("submit");
    double millis =
        isNumber(text)
            ? row.requiredNumber("submit") * 3.6e6
            : (double) Duration.between(zero, date(row)).toMillis();
    if (!(millis >= 0 && millis <= SimConfig.MAX_HORIZON_MILLIS)) {
      throw new BadInput(
          row.where()
              + ": submit \""
              + shown(text)
              + "\" is before the start of the simulation ("
              + zero
              + ") or more than 100 years after it; correct it or give another start");
    }
    return Math.round(millis);
  }

  private static boolean isNumber(String text) {
    return text.matches("[+-]?[0-9]*\\.?[0-9]+([eE][+-]?[0-9]+)?");
  }

  private static Instant date(Csv.Row row) {
    String text = row.required("submit");
    try {
      String iso = text.replace(' ', 'T');
      if (iso.length() == 10) return LocalDate.parse(iso).atStartOfDay().toInstant(ZoneOffset.UTC);
      return iso.matches(".*(Z|[+-][0-9]{2}:?[0-9]{2})$")
          ? OffsetDateTime.parse(iso).toInstant()
          : LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      throw new BadInput(
          row.where()
              + ": submit \""
              + shown(text)
              + "\" is not a date; write 2025-01-31, 2025-01-31T08:00Z or hours since the start",
          e);
    }
  }

  private static List<String> chips(Csv.Row row, Set<String> known) {
    String text = row.text("chip").orElse("any");
    if (text.equalsIgnoreCase("any")) return List.copyOf(known);
    List<String> chips = new ArrayList<>();
    for (String part : Arrays.asList(text.split("\\|", -1))) {
      String wanted = part.strip();
      chips.add(
          known.stream()
              .filter(k -> k.equalsIgnoreCase(wanted))
              .findFirst()
              .or(() -> begins(known, wanted))
              .orElseThrow(() ->
                  new BadInput(
                      row.where()
                          + ": unknown chip \""
                          + shown(wanted)
                          + "\"; the fleet has "
                          + String.join(", ", known)
                          + "; write one of them or any")));
    }
    return chips;
  }

  private static Optional<String> begins(Set<String> known, String wanted) {
    String prefix = wanted.toLowerCase(Locale.ROOT) + "-";
    List<String> hits =
        known.stream().filter(k -> k.toLowerCase(Locale.ROOT).startsWith(prefix)).toList();
    return hits.size() == 1 ? Optional.of(hits.getFirst()) : Optional.empty();
  }

  private static void fits(Csv.Row row, JobSpec job, FleetSpec fleet, List<TeamPolicy> teams) {
    int largest = fleet.largestGang(job.chips());
    if (job.gpus() > largest) {
      throw new BadInput(
          row.where()
              + ": a gang of "
              + job.gpus()
              + " chips never fits: the largest pool of "
              + String.join(" or ", job.chips())
              + " has "
              + largest
              + " without spares; reduce gpus, the spares, or name another chip");
    }
    for (TeamPolicy t : teams) {
      if (t.team().equals(job.team()) && job.gpus() > t.quotaChips()) {
        throw new BadInput(
            row.where()
                + ": a gang of "
                + job.gpus()
                + " chips never fits the quota of team "
                + shown(t.team())
                + " ("
                + t.quotaChips()
                + "); reduce gpus or raise the quota");
      }
    }
  }

  /** Text of the user on one line, for errors. */
  static String shown(String text) {
    String line = text.replaceAll("[\\s\\p{Cntrl}]+", " ");
    return line.length() <= 40 ? line : line.substring(0, 40) + "…";
  }

  static boolean yes(String text, String column, Csv.Row row) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "yes", "true", "1" -> true;
      case "no", "false", "0" -> false;
      default ->
          throw new BadInput(
              row.where()
                  + ": "
                  + column
                  + " must be yes or no, found \""
                  + shown(text)
                  + "\"; correct it");
    };
  }
}
