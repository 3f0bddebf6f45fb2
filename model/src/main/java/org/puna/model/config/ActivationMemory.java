package org.puna.model.config;

/**
 * Bytes of activations that one GPU keeps between the forward and the backward pass of one layer
 * for one micro-batch, in 16-bit training.
 *
 * <p>For GPT the counts are those of Korthikanti et al.: 34 · s·b·h bytes and 5 · a·s²·b bytes of
 * scores, where 10 and 24 of the 34 are outside and inside the tensor-parallel region. For gated,
 * dropout-free models they count what the backward pass of each operation needs: the inputs of both
 * norms and of both blocks (8·h), queries and attention output (4·qDim), keys and values (4·kvDim)
 * and gate, up and their product (6·ffn).
 *
 * @see "Korthikanti et al. 2022, Reducing Activation Recomputation in Large Transformer Models,
 *     section 4"
 */
public final class ActivationMemory {
  private ActivationMemory() {}

  /** What the backward pass computes again instead of keeping. */
  public enum Recompute {
    /** Nothing. */
    NONE,
    /**
     * What is large and cheap. GPT with separate attention kernels: the scores, their softmax and
     * dropout. Gated models with fused attention: outputs of norms and the product of gate and up.
     */
    SELECTIVE,
    /** The whole layer, from its input. */
    FULL
  }

  /**
   * How a layer is spread and what it keeps.
   *
   * @param tensorParallel GPUs that share a layer
   * @param contextParallel GPUs that share a sequence
   * @param sequenceParallel whether norms and dropout are spread over the tensor-parallel GPUs too
   * @param fusedAttention whether a fused kernel keeps no scores
   * @param recompute what is computed again
   */
  public record Keeping(
      int tensorParallel,
      int contextParallel,
      boolean sequenceParallel,
      boolean fusedAttention,
      Recompute recompute) {}

  /**
   * Bytes that one layer keeps for one micro-batch on one GPU.
   *
   * @param c the model
   * @param experts whether the layer has experts; each token's activations exist once for each
   *     expert it visits
   * @param microBatch sequences
   * @param seq tokens of each
   * @param k how the layer is spread
   */
  public static double layerBytes(
      ModelConfig c, boolean experts, int microBatch, int seq, Keeping k) {
    double t = k.tensorParallel();
    double tokens = (double) microBatch * seq / k.contextParallel();
    double outer = k.sequenceParallel() ? t : 1;
    double h = c.dModel();
    if (k.recompute() == Recompute.FULL) return 2 * tokens * h / outer;
    boolean keepsScores = !k.fusedAttention() && k.recompute() == Recompute.NONE;
    double scores = keepsScores ? 5.0 * c.attention().nHeads() * seq / t : 0;
    double ffn = c.ffn().dim();
    double copies = 1;
    if (experts) {
      ModelConfig.Moe moe = c.moe().orElseThrow();
      ffn = (double) moe.nActive() * moe.dim() + moe.sharedDim();
      copies = moe.nActive();
    }
    double q = c.attention().qDim();
    double kv = c.attention().kvDim(k.tensorParallel());
    if (!c.ffn().gated()) {
      // Outside: norms 4, attention input 2 and dropout mask 1, feed-forward input 2 and mask 1.
      double outside = (7 + 3 * copies) * h;
      double inside = 4 * q + 4 * ffn;
      return tokens * (outside / outer + inside / t + 4 * kv + scores);
    }
    boolean cheapAgain = k.fusedAttention() && k.recompute() == Recompute.SELECTIVE;
    double outside = cheapAgain ? (2 + 2 * copies) * h : (6 + 2 * copies) * h;
    double inside = 4 * q + (cheapAgain ? 4 : 6) * ffn;
    return tokens * (outside / outer + inside / t + 4 * kv + scores);
  }

  /**
   * Layers whose activations the first pipeline stage keeps at once, as a factor on the layers of
   * the whole model: 1 for 1F1B, 1 + (p − 1)/(p·v) with v interleaved chunks; fewer where there are
   * fewer micro-batches than stages.
   *
   * @param pipeline stages
   * @param virtualStages chunks of each stage
   * @param microBatches micro-batches of an iteration
   */
  public static double layersInFlight(int pipeline, int virtualStages, long microBatches) {
    double p = pipeline;
    double v = virtualStages;
    double full = v > 1 ? 1 + (p - 1) / (p * v) : 1;
    return Math.min(full, microBatches / p);
  }
}
