package org.puna.app.fleet;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.puna.fleet.estimate.Estimate;
import org.puna.fleet.estimate.IterationModel;
import org.puna.fleet.estimate.Layout;
import org.puna.fleet.estimate.MemoryUse;
import org.puna.fleet.estimate.TrainingRun;

/** An estimate as JSON and as tables. */
final class EstimateText {
  private EstimateText() {}

  static Map<String, Object> json(Estimate e) {
    TrainingRun r = e.run();
    Map<String, Object> j = new LinkedHashMap<>();
    j.put("chip", e.machine().chip().name());
    j.put("gpus", e.gpus());
    j.put("layout", layout(r.layout()));
    j.put("seq", r.seq());
    j.put("batch", r.batch());
    j.put("microBatch", r.microBatch());
    j.put("microBatches", r.microBatches());
    j.put("precision", r.precision().name().toLowerCase(Locale.ROOT));
    j.put("recompute", r.recompute().name().toLowerCase(Locale.ROOT));
    j.put("recomputed", r.recomputed());
    j.put("zero", r.zero());
    j.put("iterationSeconds", e.seconds());
    j.put("tflopsPerGpu", IterationModel.publishedTflopsPerGpu(e));
    j.put("modelTflopsPerGpu", e.modelTflopsPerGpu());
    j.put("hardwareTflopsPerGpu", e.hardwareTflopsPerGpu());
    j.put("mfu", e.mfu());
    j.put("palmMfu", e.palmMfu());
    j.put("mfuFormula", Estimate.MFU_FORMULA);
    j.put("mfuPeakTflops", e.machine().chip().bf16Tflops());
    j.put("hfu", e.hfu());
    j.put("tokensPerSecond", r.tokens() / e.seconds());
    j.put("tokensPerDay", e.tokensPerDay());
    j.put("fits", e.fits());
    j.put("memoryGb", memory(e.memory()));
    j.put("memoryOfGpuGb", e.machine().chip().memoryGb());
    j.put("parametersPerGpu", e.parametersPerGpu());
    j.put("secondsByPart", e.breakdown());
    return j;
  }

  static Map<String, Object> memory(MemoryUse m) {
    Map<String, Object> j = new LinkedHashMap<>();
    j.put("weights", m.weights() / 1e9);
    j.put("gradients", m.gradients() / 1e9);
    j.put("optimizer", m.optimizer() / 1e9);
    j.put("activations", m.activations() / 1e9);
    j.put("reserve", m.reserve() / 1e9);
    j.put("total", m.total() / 1e9);
    return j;
  }

  private static Map<String, Object> layout(Layout l) {
    Map<String, Object> j = new LinkedHashMap<>();
    j.put("tp", l.tp());
    j.put("cp", l.cp());
    j.put("pp", l.pp());
    j.put("dp", l.dp());
    j.put("ep", l.ep());
    j.put("virtualStages", l.virtualStages());
    return j;
  }

  static void tables(Report out, Estimate e, String calibration) {
    TrainingRun r = e.run();
    out.table(
        String.format(
            Locale.ROOT,
            "%s on %d %s, %d sequences of %d tokens",
            r.layout(),
            e.gpus(),
            e.machine().chip().name(),
            r.batch(),
            r.seq()),
        "figure",
        "value");
    out.row("iteration", Amounts.f("%.3f s", e.seconds()));
    out.row("model TFLOP/s per GPU", Amounts.f("%.1f", e.modelTflopsPerGpu()));
    out.row("executed TFLOP/s per GPU", Amounts.f("%.1f", e.hardwareTflopsPerGpu()));
    out.row("MFU (of the BF16 peak)", Amounts.percent(e.mfu()));
    out.row("MFU as PaLM's authors count", Amounts.percent(e.palmMfu()));
    out.row("tokens a day", Amounts.words(e.tokensPerDay()));
    out.row("memory of the fullest GPU", Amounts.gb(e.memory().total()) + " GB");
    out.row("fits", e.fits() ? "yes" : "no");
    out.row("micro-batch", r.microBatch());
    out.row("recompute", r.recompute().name().toLowerCase(Locale.ROOT));
    if (r.recomputed() < 1) out.row("layers that do so", Amounts.percent(r.recomputed()));
    out.row("ZeRO", r.zero());
    out.table("Where the time goes", "part", "s", "share");
    e.breakdown()
        .forEach(
            (part, s) -> out.row(part, Amounts.f("%.3f", s), Amounts.percent(s / e.seconds())));
    MemoryUse m = e.memory();
    out.table("Memory of the fullest GPU", "part", "GB");
    out.row("weights", Amounts.gb(m.weights()));
    out.row("gradients", Amounts.gb(m.gradients()));
    out.row("optimizer", Amounts.gb(m.optimizer()));
    out.row("activations", Amounts.gb(m.activations()));
    out.row("reserve", Amounts.gb(m.reserve()));
    out.note(Estimate.MFU_FORMULA + ".");
    rounds(out, r);
    out.note(
        "Constants: calibration "
            + calibration
            + ". Network: "
            + e.machine().scaleOutGBps()
            + " GB/s a GPU, "
            + e.machine().scaleOutSource()
            + ".");
  }

  /** Says where a stated interleaving has no full rounds, which not every software runs. */
  private static void rounds(Report out, TrainingRun r) {
    int pp = r.layout().pp();
    if (r.layout().virtualStages() == 1 || r.microBatches() % pp == 0) return;
    out.note(
        "Interleaving asks for micro-batches in rounds of pp="
            + pp
            + ", and "
            + r.microBatches()
            + " do not divide into them: Megatron-LM refuses this, newer Megatron-Core runs "
            + (r.microBatches() < pp ? "it from as many on." : "it in larger groups."));
  }
}
