package org.puna.fleet.plan;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.puna.fleet.Csv;
import org.puna.fleet.estimate.Estimate;
import org.puna.fleet.estimate.Layout;
import org.puna.fleet.estimate.Machine;
import org.puna.fleet.estimate.Tuner;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;

/**
 * What is published about a run beside its GPU-hours.
 *
 * @param gpus GPUs of the run
 * @param seq tokens of a sequence
 * @param batch sequences of an iteration
 * @param before how the run came to this batch, where published
 * @param layout its layout, where published
 * @param whole whether the layout is that of all the printed hours, and these are training
 * @param recompute what was recomputed, where published
 * @param precision format of the products
 * @param source where from
 */
record PublishedRun(
    int gpus,
    int seq,
    int batch,
    List<Phase> before,
    Optional<Layout> layout,
    boolean whole,
    Optional<Recompute> recompute,
    Machine.Precision precision,
    String source) {

  /**
   * A part of a run with a smaller batch.
   *
   * @param batch sequences of an iteration
   * @param iterations how many of them
   */
  record Phase(int batch, int iterations) {}

  /** Days that a run takes whose number of GPUs nobody published: the middle of those known. */
  private static final double DAYS = 45;

  private static final double TYPICAL_MFU = 0.4;

  static PublishedRun of(Csv.Row r, String name, ModelConfig m, double tokens, Machine machine) {
    PublishedRun known = known(name, m, tokens, machine);
    int seq = PublishedTables.count(r, "seq", known.seq);
    int batch = PublishedTables.count(r, "global_batch_seqs", known.batch);
    Machine.Precision precision = PublishedTables.precision(r, known.precision);
    if (r.number("tp").isEmpty()) {
      int gpus = PublishedTables.count(r, "gpus", known.gpus);
      return new PublishedRun(
          gpus,
          seq,
          batch,
          r.number("global_batch_seqs").isPresent() ? List.of() : known.before,
          known.layout,
          known.whole,
          known.recompute,
          precision,
          source(r, known));
    }
    Layout layout =
        new Layout(
            r.requiredCount("tp"),
            PublishedTables.count(r, "cp", 1),
            PublishedTables.count(r, "pp", 1),
            r.requiredCount("dp"),
            PublishedTables.count(r, "ep", 1),
            PublishedTables.count(r, "vpp", 1));
    return new PublishedRun(
        layout.gpus(),
        seq,
        batch,
        List.of(),
        Optional.of(layout),
        true,
        known.recompute,
        precision,
        "layout of the table");
  }

  /**
   * The time of the run over that of one with the last batch from its beginning on.
   *
   * @param tuner chooses what nobody published
   * @param ask what is known of the last iterations
   * @param last the last iterations
   * @param tokens tokens of the run
   */
  double slower(Tuner tuner, Tuner.Ask ask, Estimate last, double tokens) {
    double factor = 1;
    for (Phase p : before) {
      Estimate e = tuner.best(ask.withBatch(p.batch), last.run().layout(), last.machine());
      double whole = tokens * last.seconds() / last.run().tokens();
      factor += p.iterations * (e.seconds() - last.seconds() * p.batch / batch) / whole;
    }
    return factor;
  }

  private static String source(Csv.Row r, PublishedRun known) {
    boolean gpus = r.number("gpus").isPresent();
    boolean batch = r.number("global_batch_seqs").isPresent();
    if (gpus && batch) return "GPUs and batch of the table";
    String given = gpus ? "GPUs of the table; " : batch ? "batch of the table; " : "";
    return given + known.source;
  }

  private static PublishedRun known(String name, ModelConfig m, double tokens, Machine machine) {
    String key = name.toLowerCase(Locale.ROOT);
    if (key.startsWith("llama-3.1-405b")) {
      return new PublishedRun(
          16_384,
          8192,
          2048,
          List.of(),
          Optional.of(new Layout(8, 1, 16, 128, 1, 1)),
          true,
          Optional.empty(),
          Machine.Precision.BF16,
          "Llama 3 paper, table 4, most of the run");
    }
    if (key.startsWith("palm-540b")) {
      return new PublishedRun(
          6144,
          2048,
          2048,
          List.of(new Phase(512, 50_000), new Phase(1024, 65_000)),
          Optional.of(new Layout(12, 1, 1, 512, 1, 1)),
          false,
          Optional.of(Recompute.FULL),
          Machine.Precision.BF16,
          "PaLM paper: 12-way model, 256-way data on each of 2 pods, remat, batch of 512, then"
              + " 1,024, then 2,048 sequences; another layout on 3,072 chips, hours with downtime"
              + " and repeated steps");
    }
    if (key.startsWith("deepseek-v3")) {
      return searched(
          2048, 4096, 15_360, Machine.Precision.FP8, "GPUs, batch, FP8: DeepSeek-V3 paper");
    }
    if (key.startsWith("llama-2")) {
      return searched(
          2048,
          4096,
          1024,
          Machine.Precision.BF16,
          "batch of 4M tokens: Llama 2 paper; 2,048 GPUs assumed");
    }
    if (key.startsWith("llama-3-") || key.startsWith("llama-3.")) {
      return searched(
          16_384,
          8192,
          2048,
          Machine.Precision.BF16,
          "batch of 16M tokens and 16,384 GPUs assumed, those of the 405B");
    }
    double flops = 6 * ModelSize.activeParameters(m).total() * tokens;
    double each = TYPICAL_MFU * machine.chip().bf16Tflops() * 1e12;
    double gpus = flops / (each * DAYS * 86_400);
    int power = Integer.highestOneBit((int) Math.clamp(gpus * Math.sqrt(2), 64, 16_384));
    boolean before2023 = machine.chip().bf16Tflops() < 400;
    return searched(
        power,
        before2023 ? 2048 : 4096,
        before2023 ? 2048 : 4096,
        Machine.Precision.BF16,
        String.format(
            Locale.ROOT,
            "assumed where not given: %,d GPUs for about %.0f days, batch of %d million tokens",
            power,
            DAYS,
            before2023 ? 4 : 16));
  }

  private static PublishedRun searched(
      int gpus, int seq, int batch, Machine.Precision precision, String source) {
    return new PublishedRun(
        gpus, seq, batch, List.of(), Optional.empty(), false, Optional.empty(), precision, source);
  }
}
