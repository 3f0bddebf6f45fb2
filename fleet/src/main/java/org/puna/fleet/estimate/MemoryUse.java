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
 * @param weights 2 bytes a parameter
 * @param gradients 4 bytes a parameter; with gradients of 16 bits and a sharded optimiser 2, and 4
 *     of its own share (Megatron-LM's documentation of its distributed optimiser: 4 + 16/d bytes in
 *     all, with 32 bits 6 + 12/d)
 * @param optimizer 12 bytes a parameter: master weight and two moments
 * @param activations kept between forward and backward, with logits and a recomputed layer
 * @param reserve context, communication buffers and fragmentation
 * @see "Rajbhandari et al. 2020, ZeRO; Korthikanti et al. 2022, Reducing Activation Recomputation"
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

  /** Parameters on one GPU of the largest stage. */
  static double parametersPerGpu(TrainingRun run) {
    ModelConfig m = run.model();
    Layout l = run.layout();
    ModelSize.Parameters p = ModelSize.parameters(m);
    double perLayer = 0;
    for (ModelConfig.Layer layer : m.layers()) {
      double ffn = ModelSize.feedForwardParameters(m, layer.experts(), false);
      perLayer += ModelSize.attentionParameters(m) + ffn / (layer.experts() ? l.ep() : 1);
    }
    perLayer = perLayer / m.nLayers() + 2.0 * m.dModel();
    // Keys and values of heads that tensor-parallel ranks repeat.
    double repeated = m.attention().kvDim(l.tp()) * l.tp() - m.attention().kvDim();
    perLayer += 2.0 * m.dModel() * repeated;
    double ends = l.pp() > 1 ? Math.max(p.embedding(), p.head()) : p.embedding() + p.head();
    return (l.stageLayers(m.nLayers()) * perLayer + ends) / l.tp();
  }

  /**
   * Memory of a run.
   *
   * @param run the run
   */
  public static MemoryUse of(TrainingRun run) {
    Layout l = run.layout();
    double params = parametersPerGpu(run);
    double shards = (double) l.dp() * l.cp();
    return new MemoryUse(
        2 * params / (run.zero() >= 3 ? shards : 1),
        gradients(run) * params,
        12 * params / (run.zero() >= 1 ? shards : 1),
        activations(run),
        RESERVE);
  }

  /** Bytes of gradients for each parameter on a GPU. */
  private static double gradients(TrainingRun run) {
    double shards = (double) run.layout().dp() * run.layout().cp();
    boolean half = run.software().gradients() == TrainingRun.Gradients.BF16;
    if (run.zero() == 0 || !half) return 4 / (run.zero() >= 2 ? shards : 1);
    return 4 / shards + 2 / (run.zero() >= 2 ? shards : 1);
  }

  private static double activations(TrainingRun run) {
    ModelConfig m = run.model();
    Layout l = run.layout();
    double all = 0;
    double largest = 0;
    Keeping whole =
        new Keeping(
            l.tp(),
            l.cp(),
            run.software().sequenceParallel(),
            run.software().fusedAttention(),
            Recompute.NONE);
    for (ModelConfig.Layer layer : m.layers()) {
      all +=
          ActivationMemory.layerBytes(
              m, layer.experts(), run.microBatch(), run.seq(), run.keeping());
      largest =
          Math.max(
              largest,
              ActivationMemory.layerBytes(m, layer.experts(), run.microBatch(), run.seq(), whole));
    }
    double first =
        all * ActivationMemory.layersInFlight(l.pp(), l.virtualStages(), run.microBatches());
    double tokens = (double) run.microBatch() * run.seq() / l.cp();
    double logits = tokens * m.vocabSize() / l.tp() * LOGIT;
    double stages = l.pp() == 1 ? first + logits : Math.max(first, all / l.pp() + logits);
    return run.recompute() == Recompute.FULL ? stages + largest : stages;
  }
}
