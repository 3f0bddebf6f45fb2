package org.puna.fleet.plan;

import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.puna.fleet.Catalogue;
import org.puna.fleet.Csv;
import org.puna.fleet.estimate.Estimate;
import org.puna.fleet.estimate.IterationModel;
import org.puna.fleet.estimate.Layout;
import org.puna.fleet.estimate.Machine;
import org.puna.fleet.estimate.Tuner;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelShapes;

/** Predictions beside published tables of throughput and of whole training runs. */
public final class PublishedTables {
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
   * seq, global_batch_seqs, tflops, and optionally micro_batch and vpp.
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
      ModelConfig m = shape(r.required("model"), r.requiredNumber("params_b"));
      Machine machine = Machine.of(catalogue.get(r.required("gpu"), r.where() + ": gpu"));
      Layout layout =
          new Layout(
              r.requiredCount("tp"),
              r.requiredCount("cp"),
              r.requiredCount("pp"),
              r.requiredCount("dp"),
              1,
              r.number("vpp").isPresent() ? r.requiredCount("vpp") : 1);
      int seq = r.requiredCount("seq");
      OptionalInt micro =
          r.number("micro_batch").isPresent()
              ? OptionalInt.of(r.requiredCount("micro_batch"))
              : OptionalInt.empty();
      Tuner.Ask ask =
          new Tuner.Ask(
              m,
              seq,
              r.requiredCount("global_batch_seqs"),
              Machine.Precision.BF16,
              micro,
              Optional.empty(),
              OptionalInt.empty(),
              Optional.empty());
      Estimate e = tuner.best(ask, layout, machine);
      double published = r.requiredNumber("tflops");
      double ours = IterationModel.publishedTflopsPerGpu(e);
      String detail =
          "micro-batch %d, %d chunks, recompute %s"
              .formatted(
                  e.run().microBatch(),
                  e.run().layout().virtualStages(),
                  Planner.words(e.run().recompute()));
      rows.add(
          new Row(
              "%s (%sB), %d %s, %s"
                  .formatted(
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

  /**
   * GPU-hours of published runs, a table with the columns model, active_params_b, tokens_t, gpu,
   * gpu_hours.
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
      ModelConfig m = shape(name, r.requiredNumber("active_params_b"));
      Machine machine = Machine.of(catalogue.get(r.required("gpu"), r.where() + ": gpu"));
      double tokens = r.requiredNumber("tokens_t") * 1e12;
      PublishedRun run = PublishedRun.of(name, m);
      Tuner.Ask ask =
          new Tuner.Ask(
              m,
              run.seq(),
              run.batch(),
              Machine.Precision.BF16,
              OptionalInt.empty(),
              run.recompute(),
              OptionalInt.empty(),
              Optional.empty());
      Plan p =
          run.layout().isPresent()
              ? Plan.of(
                  new Tuner(model).best(ask, run.layout().get(), machine),
                  tokens,
                  Assumptions.defaults().withPractice(1))
              : new Planner(model)
                  .plan(ask, tokens, machine, run.gpus(), Assumptions.defaults(), 1)
                  .getFirst();
      double published = r.requiredNumber("gpu_hours");
      rows.add(
          new Row(
              name + " on " + machine.chip().name(),
              r.text("source").orElse(""),
              published,
              p.gpuHours(),
              p.gpuHours() / published - 1,
              (run.layout().isPresent() ? "layout known: " : "layout searched: ")
                  + p.estimate().run().layout()
                  + ", "
                  + run.source(),
              p.gpuHoursLeast(),
              p.gpuHoursMost()));
    }
    return rows;
  }

  /**
   * What is published about a run beside its GPU-hours.
   *
   * @param gpus GPUs of the run
   * @param seq tokens of a sequence
   * @param batch sequences of an iteration
   * @param layout its layout, where published
   * @param recompute what was recomputed, where published
   * @param source where from
   */
  private record PublishedRun(
      int gpus,
      int seq,
      int batch,
      Optional<Layout> layout,
      Optional<Recompute> recompute,
      String source) {
    static PublishedRun of(String name, ModelConfig m) {
      String key = name.toLowerCase(Locale.ROOT);
      if (key.startsWith("llama-3.1-405b")) {
        return new PublishedRun(
            16_384,
            8192,
            2048,
            Optional.of(new Layout(8, 1, 16, 128, 1, 1)),
            Optional.empty(),
            "Llama 3 paper, table 4, most of the run");
      }
      if (key.startsWith("palm-540b")) {
        return new PublishedRun(
            6144,
            2048,
            2048,
            Optional.of(new Layout(12, 1, 1, 512, 1, 1)),
            Optional.of(Recompute.FULL),
            "PaLM paper, sections 4 and 5: 12-way model, 256-way data on each of 2 pods, remat");
      }
      if (key.startsWith("llama-2")) {
        return new PublishedRun(
            2048,
            4096,
            1024,
            Optional.empty(),
            Optional.empty(),
            "batch of 4M tokens: Llama 2 paper; 2,048 GPUs assumed");
      }
      int gpus = m.nLayers() >= 80 ? 16_384 : 2048;
      return new PublishedRun(
          gpus, 8192, 2048, Optional.empty(), Optional.empty(), "batch and GPUs assumed");
    }
  }

  private static ModelConfig shape(String name, double billions) {
    return ModelShapes.named(name)
        .or(() -> ModelShapes.named(name + "-" + plain(billions) + "b"))
        .orElseGet(() ->
            name.equalsIgnoreCase("gpt") ? gpt(billions * 1e9) : Planner.shape(billions * 1e9));
  }

  private static String plain(double v) {
    return v == Math.rint(v) ? String.valueOf((long) v) : String.valueOf(v);
  }

  /** A GPT of about a number of parameters: 12 · layers · width², width 128 times the depth. */
  private static ModelConfig gpt(double parameters) {
    int hidden = (int) Math.max(1024, Math.round(Math.cbrt(parameters * 128 / 12) / 1024) * 1024);
    int layers = (int) Math.max(4, Math.round(parameters / (12.0 * hidden * hidden) / 4) * 4);
    return ModelShapes.parse(
        "arch=gpt,layers=%d,hidden=%d,heads=%d".formatted(layers, hidden, hidden / 128));
  }
}
