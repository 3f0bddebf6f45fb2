package org.puna.fleet.estimate;

import java.util.Locale;
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
 * @param recomputed part of the layers that do so; the others keep all
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
    double recomputed,
    int zero,
    Software software) {

  /**
   * A run that recomputes alike in all its layers.
   *
   * @param model the model
   * @param seq tokens of a sequence
   * @param batch sequences of an iteration over all replicas
   * @param microBatch sequences that pass the pipeline together
   * @param layout how it is spread
   * @param precision format of the large products
   * @param recompute what the backward pass computes again
   * @param zero what data-parallel ranks share
   * @param software how the kernels are written
   */
  public TrainingRun(
      ModelConfig model,
      int seq,
      int batch,
      int microBatch,
      Layout layout,
      Machine.Precision precision,
      Recompute recompute,
      int zero,
      Software software) {
    this(model, seq, batch, microBatch, layout, precision, recompute, 1, zero, software);
  }

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
    if (!(recomputed >= 0 && recomputed <= 1)) {
      throw new BadInput(
          "run: the part of the layers that recompute must be 0 to 1, found " + recomputed);
    }
    layout.check(model, seq, batch, microBatch);
  }

  /** How attention is computed. */
  public enum Attention {
    /** Separate kernels that write the scores, also those above the diagonal. */
    SEPARATE,
    /**
     * The first FlashAttention, in use from 2022 to the middle of 2023: 25 to 40% of an A100's peak
     * where its successor reaches 50 to 73% (Dao 2023, FlashAttention-2, abstract and section 1).
     */
    FLASH_1,
    /** FlashAttention-2 and later, and the kernels of cuDNN. */
    FLASH;

    /** Middle of the first's range over the middle of the second's. */
    private static final double FIRST = 0.325 / 0.615;

    /** Returns whether one kernel keeps no scores and skips those above the diagonal. */
    public boolean fused() {
      return this != SEPARATE;
    }

    /** Returns the rate over that of {@link #FLASH}. */
    double rate() {
      return this == FLASH_1 ? FIRST : 1;
    }
  }

  /** In which format the gradients are summed over the replicas. */
  public enum Gradients {
    /** 16 bits, as the products give them. */
    BF16,
    /** 32 bits, in which micro-batches are summed too. */
    FP32;

    /**
     * The format of a name.
     *
     * @param name bf16, fp16 or fp32
     * @param where what asked for it, for the error
     * @throws BadInput if the name is none of these
     */
    public static Gradients named(String name, String where) {
      return switch (name.strip().toLowerCase(Locale.ROOT)) {
        case "bf16", "fp16" -> BF16;
        case "fp32" -> FP32;
        default -> throw new BadInput(where + ": expected bf16 or fp32, found \"" + name + "\"");
      };
    }
  }

  /** Which communication hides behind work. */
  public enum Overlap {
    /** None by design. */
    NONE,
    /**
     * Transfers between stages, and gradients, which are reduced while the last micro-batches of
     * other chunks are still at work.
     */
    STAGES,
    /**
     * Also the collectives of tensor parallelism: in as many pieces as ranks, each beside the
     * product of another piece, so that one piece is left (Wang et al. 2023, Overlap Communication
     * with Dependent Computation via Decomposition; Megatron-Core's {@code --tp-comm-overlap}).
     */
    TENSOR
  }

  /** Who wrote what stands between the large products, and how weights are shared. */
  public enum Framework {
    /** Megatron-LM and its kin: kernels written for the purpose. */
    MEGATRON,
    /**
     * PyTorch without more, each operation a kernel of its own that reads and writes memory, and
     * FSDP ({@link PyTorch}).
     */
    PYTORCH,
    /** The same compiled: operations between products become one kernel. */
    PYTORCH_COMPILED;

    /** Returns whether PyTorch's own kernels and FSDP run. */
    public boolean pytorch() {
      return this != MEGATRON;
    }
  }

  /**
   * How the kernels are written, which decides traffic and what is kept.
   *
   * @param attention how attention is computed
   * @param sequenceParallel whether norms and residuals are spread over the tensor-parallel ranks
   * @param overlap which communication hides behind work
   * @param gradients in which format gradients are summed over the replicas
   * @param framework who wrote the rest
   */
  public record Software(
      Attention attention,
      boolean sequenceParallel,
      Overlap overlap,
      Gradients gradients,
      Framework framework) {
    /** Megatron-LM of 2021: separate attention kernels, whole norms on every rank. */
    public static final Software MEGATRON_2021 =
        new Software(Attention.SEPARATE, false, Overlap.NONE, Gradients.BF16, Framework.MEGATRON);

    /** What is usual since 2023: FlashAttention-2 and sequence parallelism. */
    public static final Software MODERN =
        new Software(Attention.FLASH, true, Overlap.STAGES, Gradients.FP32, Framework.MEGATRON);

    /** Megatron-Core and NeMo with their options for speed: tensor parallelism overlapped too. */
    public static final Software MEGATRON_CORE =
        new Software(Attention.FLASH, true, Overlap.TENSOR, Gradients.FP32, Framework.MEGATRON);

    /** What was usual in 2022 and early 2023: the same with the first FlashAttention. */
    public static final Software FLASH_1 =
        new Software(Attention.FLASH_1, true, Overlap.STAGES, Gradients.FP32, Framework.MEGATRON);

    /** PyTorch's own kernels, FlashAttention-2 and FSDP, whose sums default to 32 bits. */
    public static final Software PYTORCH = MODERN.with(Framework.PYTORCH);

    /** The same through torch.compile. */
    public static final Software PYTORCH_COMPILED = MODERN.with(Framework.PYTORCH_COMPILED);

    /** PyTorch of 2023 with the first FlashAttention. */
    public static final Software PYTORCH_FLASH_1 = FLASH_1.with(Framework.PYTORCH);

    /** PyTorch with separate attention kernels that write the scores. */
    public static final Software PYTORCH_SEPARATE =
        new Software(Attention.SEPARATE, true, Overlap.STAGES, Gradients.FP32, Framework.PYTORCH);

    /** Names that {@link #named} knows, for errors and help. */
    public static final String NAMES =
        "modern, megatron-core, flash-1, megatron-2021, pytorch, pytorch-compiled, pytorch-flash-1"
            + " or pytorch-separate";

    /**
     * The software of a name.
     *
     * @param name one of {@link #NAMES}
     * @param where what asked for it, for the error
     * @throws BadInput if the name is none of these
     */
    public static Software named(String name, String where) {
      return switch (name.strip().toLowerCase(Locale.ROOT)) {
        case "modern" -> MODERN;
        case "megatron-core" -> MEGATRON_CORE;
        case "flash-1" -> FLASH_1;
        case "megatron-2021" -> MEGATRON_2021;
        case "pytorch" -> PYTORCH;
        case "pytorch-compiled" -> PYTORCH_COMPILED;
        case "pytorch-flash-1" -> PYTORCH_FLASH_1;
        case "pytorch-separate" -> PYTORCH_SEPARATE;
        default -> throw new BadInput(where + ": expected " + NAMES + ", found \"" + name + "\"");
      };
    }

    /**
     * The software that models of a kind were published with: Megatron-LM's for GPT (with sequence
     * parallelism where it recomputes selectively, which came together), modern for others. For all
     * in FP8 Megatron-Core's with gradients of 16 bits, which is what NeMo's performance recipes
     * say.
     *
     * @param model the model
     * @param recompute what is computed again
     * @param precision format of the products
     */
    public static Software of(ModelConfig model, Recompute recompute, Machine.Precision precision) {
      if (precision == Machine.Precision.FP8) return MEGATRON_CORE.with(Gradients.BF16);
      if (!ModelSize.isGpt(model)) return MODERN;
      return recompute == Recompute.SELECTIVE
          ? new Software(Attention.SEPARATE, true, Overlap.NONE, Gradients.BF16, Framework.MEGATRON)
          : MEGATRON_2021;
    }

    /**
     * This software with another format of gradients.
     *
     * @param format the format
     */
    public Software with(Gradients format) {
      return new Software(attention, sequenceParallel, overlap, format, framework);
    }

    private Software with(Framework other) {
      return new Software(attention, sequenceParallel, overlap, gradients, other);
    }

    /** Returns whether communication between stages and replicas hides behind work. */
    public boolean overlapped() {
      return overlap != Overlap.NONE;
    }

    /** Returns whether attention is one kernel that keeps no scores. */
    public boolean fusedAttention() {
      return attention.fused();
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
