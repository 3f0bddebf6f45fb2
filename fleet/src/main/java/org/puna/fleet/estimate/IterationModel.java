package org.puna.fleet.estimate;

import java.util.LinkedHashMap;
import java.util.Map;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;

/**
 * Time of one training iteration: micro-batches through a pipeline of stages, then the reduction of
 * gradients and the optimiser.
 *
 * <p>T = Σ stages / v + (n − 1/v) · slowest stage + exposed gradients + optimiser, for n
 * micro-batches and v interleaved chunks: 1F1B for v = 1 (Narayanan et al. 2021, section 2.2), and
 * Σ stages + (n − 1)/v · slowest stage for fewer micro-batches than stages. The time of a stage
 * comes from {@link LayerTime}. Where a calibration remembers layers of the same shape on the same
 * machine, {@link ShapeResiduals} has the last word.
 */
public final class IterationModel {
  /** Bytes that Adam reads and writes for a parameter: gradient, master, two moments, weight. */
  private static final double ADAM_TRAFFIC = 30;

  /** Bytes of logits and losses, forward and backward, for each vocabulary entry of a token. */
  private static final double LOSS_TRAFFIC = 30;

  /** Bytes for each element of the embedding's output: lookup, dropout, scattered gradient. */
  private static final double EMBEDDING_TRAFFIC = 40;

  private final Calibration calibration;

  /**
   * A model with fitted constants.
   *
   * @param calibration the constants
   */
  public IterationModel(Calibration calibration) {
    this.calibration = calibration;
  }

  /** Returns the constants in use. */
  public Calibration calibration() {
    return calibration;
  }

  /**
   * Estimates one iteration.
   *
   * @param run what to run
   * @param machine on what
   */
  public Estimate estimate(TrainingRun run, Machine machine) {
    MemoryUse.Held held = MemoryUse.Held.of(run);
    Map<String, Double> parts = breakdown(run, machine, held);
    return new Estimate(
        run,
        machine,
        parts.values().stream().mapToDouble(Double::doubleValue).sum(),
        parts,
        modelFlops(run),
        hardwareFlops(run),
        MemoryUse.of(run, held),
        held.all());
  }

  /**
   * Seconds of one iteration.
   *
   * @param run what to run
   * @param machine on what
   */
  public double seconds(TrainingRun run, Machine machine) {
    double sum = 0;
    for (double part : breakdown(run, machine, MemoryUse.Held.of(run)).values()) sum += part;
    return sum;
  }

  private Map<String, Double> breakdown(TrainingRun run, Machine machine, MemoryUse.Held held) {
    Kernels k = new Kernels(machine, calibration, run.precision());
    Layout l = run.layout();
    ModelConfig m = run.model();
    double n = run.microBatches();
    double v = l.virtualStages();
    LayerTime layer = LayerTime.mean(run, k, calibration);
    double tokens = (double) run.microBatch() * run.seq() / l.cp();

    double first = c(Constant.MICRO_BATCH) + k.traffic(tokens * m.dModel() * EMBEDDING_TRAFFIC);
    // The output head stays in 16 bits also where the layers compute in 8 (DeepSeek-V3's paper,
    // section 3.3.1; Megatron-LM's Transformer Engine layers end before it).
    double last = head(run, new Kernels(machine, calibration, Machine.Precision.BF16), tokens);
    double transfer = transfer(run, k, tokens);
    int layers = l.stageLayers(m.nLayers());
    int missing = layers * l.pp() - m.nLayers();
    double middleStage = layers * layer.total() + transfer;
    double firstStage = (layers - (missing > 1 ? 1 : 0)) * layer.total() + first + transfer;
    double lastStage = (layers - (missing > 0 ? 1 : 0)) * layer.total() + last + transfer;
    double slowest;
    double sum;
    if (l.pp() == 1) {
      slowest = layers * layer.total() + first + last;
      sum = slowest;
    } else {
      slowest = Math.max(Math.max(firstStage, lastStage), l.pp() > 2 ? middleStage : 0);
      sum = firstStage + lastStage + (l.pp() - 2) * middleStage;
    }
    double work = n * slowest;
    double bubble = schedule(n, l.pp(), v, slowest, sum) - work;

    boolean pytorch = run.software().framework().pytorch();
    double exposed =
        pytorch
            ? sharded(run, k, held, layers * layer.total(), layers * layer.backward())
            : gradients(run, k, held, layers * layer.backward());
    double updated = run.zero() >= 1 ? held.share() : held.all();
    double optimizer =
        k.traffic(
            updated * (pytorch ? PyTorch.ADAM_TRAFFIC : ADAM_TRAFFIC * c(Constant.OPTIMIZER)));
    double steps = work + bubble + exposed + optimizer + c(Constant.ITERATION);
    double nodes = Math.max(1, (double) l.gpus() / machine.nodeChips());
    double straggler = steps * c(Constant.STRAGGLER) * Math.log(nodes) / Math.log(2);

    Map<String, Double> parts = new LinkedHashMap<>();
    double perStage = n * layers;
    parts.put("matrix products", perStage * layer.gemm());
    parts.put("attention", perStage * layer.attention());
    parts.put("norms and activations", perStage * layer.elementwise());
    parts.put("tensor-parallel communication", perStage * layer.tensor());
    if (l.cp() > 1) parts.put("context-parallel communication", perStage * layer.context());
    if (l.ep() > 1) parts.put("expert exchange", perStage * layer.expert());
    parts.put("waiting for the host", perStage * layer.host());
    parts.put("embedding, head and stage transfers", work - perStage * layer.total());
    parts.put("pipeline bubble", bubble);
    parts.put("gradient reduction not hidden", exposed);
    parts.put("optimizer", optimizer);
    parts.put("slowest server and fixed costs", straggler + c(Constant.ITERATION));
    double beyond = beyond(run, machine);
    if (beyond != 0) parts.put("beyond the model, as measured", (steps + straggler) * beyond);
    return parts;
  }

  /**
   * Seconds of all micro-batches through the pipeline. Interleaving fills the gaps of one
   * micro-batch with chunks of others: where there are fewer than stages, the first passes all
   * stages, whatever v is, and only the others follow one chunk apart.
   */
  private static double schedule(double n, int stages, double v, double slowest, double sum) {
    return n < stages ? sum + (n - 1) / v * slowest : n * slowest + (sum - slowest) / v;
  }

  /** What measurements of such layers add, as a part of the modelled time. */
  private double beyond(TrainingRun run, Machine machine) {
    if (calibration.shapes().shapes().isEmpty()) return 0;
    if (!calibration.conditions().hold(run, machine)) return 0;
    return Math.expm1(calibration.shapes().logRatio(run));
  }

  private double c(Constant constant) {
    return calibration.get(constant);
  }

  private double head(TrainingRun run, Kernels k, double tokens) {
    double t = run.layout().tp();
    double vocab = run.model().vocabSize() / t;
    double h = run.model().dModel();
    double products = k.gemm(tokens, vocab, h) + k.gemmBackward(tokens, vocab, h);
    double whole = t == 1 ? c(Constant.WHOLE_HEAD) : 1;
    boolean pytorch = run.software().framework().pytorch();
    double loss = pytorch ? PyTorch.LOSS_TRAFFIC : LOSS_TRAFFIC;
    return products * whole + k.traffic(tokens * vocab * loss);
  }

  /** Seconds of stage transfers that a micro-batch waits for: one each way for each chunk. */
  private double transfer(TrainingRun run, Kernels k, double tokens) {
    Layout l = run.layout();
    if (l.pp() == 1 || run.software().overlapped()) return 0;
    double bytes = 2 * tokens * run.model().dModel() / l.tp();
    return 2 * l.virtualStages() * k.stageTransfer(bytes, l.tp() * l.cp() * l.dp());
  }

  /** Seconds of reducing gradients (and gathering weights) that no work hides. */
  private double gradients(TrainingRun run, Kernels k, MemoryUse.Held held, double lastBackward) {
    Layout l = run.layout();
    if (held.ranks() == 1) return 0;
    // A sum goes around twice; sharded optimisers scatter sums and gather 16-bit weights. ZeRO-3
    // gathers the weights before both passes of each micro-batch and scatters its gradients, of
    // which no rank could keep the whole sum (Rajbhandari et al. 2020, section 7), layer by layer.
    double sum = run.software().gradients() == TrainingRun.Gradients.FP32 ? 4 : 2;
    double bytes = run.zero() == 0 ? 2 * sum : run.zero() == 3 ? sum : sum + 2;
    double againBytes =
        run.zero() == 3 ? 4.0 * run.microBatches() + sum * (run.microBatches() - 1) : 0;
    double sent = sent(held);
    double ring = ring(held, k, l);
    double seconds = bytes * ring;
    double again = againBytes * ring;
    if (run.zero() == 3) {
      double rounds = l.stageLayers(run.model().nLayers()) * k.ringLatency(held.ranks(), l.tp());
      seconds += rounds;
      again += (3.0 * run.microBatches() - 1) * rounds;
    }
    double hidden = lastBackward * c(Constant.GRADIENT_OVERLAP);
    if (run.software().overlapped()) {
      // Chunks finish one after another: the first is reduced while the others still work on the
      // last round of micro-batches.
      double v = l.virtualStages();
      hidden = lastBackward * (1 + (Math.min(run.microBatches(), l.pp()) - 1) * (v - 1) / v);
    }
    double hiddenAgain = hidden * run.microBatches();
    double exposed = softRemainder(seconds, hidden) + softRemainder(again, hiddenAgain);
    double hiddenPart = Math.max(0, 1 - exposed / (seconds + again));
    return exposed + hiddenPart * k.taken((bytes + againBytes) * sent);
  }

  /**
   * Seconds that FSDP adds to the layers of all micro-batches: its rounds pass by layer by layer,
   * the gathered weights behind the forward pass, these and the sums behind the backward pass, the
   * first and the last behind nothing; while they hide, their blocks take multiprocessors; and
   * copies pass the memory.
   */
  private double sharded(
      TrainingRun run, Kernels k, MemoryUse.Held held, double layers, double backward) {
    Layout l = run.layout();
    if (held.ranks() == 1) return 0;
    double n = run.microBatches();
    double sum = run.software().gradients() == TrainingRun.Gradients.FP32 ? 4 : 2;
    double ring = ring(held, k, l);
    int count = l.stageLayers(run.model().nLayers());
    double rounds = count * k.ringLatency(held.ranks(), l.tp());
    double gather = 2 * ring + rounds;
    double reduce = (run.zero() == 0 ? 2 : 1) * sum * ring + rounds;
    double gathers = run.zero() == 3 ? n : run.zero() == 0 ? 0 : 1;
    double again = run.zero() == 3 ? n : 0;
    double reduces = run.zero() >= 2 ? n : 1;
    double forward = layers - backward;
    double exposed =
        gathers * softRemainder(gather, forward)
            + reduces * softRemainder(reduce + again / n * gather, backward)
            + (gathers * gather + reduces * reduce) / count;
    double all = (gathers + again) * gather + reduces * reduce;
    double taken = Math.max(0, all - exposed) * k.blocks(held.ranks(), l.tp());
    double copies = run.zero() == 3 ? PyTorch.copies(sum) : 2 + sum;
    return exposed + taken + k.traffic(copies * held.all()) * reduces;
  }

  /** Parameters that a GPU passes on when every rank contributes once. */
  private static double sent(MemoryUse.Held held) {
    return around(held.ranks()) * held.dense() + around(held.expertRanks()) * held.experts();
  }

  /**
   * Seconds to pass on one byte of each of them. The copies of an expert stand ep ranks apart, and
   * their rings come after those of the dense parameters on the same links.
   */
  private static double ring(MemoryUse.Held held, Kernels k, Layout l) {
    double dense = around(held.ranks()) * held.dense();
    double experts = around(held.expertRanks()) * held.experts();
    return k.ring(dense, held.ranks(), l.tp())
        + k.ring(experts, held.expertRanks(), l.tp() * l.ep());
  }

  private static double around(int ranks) {
    return (ranks - 1.0) / ranks;
  }

  /** {@code max(0, total − hidden)} with a smooth corner, because overlap is never perfect. */
  private static double softRemainder(double total, double hidden) {
    if (total <= 0) return 0;
    double corner = 0.1 * total;
    double x = (total - hidden) / corner;
    return x > 30 ? corner * x : corner * Math.log1p(Math.exp(x));
  }

  /** Model FLOPs of an iteration: 3 · forward with causal attention. */
  static double modelFlops(TrainingRun run) {
    return run.tokens()
        * ModelSize.trainingFlops(run.model(), run.seq(), ModelSize.AttentionCount.CAUSAL).total();
  }

  /** FLOPs that the layout executes, with recomputation. */
  static double hardwareFlops(TrainingRun run) {
    ModelSize.Flops f = ModelSize.forwardFlops(run.model(), run.seq(), run.attentionCount());
    double again =
        switch (run.recompute()) {
          case NONE -> 0;
          case SELECTIVE -> run.software().fusedAttention() ? 0 : f.attention();
          // Megatron-LM's formula counts the head as recomputed; it is not, and weighs little.
          case FULL -> f.total();
        };
    return run.tokens() * (3 * f.total() + run.recomputed() * again);
  }

  /**
   * The rate that the model family's papers print: for GPT by Megatron-LM's formula, which counts
   * recomputation and whole attention matrices, model FLOPs for all others.
   *
   * @param e the estimate
   */
  public static double publishedTflopsPerGpu(Estimate e) {
    TrainingRun run = e.run();
    if (!ModelSize.isGpt(run.model())) return e.modelTflopsPerGpu();
    if (run.recompute() != Recompute.NONE) return e.hardwareTflopsPerGpu();
    ModelSize.Flops whole =
        ModelSize.trainingFlops(run.model(), run.seq(), ModelSize.AttentionCount.FULL);
    return e.modelTflopsPerGpu() * whole.total() * run.tokens() / e.modelFlops();
  }
}
