package org.puna.app.models;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.puna.app.cli.Context;
import org.puna.app.cli.Table;
import org.puna.app.cli.Units;
import org.puna.model.convert.Report;
import org.puna.model.convert.Report.TensorReport;

/** Prints what became of the tensors of a written file. */
final class WeightReport {
  private WeightReport() {}

  /** Prints one row for each change of type, and for each tensor where asked for. */
  static void print(Context context, Report report, boolean tensors, boolean json) {
    if (json) {
      context.json(fields(report));
      return;
    }
    context.console().out().print((tensors ? each(report) : byType(report)).text());
    context.say(
        String.format(
            Locale.ROOT,
            "%d tensors, %s before, %s after (%.2f bits a number)",
            report.tensors().size(),
            Units.bytes(report.bytesBefore()),
            Units.bytes(report.bytesAfter()),
            8.0 * report.bytesAfter() / Math.max(1, elements(report))));
  }

  private static long elements(Report report) {
    return report.tensors().stream().mapToLong(WeightReport::elements).sum();
  }

  private static long elements(TensorReport t) {
    return t.shape().stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
  }

  /** A change of type and the tensors that it happened to. */
  private record Change(String from, String to, List<TensorReport> tensors) {
    long bytes() {
      return tensors.stream().mapToLong(TensorReport::bytes).sum();
    }

    /** Mean of the errors, each weighted with its tensor's numbers. */
    OptionalDouble meanError() {
      double weighted = 0;
      long n = 0;
      for (TensorReport t : tensors) {
        if (t.relativeError().isPresent()) {
          weighted += t.relativeError().getAsDouble() * elements(t);
          n += elements(t);
        }
      }
      return n == 0 ? OptionalDouble.empty() : OptionalDouble.of(weighted / n);
    }

    OptionalDouble worstError() {
      return tensors.stream()
          .filter(t -> t.relativeError().isPresent())
          .mapToDouble(t -> t.relativeError().getAsDouble())
          .max();
    }
  }

  private static List<Change> changes(Report report) {
    Map<String, Change> out = new LinkedHashMap<>();
    for (TensorReport t : report.tensors()) {
      out.computeIfAbsent(
              t.from() + ">" + t.to(), k -> new Change(t.from(), t.to(), new ArrayList<>()))
          .tensors()
          .add(t);
    }
    return List.copyOf(out.values());
  }

  private static Table byType(Report report) {
    Table table = new Table("FROM", "TO", "TENSORS", "SIZE", "MEAN ERROR", "WORST ERROR");
    for (Change c : changes(report)) {
      table.row(
          c.from(),
          c.to(),
          c.tensors().size(),
          Units.bytes(c.bytes()),
          percent(c.meanError()),
          percent(c.worstError()));
    }
    return table;
  }

  private static Table each(Report report) {
    Table table = new Table("TENSOR", "SHAPE", "FROM", "TO", "SIZE", "ERROR", "NOTE");
    for (TensorReport t : report.tensors()) {
      table.row(
          t.name(),
          t.shape(),
          t.from(),
          t.to(),
          Units.bytes(t.bytes()),
          percent(t.relativeError()),
          t.note());
    }
    return table;
  }

  /** Returns an error relative to the root mean square of the original. */
  private static String percent(OptionalDouble error) {
    return error.isPresent()
        ? String.format(Locale.ROOT, "%.3f%%", 100 * error.getAsDouble())
        : "-";
  }

  private static Map<String, Object> fields(Report report) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("bytes_before", report.bytesBefore());
    out.put("bytes_after", report.bytesAfter());
    List<Map<String, Object>> types = new ArrayList<>();
    for (Change c : changes(report)) {
      Map<String, Object> f = new LinkedHashMap<>();
      f.put("from", c.from());
      f.put("to", c.to());
      f.put("tensors", c.tensors().size());
      f.put("bytes", c.bytes());
      c.meanError().ifPresent(e -> f.put("mean_relative_error", e));
      c.worstError().ifPresent(e -> f.put("worst_relative_error", e));
      types.add(f);
    }
    out.put("types", types);
    List<Map<String, Object>> tensors = new ArrayList<>();
    for (TensorReport t : report.tensors()) {
      Map<String, Object> f = new LinkedHashMap<>();
      f.put("name", t.name());
      f.put("shape", t.shape());
      f.put("from", t.from());
      f.put("to", t.to());
      f.put("bytes", t.bytes());
      t.relativeError().ifPresent(e -> f.put("relative_error", e));
      if (!t.note().isEmpty()) {
        f.put("note", t.note());
      }
      tensors.add(f);
    }
    out.put("tensors", tensors);
    return out;
  }
}
