package org.puna.fleet.plan;

import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.puna.fleet.Catalogue;
import org.puna.fleet.Csv;
import org.puna.fleet.estimate.Estimate;
import org.puna.fleet.estimate.IterationModel;
import org.puna.fleet.estimate.Layout;
import org.puna.fleet.estimate.Machine;
import org.puna.fleet.estimate.Tuner;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelShapes;

/** Predictions beside published tables of throughput and of whole training runs. */
public final class PublishedTables {
  /** A size at the end of a name: the 530B of MT-NLG-530B. */
  private static final Pattern SIZE = Pattern.compile("[-_ ]?[0-9.]+[bBtT]$");

  /** Names of models of GPT's shape. */
  private static final Pattern GPT =
      Pattern.compile("(gpt|megatron|mt-?nlg|turing)", Pattern.CASE_INSENSITIVE);

  private PublishedTables() {}

  /**
   * One published figure.
   *
   * @param what the model and where it ran
   * @param source who printed it
   * @param published the printed figure
   * @param predicted ours
   * @param error predicted over published minus one
   * @param detail what the prediction assumed
   * @param least low end of the stated range
   * @param most high end of the stated range
   */
  public record Row(
      String what,
      String source,
      double published,
      double predicted,
      double error,
      String detail,
      double least,
      double most) {
    /** Returns whether the stated range contains the published figure. */
    public boolean contained() {
      return least <= published && published <= most;
    }
  }

  /**
   * TFLOP/s per GPU of a throughput table with the columns model, params_b, gpu, tp, cp, pp, dp,
   * seq, global_batch_seqs, tflops (or tokens_s, tokens per second of one GPU, or iteration_s,
   * seconds of an iteration), and optionally shape (the model spelled out), precision and the
   * columns of {@link StatedColumns}.
   *
   * @param text the file
   * @param file its name for errors
   * @param catalogue the chips
   * @param model the iteration model
   */
  public static List<Row> throughput(
      Reader text, String file, Catalogue catalogue, IterationModel model) {
    List<Row> rows = new ArrayList<>();
    Tuner tuner = new Tuner(model);
    for (Csv.Row r : Csv.read(text, file, List.of())) {
      ModelConfig m = model(r, r.required("model"), "params_b");
      StatedColumns stated = StatedColumns.of(r);
      Machine machine =
          stated.on(Machine.of(catalogue.get(r.required("gpu"), r.where() + ": gpu")));
      Layout layout =
          new Layout(
              r.requiredCount("tp"),
              r.requiredCount("cp"),
              r.requiredCount("pp"),
              r.requiredCount("dp"),
              1,
              count(r, "vpp", 1));
      Tuner.Ask ask =
          stated.ask(
              m,
              r.requiredCount("seq"),
              r.requiredCount("global_batch_seqs"),
              precision(r, Machine.Precision.BF16),
              Optional.empty());
      Estimate e = tuner.best(ask, layout, machine);
      double ours = IterationModel.publishedTflopsPerGpu(e);
      double published = published(r, e, ours);
      String detail =
          String.format(
              Locale.ROOT,
              "micro-batch %d, %d chunks, recompute %s",
              e.run().microBatch(),
              e.run().layout().virtualStages(),
              Planner.words(e.run()));
      rows.add(
          new Row(
              String.format(
                  Locale.ROOT,
                  "%s (%sB), %d %s, %s",
                  r.required("model"),
                  r.required("params_b"),
                  layout.gpus(),
                  machine.chip().name(),
                  layout),
              r.text("source").orElse(""),
              published,
              ours,
              ours / published - 1,
              detail,
              ours * 0.9,
              ours * 1.1));
    }
    return rows;
  }

  /** The printed rate; where tokens or seconds are printed, at our count of FLOPs. */
  private static double published(Csv.Row r, Estimate e, double ours) {
    if (r.number("iteration_s").isPresent()) {
      return ours * e.seconds() / r.requiredNumber("iteration_s");
    }
    if (r.number("tokens_s").isPresent()) {
      double each = e.run().tokens() / e.seconds() / e.gpus();
      return ours * r.requiredNumber("tokens_s") / each;
    }
    return r.requiredNumber("tflops");
  }

  /**
   * GPU-hours of published runs, a table with the columns model, active_params_b, tokens_t, gpu,
   * gpu_hours, and optionally what else is known of a run: shape (the model spelled out), tp, cp,
   * pp, dp, seq, global_batch_seqs, gpus, precision and the columns of {@link StatedColumns}.
   *
   * @param text the file
   * @param file its name for errors
   * @param catalogue the chips
   * @param model the iteration model
   */
  public static List<Row> runs(
      Reader text, String file, Catalogue catalogue, IterationModel model) {
    List<Row> rows = new ArrayList<>();
    for (Csv.Row r : Csv.read(text, file, List.of())) {
      String name = r.required("model");
      ModelConfig m = model(r, name, "active_params_b");
      StatedColumns stated = StatedColumns.of(r);
      Machine machine =
          stated.on(Machine.of(catalogue.get(r.required("gpu"), r.where() + ": gpu")));
      double tokens = r.requiredNumber("tokens_t") * 1e12;
      PublishedRun run = PublishedRun.of(r, name, m, tokens, machine);
      Tuner.Ask ask = stated.ask(m, run.seq(), run.batch(), run.precision(), run.recompute());
      Assumptions a = Assumptions.defaults();
      Plan p =
          run.layout().isPresent()
              ? Plan.of(
                  new Tuner(model).best(ask, run.layout().get(), machine),
                  tokens,
                  run.whole() ? a.withPractice(1) : a)
              : new Planner(model).plan(ask, tokens, machine, run.gpus(), a, 1).getFirst();
      double published = r.requiredNumber("gpu_hours");
      double slower = run.slower(new Tuner(model), ask, p.estimate(), tokens);
      String how =
          run.layout().isEmpty()
              ? "layout searched: "
              : run.whole() ? "layout known: " : "layout known in part: ";
      rows.add(
          new Row(
              name + " on " + machine.chip().name(),
              r.text("source").orElse(""),
              published,
              p.gpuHours() * slower,
              p.gpuHours() * slower / published - 1,
              how + p.estimate().run().layout() + ", " + run.source(),
              p.gpuHoursLeast() * slower,
              p.gpuHoursMost() * slower));
    }
    return rows;
  }

  static Machine.Precision precision(Csv.Row r, Machine.Precision otherwise) {
    return r.text("precision")
        .map(p ->
            switch (p.toLowerCase(Locale.ROOT)) {
              case "bf16", "fp16" -> Machine.Precision.BF16;
              case "fp8" -> Machine.Precision.FP8;
              default ->
                  throw new BadInput(
                      r.where() + ": precision must be bf16 or fp8, found \"" + p + "\"");
            })
        .orElse(otherwise);
  }

  static int count(Csv.Row r, String column, int otherwise) {
    return r.number(column).isPresent() ? r.requiredCount(column) : otherwise;
  }

  private static ModelConfig model(Csv.Row r, String name, String parameters) {
    double billions = r.requiredNumber(parameters);
    return r.text("shape").map(t -> spelledOut(r, t)).orElseGet(() -> shape(name, billions));
  }

  private static ModelConfig spelledOut(Csv.Row r, String shape) {
    try {
      return ModelShapes.parse(shape);
    } catch (BadInput e) {
      throw new BadInput(r.where() + ": shape: " + e.getMessage(), e);
    }
  }

  /** By name, by name and size, by family and size; else a shape of such a size. */
  private static ModelConfig shape(String name, double billions) {
    String family = SIZE.matcher(name).replaceFirst("");
    boolean gpt = GPT.matcher(name).lookingAt();
    return ModelShapes.named(name)
        .or(() -> ModelShapes.named(name + "-" + plain(billions) + "b"))
        .or(() -> ModelShapes.nearest(family, billions * 1e9))
        .or(() -> gpt ? ModelShapes.nearest("gpt", billions * 1e9) : Optional.empty())
        .orElseGet(() -> gpt ? gpt(billions * 1e9) : Planner.shape(billions * 1e9));
  }

  private static String plain(double v) {
    return v == Math.rint(v) ? String.valueOf((long) v) : String.valueOf(v);
  }

  /** A GPT of about a number of parameters: 12 · layers · width², width 128 times the depth. */
  private static ModelConfig gpt(double parameters) {
    int hidden = (int) Math.max(1024, Math.round(Math.cbrt(parameters * 128 / 12) / 1024) * 1024);
    int layers = (int) Math.max(4, Math.round(parameters / (12.0 * hidden * hidden) / 4) * 4);
    return ModelShapes.parse(
        String.format(
            Locale.ROOT, "arch=gpt,layers=%d,hidden=%d,heads=%d", layers, hidden, hidden / 128));
  }
}
