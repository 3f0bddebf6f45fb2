package org.puna.app.fleet;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.puna.app.cli.Context;
import org.puna.fleet.estimate.Layout;
import org.puna.fleet.estimate.MemoryUse;
import org.puna.fleet.estimate.TrainingRun;
import org.puna.fleet.estimate.Tuner;
import org.puna.model.config.ActivationMemory;
import org.puna.model.config.ActivationMemory.Keeping;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;
import org.puna.model.config.ModelSize.AttentionCount;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says how large a model is. */
@Command(
    name = "size",
    description = "Parameters, FLOPs per token, KV cache, and memory of training in a layout.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  puna fleet size llama-3.1-405b --layout tp=8,pp=16,dp=64",
      "  puna fleet size layers=96,hidden=12288,heads=96,ffn=49152,vocab=51200,arch=gpt",
      "  puna fleet size model.gguf"
    })
final class SizeCommand implements Runnable {
  private static final double GIB = 1L << 30;

  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "A GGUF, config.json, folder, named or spelled-out shape.")
  private String model = "";

  @Option(
      names = "--layout",
      paramLabel = "L",
      description = "tp=8,cp=1,pp=16,dp=64; also ep, vpp: ${DEFAULT-VALUE}.")
  private String layout = "tp=1";

  @Mixin private RunOptions run = new RunOptions();
  @Mixin private ReportOptions options = new ReportOptions();

  SizeCommand(Context context) {
    this.context = context;
  }

  @Override
  public void run() {
    ModelConfig m = ModelArgument.read(model);
    int seq = run.seq(m);
    Layout l = Layout.parse(layout, 0);
    Tuner.Ask ask = run.ask(m);
    ModelSize.Parameters p = ModelSize.parameters(m);
    ModelSize.Parameters active = ModelSize.activeParameters(m);
    ModelSize.Flops forward = ModelSize.forwardFlops(m, seq, AttentionCount.CAUSAL);
    ModelSize.Flops full = ModelSize.forwardFlops(m, seq, AttentionCount.FULL);
    Report out = new Report("Size of " + model);
    out.table("Parameters", "part", "number");
    out.row("embedding", Amounts.whole(p.embedding()));
    out.row("attention", Amounts.whole(p.attention()));
    out.row("feed-forward", Amounts.whole(p.feedForward()));
    if (p.router() > 0) out.row("routers", Amounts.whole(p.router()));
    out.row("norms", Amounts.whole(p.norms()));
    out.row("head", Amounts.whole(p.head()));
    out.row("all", Amounts.whole(p.total()));
    if (active.total() != p.total()) out.row("active for a token", Amounts.whole(active.total()));
    out.table(
        "FLOPs per token at " + seq + " tokens", "part", "matrix products", "attention", "sum");
    flops(out, "forward", forward);
    flops(out, "backward", forward.times(2));
    flops(out, "recomputation, full", forward);
    flops(out, "training without recomputation", forward.times(3));
    flops(out, "forward with scores above the diagonal", full);
    out.table("KV cache in 16 bits", "tokens", "GB");
    for (long tokens : new long[] {1024, 8192, 32_768, 131_072}) {
      out.row(Amounts.whole(tokens), Amounts.f("%.3f", ModelSize.kvBytes(m, tokens, 2) / 1e9));
    }
    Map<String, Object> memory = memory(out, ask, l);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", model);
    json.put("architecture", m.architecture());
    json.put("layers", m.nLayers());
    json.put("parameters", p);
    json.put("totalParameters", p.total());
    json.put("activeParameters", active.total());
    json.put("seq", seq);
    json.put("forwardFlopsPerToken", forward);
    json.put("trainingFlopsPerToken", forward.times(3).total());
    json.put("kvBytesPerToken", ModelSize.kvBytes(m, 1, 2));
    json.put("layout", l.toString());
    json.put("microBatch", ask.microBatch().orElse(1));
    json.put("memory", memory);
    out.print(context, options, json);
  }

  private static void flops(Report out, String part, ModelSize.Flops f) {
    out.row(
        part,
        Amounts.f("%.4g", f.matmuls()),
        Amounts.f("%.4g", f.attention()),
        Amounts.f("%.4g", f.total()));
  }

  /** Whether what was asked leaves a choice open or is this one. */
  private static boolean wanted(Optional<Recompute> asked, Recompute r) {
    return asked.isEmpty() || asked.get() == r;
  }

  private Map<String, Object> memory(Report out, Tuner.Ask ask, Layout l) {
    ModelConfig m = ask.model();
    int micro = ask.microBatch().orElse(1);
    // Enough micro-batches to fill the pipeline, which is when activations are largest.
    int batch = run.batch().orElseGet(() -> filling(l, micro));
    l.check(m, ask.seq(), batch, micro);
    int microBatches = batch / l.dp() / micro;
    Map<String, Object> all = new LinkedHashMap<>();
    out.table(
        "Activations of the layers on one GPU of the first stage, " + l + ", micro-batch " + micro,
        "kernels",
        "sequence parallel",
        "recompute",
        "GiB");
    int experts = ModelSize.expertLayers(m);
    for (boolean fused : new boolean[] {false, true}) {
      for (boolean sp : new boolean[] {false, true}) {
        for (Recompute r : Recompute.values()) {
          boolean kernels =
              ask.software()
                  .map(s -> s.fusedAttention() == fused && s.sequenceParallel() == sp)
                  .orElse(true);
          if (!kernels || !wanted(ask.recompute(), r)) continue;
          Keeping k = new Keeping(l.tp(), l.cp(), sp, fused, r);
          double bytes = 0;
          if (experts > 0) {
            bytes += experts * ActivationMemory.layerBytes(m, true, micro, ask.seq(), k);
          }
          if (experts < m.nLayers()) {
            int dense = m.nLayers() - experts;
            bytes += dense * ActivationMemory.layerBytes(m, false, micro, ask.seq(), k);
          }
          bytes *= ActivationMemory.layersInFlight(l.pp(), l.virtualStages(), microBatches);
          String name =
              (fused ? "fused attention" : "separate attention")
                  + (sp ? ", sequence parallel" : "")
                  + ", recompute "
                  + r.name().toLowerCase(Locale.ROOT);
          all.put("activationGib " + name, bytes / GIB);
          out.row(
              fused ? "fused attention" : "separate attention",
              sp ? "yes" : "no",
              r.name().toLowerCase(Locale.ROOT),
              Amounts.f("%.2f", bytes / GIB));
        }
      }
    }
    Recompute recompute = ask.recompute().orElse(Recompute.SELECTIVE);
    out.table(
        "Training memory of the fullest GPU in GB, "
            + l
            + ", recompute "
            + recompute.name().toLowerCase(Locale.ROOT),
        "ZeRO",
        "weights",
        "gradients",
        "optimizer",
        "activations",
        "sum with reserve");
    TrainingRun.Software software =
        ask.software().orElseGet(() -> TrainingRun.Software.of(m, recompute, ask.precision()));
    for (int zero = 0; zero <= 3; zero++) {
      if (zero != ask.zero().orElse(zero)) continue;
      MemoryUse use =
          MemoryUse.of(
              new TrainingRun(
                  m,
                  ask.seq(),
                  batch,
                  micro,
                  l,
                  ask.precision(),
                  recompute,
                  ask.recomputed(),
                  zero,
                  software));
      all.put("zero" + zero, EstimateText.memory(use));
      out.row(
          zero,
          Amounts.gb(use.weights()),
          Amounts.gb(use.gradients()),
          Amounts.gb(use.optimizer()),
          Amounts.gb(use.activations()),
          Amounts.gb(use.total()));
    }
    return all;
  }

  private static int filling(Layout l, int micro) {
    double batch = (double) l.dp() * micro * 2 * l.pp();
    if (batch > Integer.MAX_VALUE) {
      throw new BadInput(
          "--micro-batch: "
              + micro
              + " sequences on "
              + l
              + " make a batch of more than 2,147,483,647; lower --micro-batch");
    }
    return (int) batch;
  }
}
