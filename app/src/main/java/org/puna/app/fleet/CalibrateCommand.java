package org.puna.app.fleet;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.fleet.Csv;
import org.puna.fleet.estimate.Calibration;
import org.puna.fleet.estimate.CalibrationFile;
import org.puna.fleet.estimate.Calibrator;
import org.puna.fleet.estimate.Conditions;
import org.puna.fleet.estimate.Measurement;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.BadInput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Fits the constants to measurements. */
@Command(
    name = "calibrate",
    description = "Fits the iteration model's constants to measured iterations and saves them.",
    sortOptions = false,
    footer = {
      "",
      "The file has the columns of the vTrain data set: # GPUs, global batch, micro batch, hidden",
      "size, attention heads, # layers, sequence length, tensor parallelism, data parallelism,",
      "pipeline parallelism, iteration time (ms); optional: virtual stages, scale out (GB/s).",
      "",
      "Example:",
      "  puna fleet calibrate measurements.csv --name mine --gpu A100 --scale-out \"100 Gbit/s\""
    })
final class CalibrateCommand implements Runnable {
  private final Context context;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Measurements.")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name to save it by (default: the file's).")
  private @Nullable String name;

  @Option(names = "--description", paramLabel = "TEXT", description = "What was measured.")
  private @Nullable String description;

  @Option(
      names = "--recompute",
      paramLabel = "R",
      description =
          "none, selective or full; where left out, whichever fits better of none and full.")
  private @Nullable String recompute;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      description = "Where to save (default: PUNA_HOME/calibrations).")
  private @Nullable Path out;

  @Mixin private MachineOptions machines = new MachineOptions();
  @Mixin private ReportOptions options = new ReportOptions();

  CalibrateCommand(Context context) {
    this.context = context;
  }

  @Override
  public void run() {
    List<Measurement> rows = new ArrayList<>();
    for (Path f : files) rows.addAll(read(f));
    String called = name == null ? nameOf(files.getFirst()) : name;
    Conditions c = conditions(rows);
    Calibration fitted =
        new Calibrator(c, Calibration.uncalibrated(c))
            .fit(called, description == null ? files.toString() : description, rows);
    Path saved = CalibrationFile.save(fitted, out == null ? MachineOptions.folder(context) : out);
    context.note("puna: saved " + saved);
    Map<String, Object> json = new LinkedHashMap<>(CalibrationFile.json(fitted));
    json.put("file", saved.toString());
    Report report = new Report("Calibration " + called);
    report.table("Residuals of calibration " + called, "figure", "value");
    report.row("rows", fitted.fit().rows());
    report.row("recompute", c.recompute().name().toLowerCase(Locale.ROOT));
    report.row("mean absolute error", Amounts.percent(fitted.fit().meanAbsolute()));
    report.row("median absolute error", Amounts.percent(fitted.fit().medianAbsolute()));
    report.row("worst", Amounts.percent(fitted.fit().worst()));
    report.row(
        "mean of rows not seen, five folds", Amounts.percent(fitted.fit().unseenMeanAbsolute()));
    report.row("worst of rows not seen", Amounts.percent(fitted.fit().unseenWorst()));
    report.table("Constants", "constant", "value", "unit", "started at");
    fitted
        .values()
        .forEach((k, v) ->
            report.row(
                k.name().toLowerCase(Locale.ROOT),
                Amounts.f("%.4g", v),
                k.unit(),
                Amounts.f("%.4g", k.start())));
    report.print(context, options, json);
  }

  private Conditions conditions(List<Measurement> rows) {
    var machine = machines.measured("A100-80GB-SXM");
    if (recompute == null) return Calibrator.likelyConditions(machine, rows);
    return new Conditions(
        machine,
        switch (recompute) {
          case "none" -> Recompute.NONE;
          case "selective" -> Recompute.SELECTIVE;
          case "full" -> Recompute.FULL;
          default ->
              throw new BadInput(
                  "--recompute: expected none, selective or full, found \"" + recompute + "\"");
        });
  }

  private static String nameOf(Path f) {
    String n = String.valueOf(f.getFileName()).replaceAll("\\.[A-Za-z]+$", "");
    return n.replaceAll("[^A-Za-z0-9._-]", "-");
  }

  static List<Measurement> read(Path f) {
    try (Reader in = Csv.open(f, "give a CSV of measurements")) {
      return Measurement.read(in, f.toString());
    } catch (IOException e) {
      throw new BadInput(
          f + ": cannot be read: " + e.getMessage() + "; give a CSV of measurements", e);
    }
  }
}
