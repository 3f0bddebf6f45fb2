package org.puna.fleet.estimate;

import org.puna.model.config.ActivationMemory;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;

/**
 * One training iteration to be estimated.
 *
 * @param model the model
 * @param seq tokens of a sequence
 * @param batch sequences of an iteration over all replicas
 * @param microBatch sequences that pass the pipeline together
 * @param layout how it is spread
 * @param precision format of the large products
 * @param recompute what the backward pass computes again
 * @param zero what data-parallel ranks share: 0 nothing, 1 optimiser state, 2 also gradients, 3
 *     also weights
 * @param software how the kernels are written
 */
public record TrainingRun(
    ModelConfig model,
    int seq,
    int batch,
    int microBatch,
    Layout layout,
    Machine.Precision precision,
    Recompute recompute,
    int zero,
    Software software) {

  /** Checks sizes and that everything divides. */
  public TrainingRun {
    if (seq < 1 || batch < 1 || microBatch < 1) {
      throw new BadInput(
          "run: sequence, batch and micro-batch must be at least 1, found "
              + seq
              + ", "
              + batch
              + ", "
              + microBatch);
    }
    if (zero < 0 || zero > 3) {
      throw new BadInput("run: zero must be 0 to 3, found " + zero);
    }
    layout.check(model, seq, batch, microBatch);
  }

  /**
   * How the kernels are written, which decides traffic and what is kept.
   *
   * @param fusedAttention whether attention is one kernel that keeps no scores and skips those
   *     above the diagonal
   * @param sequenceParallel whether norms and residuals are spread over the tensor-parallel ranks
   * @param overlapped whether transfers between stages hide behind work, and gradients are reduced
   *     while the last micro-batches of other chunks are still at work
   */
  public record Software(boolean fusedAttention, boolean sequenceParallel, boolean overlapped) {
    /** Megatron-LM of 2021: separate attention kernels, whole norms on every rank. */
    public static final Software MEGATRON_2021 = new Software(false, false, false);

    /** What is usual since 2023: FlashAttention and sequence parallelism. */
    public static final Software MODERN = new Software(true, true, true);

    /**
     * The software that models of a kind were published with: Megatron-LM's for GPT (with sequence
     * parallelism where it recomputes selectively, which came together), modern for others.
     *
     * @param model the model
     * @param recompute what is computed again
     */
    public static Software of(ModelConfig model, Recompute recompute) {
      if (!ModelSize.isGpt(model)) return MODERN;
      return recompute == Recompute.SELECTIVE ? new Software(false, true, false) : MEGATRON_2021;
    }
  }

  /** Returns the micro-batches that each pipeline handles in an iteration. */
  public int microBatches() {
    return batch / layout.dp() / microBatch;
  }

  /** Returns the tokens of an iteration. */
  public double tokens() {
    return (double) batch * seq;
  }

  /** Returns how a layer's activations are kept. */
  public ActivationMemory.Keeping keeping() {
    return new ActivationMemory.Keeping(
        layout.tp(),
        layout.cp(),
        software.sequenceParallel(),
        software.fusedAttention(),
        recompute);
  }

  /** Returns whether attention computes the scores above the diagonal too. */
  public ModelSize.AttentionCount attentionCount() {
    return software.fusedAttention()
        ? ModelSize.AttentionCount.CAUSAL
        : ModelSize.AttentionCount.FULL;
  }
}
