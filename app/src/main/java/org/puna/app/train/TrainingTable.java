package org.puna.app.train;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.puna.app.cli.Table;
import org.puna.app.cli.Units;
import org.puna.train.run.TrainingSpeed;

/** What was measured of training, as a table for people and as one for a document. */
final class TrainingTable {
  private static final double GIGA = 1e9;

  private TrainingTable() {}

  /**
   * A shape's figures.
   *
   * @param measured of whole steps
   * @param product operations per second of one large product, right after them
   * @param peer of PyTorch in the same run, step by step in turn
   */
  record Row(TrainingSpeed.Result measured, double product, Optional<TorchPeer.Result> peer) {}

  /**
   * What PyTorch 2.13 eager reached with fused AdamW in float32, on the idle machine of two cores
   * on which Puna was written.
   *
   * @param tokensPerSecond whole steps
   * @param gflops the same in operations, 10⁹ a second
   */
  record PyTorch(double tokensPerSecond, double gflops) {
    private static final Map<String, PyTorch> MEASURED =
        Map.of(
            "0.3M", new PyTorch(14_082, 36),
            "7.2M", new PyTorch(3_378, 154),
            "29.5M", new PyTorch(924, 175));

    static Optional<PyTorch> of(TrainingSpeed.Shape shape) {
      return Optional.ofNullable(MEASURED.get(shape.name()));
    }
  }

  static String text(List<Row> rows) {
    Table table =
        new Table(
            "SHAPE",
            "PARAMS",
            "BATCH",
            "TOKENS/S",
            "GFLOP/S",
            "MULTIPLY",
            "MEMORY",
            "PYTORCH",
            "RATIO");
    for (Row row : rows) {
      TrainingSpeed.Result r = row.measured;
      table.row(
          r.shape().name(),
          Units.count(r.parameters()),
          batch(r.shape()),
          f("%.0f", r.median()),
          f("%.0f", r.flopsPerSecond() / GIGA),
          f("%.0f", row.product / GIGA),
          Units.bytes(r.bytes()),
          row.peer.map(p -> f("%.0f", p.median())).orElse("-"),
          row.peer.map(p -> f("%.2f", r.median() / p.median())).orElse("-"));
    }
    return table.text();
  }

  /**
   * Returns a table for a document.
   *
   * @param machine what it was measured on
   * @param steps that each median is of
   * @param mostBytes that the process had in memory
   */
  static String markdown(List<Row> rows, String machine, int steps, OptionalLong mostBytes) {
    StringBuilder out = new StringBuilder(machine);
    out.append("; median of ").append(steps).append(" steps (lowest–highest)");
    boolean beside = rows.stream().allMatch(r -> r.peer.isPresent());
    out.append(beside ? " in turn.\n\n" : ".\n\n").append(beside ? peers(rows) : figures(rows));
    if (mostBytes.isPresent()) {
      out.append(
              "\n"
                  + "The whole process with all shapes, the JVM's heap and code included, took at"
                  + " most ")
          .append(Units.bytes(mostBytes.getAsLong()))
          .append(".\n");
    }
    return out.toString();
  }

  /** Beside a PyTorch that was measured in the same run. */
  private static String peers(List<Row> rows) {
    StringBuilder out = new StringBuilder();
    out.append("| shape | batch | tokens/s | PyTorch ")
        .append(rows.getFirst().peer.orElseThrow().version())
        .append(
            " | ratio | GFLOP/s | one product, GFLOP/s | of it | memory | PyTorch's process |\n"
                + "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    for (Row row : rows) {
      TrainingSpeed.Result r = row.measured;
      TorchPeer.Result p = row.peer.orElseThrow();
      String[] cells = {
        r.shape().name(),
        batch(r.shape()),
        spread(r.median(), r.tokensPerSecond()),
        spread(p.median(), p.tokensPerSecond().stream().mapToDouble(x -> x).toArray()),
        f("%.2f", r.median() / p.median()),
        f("%.0f", r.flopsPerSecond() / GIGA),
        f("%.0f", row.product / GIGA),
        f("%.0f%%", 100 * r.flopsPerSecond() / row.product),
        Units.bytes(r.bytes()),
        p.mostBytes() > 0 ? Units.bytes(p.mostBytes()) : "-"
      };
      out.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
    return out.toString();
  }

  private static String spread(double median, double[] all) {
    double[] x = all.clone();
    Arrays.sort(x);
    return f("%,.0f (%,.0f–%,.0f)", median, x[0], x[x.length - 1]);
  }

  /** Beside what PyTorch reached once. */
  private static String figures(List<Row> rows) {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        | shape | batch | tokens/s | PyTorch 2.13 | ratio | GFLOP/s | PyTorch 2.13 | one product, GFLOP/s | of it | memory |
        |---|---|---:|---:|---:|---:|---:|---:|---:|---:|
        """);
    for (Row row : rows) {
      TrainingSpeed.Result r = row.measured;
      Optional<PyTorch> peer = PyTorch.of(r.shape());
      String[] cells = {
        r.shape().name(),
        batch(r.shape()),
        spread(r.median(), r.tokensPerSecond()),
        peer.map(p -> f("%,.0f", p.tokensPerSecond)).orElse("-"),
        peer.map(p -> f("%.2f", r.median() / p.tokensPerSecond)).orElse("-"),
        f("%.0f", r.flopsPerSecond() / GIGA),
        peer.map(p -> f("%.0f", p.gflops)).orElse("-"),
        f("%.0f", row.product / GIGA),
        f("%.0f%%", 100 * r.flopsPerSecond() / row.product),
        Units.bytes(r.bytes())
      };
      out.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
    return out.toString();
  }

  private static String batch(TrainingSpeed.Shape shape) {
    return shape.rows() + " × " + shape.length();
  }

  private static String f(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
