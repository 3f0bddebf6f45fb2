package org.puna.fleet.estimate;

import org.puna.model.config.ActivationMemory;
import org.puna.model.config.ActivationMemory.Keeping;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;

/**
 * Bytes that one GPU of the fullest pipeline stage needs: mixed-precision training with 16-bit
 * weights, gradients in 32 bits (or 16, and then in 32 where the optimiser works) and Adam in 32
 * bits, divided as ZeRO and the layout say.
 *
 * <p>ZeRO-3 keeps a share of the state and, beside it, what a layer needs while it works: 16-bit
 * weights of the layer and of the next one, which is gathered ahead, and the gradients of one layer
 * before they are summed and shared (FSDP's paper, section 3.2.1: the sharded state and the largest
 * unsharded units; section 3.4: at most two gathered at once).
 *
 * @param weights 2 bytes a parameter
 * @param gradients 4 bytes a parameter; with gradients of 16 bits and a sharded optimiser 2, and 4
 *     of its own share (Megatron-LM's documentation of its distributed optimiser: 4 + 16/d bytes in
 *     all, with 32 bits 6 + 12/d)
 * @param optimizer 12 bytes a parameter: master weight and two moments
 * @param activations kept between forward and backward, with logits and a recomputed layer
 * @param reserve context, communication buffers and fragmentation
 * @see "Rajbhandari et al. 2020, ZeRO; Zhao et al. 2023, PyTorch FSDP; Korthikanti et al. 2022,
 *     Reducing Activation Recomputation"
 */
public record MemoryUse(
    double weights, double gradients, double optimizer, double activations, double reserve) {
  private static final double RESERVE = 4e9;

  /** Bytes a logit costs: 16-bit value, 32-bit copy, gradient. */
  private static final double LOGIT = 10;

  /** Returns the sum. */
  public double total() {
    return weights + gradients + optimizer + activations + reserve;
  }

  /**
   * Parameters on one GPU of the largest stage. Dense ones have a copy on every data- and
   * context-parallel rank. The routed experts that a rank holds have one only on every ep-th of
   * them, so ZeRO shares them among fewer.
   *
   * @param dense all but routed experts
   * @param experts routed experts
   * @param ranks GPUs that hold the same dense parameters
   * @param expertRanks GPUs that hold the same experts
   * @see "Rajbhandari et al. 2022, DeepSpeed-MoE, section 5; Megatron-Core's expert data parallel
   *     groups"
   */
  record Held(double dense, double experts, int ranks, int expertRanks) {
    static Held of(TrainingRun run) {
      ModelConfig m = run.model();
      Layout l = run.layout();
      ModelSize.Parameters p = ModelSize.parameters(m);
      double layers = m.nLayers();
      double experts = ModelSize.expertParameters(m);
      double perLayer = (p.nonEmbedding() - experts) / layers;
      // Keys and values of heads that tensor-parallel ranks repeat.
      double repeated = m.attention().kvDim(l.tp()) * l.tp() - m.attention().kvDim();
      perLayer += 2.0 * m.dModel() * repeated;
      double ends =
          l.pp() > 1 ? Math.max(p.embedding(), p.head()) : (double) p.embedding() + p.head();
      int stage = l.stageLayers(m.nLayers());
      int ranks = l.dp() * l.cp();
      return new Held(
          (stage * perLayer + ends) / l.tp(),
          stage * (experts / layers) / l.ep() / l.tp(),
          ranks,
          ranks / l.ep());
    }

    double all() {
      return dense + experts;
    }

    /** Parameters of which a GPU works on its own share only. */
    double share() {
      return dense / ranks + experts / expertRanks;
    }
  }

  /** Parameters on one GPU of the largest stage. */
  static double parametersPerGpu(TrainingRun run) {
    return Held.of(run).all();
  }

  /**
   * Memory of a run.
   *
   * @param run the run
   */
  public static MemoryUse of(TrainingRun run) {
    return of(run, Held.of(run));
  }

  static MemoryUse of(TrainingRun run, Held held) {
    Whole whole = run.zero() >= 3 ? Whole.of(run, held) : new Whole(0, 0);
    double sum = run.software().gradients() == TrainingRun.Gradients.BF16 ? 2 : 4;
    return new MemoryUse(
        2 * ((run.zero() >= 3 ? held.share() : held.all()) + whole.weights()),
        gradients(run, held) + sum * whole.gradients(),
        12 * (run.zero() >= 1 ? held.share() : held.all()),
        activations(run),
        RESERVE);
  }

  /**
   * Parameters that ZeRO-3 has whole on a GPU for a while, beside its share.
   *
   * @param weights of two neighbours: layers, or a layer and the embedding or the head
   * @param gradients of the largest of them
   */
  private record Whole(double weights, double gradients) {
    static Whole of(TrainingRun run, Held held) {
      double layer = Math.max(layer(run, held, false), layer(run, held, true));
      ModelSize.Parameters p = ModelSize.parameters(run.model());
      double end =
          held.ranks() == 1 ? 0 : (double) Math.max(p.embedding(), p.head()) / run.layout().tp();
      return new Whole(
          Math.min(layer + Math.max(layer, end), held.all()),
          Math.min(Math.max(layer, end), held.all()));
    }

    /** Gathered parameters of a layer; what stands on one rank only is there anyway. */
    private static double layer(TrainingRun run, Held held, boolean experts) {
      ModelConfig m = run.model();
      Layout l = run.layout();
      int layers = ModelSize.expertLayers(m);
      if ((experts ? layers : m.nLayers() - layers) == 0) return 0;
      double routed = experts ? (double) ModelSize.expertParameters(m) / layers : 0;
      double rest =
          ModelSize.attentionParameters(m)
              + ModelSize.feedForwardParameters(m, experts, false)
              - routed;
      return (held.ranks() > 1 ? rest / l.tp() : 0)
          + (held.expertRanks() > 1 ? routed / l.ep() / l.tp() : 0);
    }
  }

  private static double gradients(TrainingRun run, Held held) {
    double kept = run.zero() >= 2 ? held.share() : held.all();
    boolean half = run.software().gradients() == TrainingRun.Gradients.BF16;
    if (run.zero() == 0 || !half) return 4 * kept;
    return 4 * held.share() + 2 * kept;
  }

  private static double activations(TrainingRun run) {
    ModelConfig m = run.model();
    Layout l = run.layout();
    int experts = ModelSize.expertLayers(m);
    int dense = m.nLayers() - experts;
    double all = 0;
    double largest = 0;
    double more = PyTorch.keptBytes(run) * run.microBatch() * run.seq() / l.cp();
    Keeping whole =
        new Keeping(
            l.tp(),
            l.cp(),
            run.software().sequenceParallel(),
            run.software().fusedAttention(),
            Recompute.NONE);
    for (boolean kind : new boolean[] {false, true}) {
      int layers = kind ? experts : dense;
      if (layers == 0) continue;
      double again =
          ActivationMemory.layerBytes(m, kind, run.microBatch(), run.seq(), run.keeping());
      if (run.recompute() == Recompute.NONE) again += more;
      double kept = ActivationMemory.layerBytes(m, kind, run.microBatch(), run.seq(), whole) + more;
      all += layers * (run.recomputed() * again + (1 - run.recomputed()) * kept);
      largest = Math.max(largest, kept);
    }
    double first =
        all * ActivationMemory.layersInFlight(l.pp(), l.virtualStages(), run.microBatches());
    double tokens = (double) run.microBatch() * run.seq() / l.cp();
    double logits = tokens * m.vocabSize() / l.tp() * LOGIT;
    double stages = l.pp() == 1 ? first + logits : Math.max(first, all / l.pp() + logits);
    return run.recompute() == Recompute.FULL ? stages + largest : stages;
  }
}
