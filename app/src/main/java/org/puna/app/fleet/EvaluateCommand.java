package org.puna.app.fleet;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.fleet.Catalogue;
import org.puna.fleet.Csv;
import org.puna.fleet.estimate.Calibration;
import org.puna.fleet.estimate.Calibrator;
import org.puna.fleet.estimate.Evaluation;
import org.puna.fleet.estimate.IterationModel;
import org.puna.fleet.estimate.Layout;
import org.puna.fleet.estimate.Measurement;
import org.puna.fleet.plan.PublishedTables;
import org.puna.model.config.BadInput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints predictions beside measurements. */
@Command(
    name = "evaluate",
    description = "Prints prediction, measurement and error of each row, and the mean and median.",
    sortOptions = false,
    footer = {
      "",
      "The file is a table of measured iterations, of published throughput (tflops) or of",
      "published runs (gpu_hours); its header decides.",
      "",
      "Examples:",
      "  puna fleet evaluate measurements.csv --calibration mine",
      "  puna fleet evaluate measurements.csv --folds --summary",
      "  puna fleet evaluate throughput_tables.csv --markdown"
    })
final class EvaluateCommand implements Runnable {
  private static final String REMEDY = "give a CSV of measurements or a published table";

  private final Context context;

  @Parameters(index = "0", paramLabel = "FILE", description = "Measurements or a published table.")
  private Path file = Path.of("");

  @Option(
      names = "--calibration",
      paramLabel = "NAME",
      description = "Constants by name (default: node for rows of one server, else cluster).")
  private @Nullable String calibration;

  @Option(names = "--folds", description = "Fit each four fifths and predict the last: five folds.")
  private boolean folds;

  @Option(names = "--summary", description = "Leave the rows out.")
  private boolean summary;

  @Mixin private MachineOptions machines = new MachineOptions();
  @Mixin private ReportOptions options = new ReportOptions();

  EvaluateCommand(Context context) {
    this.context = context;
  }

  @Override
  public void run() {
    String header = header();
    if (header.contains("gpu_hours")) {
      published("GPU-hours", false);
    } else if (header.contains("tflops")) {
      published("TFLOP/s per GPU", true);
    } else {
      measured();
    }
  }

  private String header() {
    return Csv.head(file, REMEDY)
        .lines()
        .filter(line -> !line.startsWith("# ") || line.startsWith("# GPUs"))
        .findFirst()
        .orElse("");
  }

  private void published(String figure, boolean throughput) {
    Catalogue chips = machines.chips();
    Calibration c = machines.calibration(context, calibration == null ? "cluster" : calibration);
    IterationModel model = new IterationModel(c);
    List<PublishedTables.Row> rows;
    try (Reader in = Csv.open(file, REMEDY)) {
      rows =
          throughput
              ? PublishedTables.throughput(in, file.toString(), chips, model)
              : PublishedTables.runs(in, file.toString(), chips, model);
    } catch (IOException e) {
      throw new BadInput(file + ": cannot be read: " + e.getMessage(), e);
    }
    if (rows.isEmpty()) {
      throw new BadInput(file + ": no rows below the header; give at least one published figure");
    }
    Report out = new Report("Published " + figure);
    String unit = throughput ? "%.1f" : "%.0f";
    if (throughput) {
      out.table("Published " + figure, "run", "published", "predicted", "error", "chosen");
    } else {
      out.table(
          "Published " + figure,
          "run",
          "published",
          "predicted",
          "error",
          "range",
          "in range",
          "layout");
    }
    double sum = 0;
    for (PublishedTables.Row r : rows) {
      sum += Math.abs(r.error());
      String published = throughput ? Amounts.f(unit, r.published()) : Amounts.whole(r.published());
      String predicted = throughput ? Amounts.f(unit, r.predicted()) : Amounts.whole(r.predicted());
      if (throughput) {
        out.row(r.what(), published, predicted, Amounts.error(r.error()), r.detail());
      } else {
        out.row(
            r.what(),
            published,
            predicted,
            Amounts.error(r.error()),
            Amounts.words(r.least()) + " to " + Amounts.words(r.most()),
            r.contained() ? "yes" : "no",
            r.detail());
      }
    }
    double mean = sum / rows.size();
    out.note("Mean absolute error " + Amounts.percent(mean) + ".");
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("figure", figure);
    json.put("calibration", c.name());
    json.put("meanAbsoluteError", mean);
    json.put("rows", rows);
    out.print(context, options, json);
  }

  private void measured() {
    List<Measurement> rows = CalibrateCommand.read(file);
    Evaluation e;
    if (folds) {
      var conditions = Calibrator.likelyConditions(machines.measured("A100-80GB-SXM"), rows);
      e =
          Evaluation.crossValidated(
              rows, new Calibrator(conditions, Calibration.uncalibrated(conditions)));
    } else if (calibration != null) {
      Calibration named = machines.calibration(context, calibration);
      e = Evaluation.of(rows, m -> named);
    } else {
      Calibration node = machines.calibration(context, "node");
      Calibration cluster = machines.calibration(context, "cluster");
      e =
          Evaluation.of(
              rows,
              m -> m.layout().gpus() <= node.conditions().machine().nodeChips() ? node : cluster);
    }
    Report out = new Report("Measured iterations");
    if (!summary) {
      out.table(
          "Measured iterations",
          "row",
          "layers",
          "hidden",
          "layout",
          "batch",
          "micro",
          "measured ms",
          "predicted ms",
          "error");
      for (Evaluation.Row r : e.rows()) {
        Measurement m = r.measurement();
        out.row(
            m.where(),
            m.model().nLayers(),
            m.model().dModel(),
            m.layout(),
            m.batch(),
            m.microBatch(),
            Amounts.f("%.1f", m.millis()),
            Amounts.f("%.1f", r.predictedMillis()),
            Amounts.error(r.error()));
      }
    }
    out.table(summary ? "" : "Summary", "figure", "value");
    out.row("rows", e.rows().size());
    out.row("mean absolute error", Amounts.percent(e.meanAbsolute()));
    out.row("median absolute error", Amounts.percent(e.medianAbsolute()));
    out.row("worst", Amounts.percent(e.worst()));
    long beyond = e.rows().stream().filter(r -> Math.abs(r.error()) > 0.2).count();
    out.row("rows worse than 20%", beyond);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("rows", e.rows().stream().map(EvaluateCommand::row).toList());
    json.put("meanAbsoluteError", e.meanAbsolute());
    json.put("medianAbsoluteError", e.medianAbsolute());
    json.put("worstAbsoluteError", e.worst());
    out.print(context, options, json);
  }

  private static Map<String, Object> row(Evaluation.Row r) {
    Measurement m = r.measurement();
    Layout l = m.layout();
    Map<String, Object> j = new LinkedHashMap<>();
    j.put("row", m.where());
    j.put("layout", l.toString());
    j.put("calibration", r.calibration().toLowerCase(Locale.ROOT));
    j.put("measuredMillis", m.millis());
    j.put("predictedMillis", r.predictedMillis());
    j.put("error", r.error());
    return j;
  }
}
