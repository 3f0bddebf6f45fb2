package org.puna.fleet.estimate;

import org.puna.model.config.ModelConfig;

/**
 * What PyTorch's own kernels and FSDP do between the large products: bytes that pass device memory,
 * counted operation by operation from the formulas of a transformer's layer, nothing fitted.
 *
 * <p>Run one by one, each operation reads its operands and writes its result. RMSNorm and rotary
 * embedding, written out in 32 bits as Llama's published implementation has them, are chains of
 * such operations; LayerNorm, GELU and SiLU are one kernel each. Compiled, a chain between two
 * products or attention kernels becomes one kernel that reads its inputs and writes its outputs
 * once. Elements are of 2 bytes unless 4 are named.
 *
 * @see "Ansel et al. 2024, PyTorch 2, section 4; Zhao et al. 2023, PyTorch FSDP, section 3"
 */
final class PyTorch {
  /**
   * RMSNorm forward: cast up 2+4, square 4+4, mean 4, scale 4+4, cast down 4+2, weight 2+2. The
   * factor of each token is small.
   */
  private static final double RMS_NORM = 36;

  /**
   * RMSNorm backward. Weight: gradient of its input 2+2, of itself 2+2+2 and its sum 2. Cast 2+4.
   * Scale: gradient of its input 4+4, of the factor 4+4+4 and its sum 4. Square: its power 4+4,
   * doubled 4+4, times the gradient 4+4. Both gradients of the input 4+4+4, cast 4+2.
   */
  private static final double RMS_NORM_BACK = 84;

  /** LayerNorm is one kernel: 2+2; backward 2+2+2 and, for weight and bias, 2+2. */
  private static final double LAYER_NORM = 4;

  private static final double LAYER_NORM_BACK = 10;

  /** Two operands and a result: a residual, or the sum of two gradients. */
  private static final double SUM = 6;

  /** Rotary embedding, either way: cast up 2+4, complex product 4+4, cast down 4+2. */
  private static final double ROTARY = 20;

  /** SiLU 2+2 and the product with the gate 2+2+2. */
  private static final double GATE = 10;

  /** Gradients of both factors 2·(2+2+2), of SiLU 2+2+2. */
  private static final double GATE_BACK = 18;

  /** The activation without a gate, one kernel: 2+2; backward 2+2+2. */
  private static final double ACTIVATION = 4;

  private static final double ACTIVATION_BACK = 6;

  /** Compiled: residual and norm together read two, write the sum and the norm. */
  private static final double FUSED_NORM = 8;

  /** The gradient of a norm reads its own, its input and the residual's, and writes one. */
  private static final double FUSED_NORM_BACK = 8;

  /** A further gradient that a compiled sum reads. */
  private static final double FUSED_SUM = 2;

  private static final double FUSED_ROTARY = 4;
  private static final double FUSED_GATE = 6;
  private static final double FUSED_GATE_BACK = 10;

  /**
   * Bytes of logits and losses for each vocabulary entry of a token: cast up 2+4, log-softmax with
   * two passes 4+4+4, gradient of the choice 4, of log-softmax 4+4+4, cast down 4+2.
   */
  static final double LOSS_TRAFFIC = 40;

  /**
   * Bytes of a parameter that AdamW moves where each step is a kernel over all tensors, which is
   * what PyTorch does unless told to fuse: decay 8, first moment 12, second moment 8+12, root 8,
   * correction 8, epsilon 8, update 16; and the norm of the gradients 4, which scales them 8.
   */
  static final double ADAM_TRAFFIC = 92;

  /**
   * What FlashAttention-2 reaches on Hopper, as a fraction of the data sheet (Shah et al. 2024,
   * FlashAttention-3, abstract); PyTorch's own attention is FlashAttention-2.
   */
  static final double HOPPER_FLASH_2 = 0.35;

  private PyTorch() {}

  /**
   * Bytes of device memory that a layer's operations other than products and attention move for one
   * token.
   *
   * @param run what runs
   * @param ffn width of the feed-forward block, of all experts that a token visits
   * @param back for the backward pass
   */
  static double layerBytes(TrainingRun run, double ffn, boolean back) {
    ModelConfig m = run.model();
    double t = run.layout().tp();
    double outer = run.software().sequenceParallel() ? t : 1;
    boolean compiled = run.software().framework() == TrainingRun.Framework.PYTORCH_COMPILED;
    boolean gated = m.ffn().gated();
    double h = m.dModel();
    double q = m.attention().qDim() / t;
    double kv = m.attention().kvDim(run.layout().tp());
    double whole;
    if (compiled) {
      // Backward, the norm before attention has the gradients of queries, keys and values, the
      // other one those of gate and up.
      whole = back ? 2 * FUSED_NORM_BACK + (gated ? 3 * FUSED_SUM : 0) : 2 * FUSED_NORM;
    } else {
      double norm =
          gated ? (back ? RMS_NORM_BACK : RMS_NORM) : (back ? LAYER_NORM_BACK : LAYER_NORM);
      whole = 2 * (norm + SUM) + (back && gated ? 3 * SUM : 0);
    }
    double split;
    if (gated) {
      split =
          compiled
              ? FUSED_ROTARY * (q + kv) + (back ? FUSED_GATE_BACK : FUSED_GATE) * ffn / t
              : ROTARY * (q + kv) + (back ? GATE_BACK : GATE) * ffn / t;
    } else {
      split = (back ? ACTIVATION_BACK : ACTIVATION) * ffn / t;
    }
    // Keys and values are written out for every head that shares them.
    double repeated = kv < q ? 2 * (2 * kv + 2 * q) : 0;
    return whole * h / outer + split + repeated;
  }

  /**
   * Bytes that FSDP moves within a GPU's memory for each parameter and micro-batch beside what the
   * collectives do themselves: gathered weights are copied to their tensors before both passes, and
   * gradients into the buffer of the sum.
   *
   * @param sum bytes of a summed gradient
   */
  static double copies(double sum) {
    return 2 * (2 + 2) + 2 + sum;
  }

  /**
   * Bytes for each attention score where kernels are separate: scaled 2+2, masked 2+2, softmax 2+2,
   * dropout 2+2+1; backward dropout 2+1+2, softmax 2+2+2, mask 2+2, scale 2+2.
   *
   * @param back for the backward pass
   */
  static double scoreBytes(boolean back) {
    return back ? 19 : 17;
  }

  /**
   * Bytes that a layer which recomputes nothing keeps for one token beyond what fused kernels do:
   * the input of each RMSNorm in 32 bits, and keys and values once for every head that shares them.
   *
   * @param run what runs
   */
  static double keptBytes(TrainingRun run) {
    ModelConfig m = run.model();
    TrainingRun.Software s = run.software();
    if (!s.framework().pytorch() || !m.ffn().gated()) return 0;
    double t = run.layout().tp();
    double norms = s.framework() == TrainingRun.Framework.PYTORCH ? 2 * 4 * m.dModel() : 0;
    double repeated =
        Math.max(0, m.attention().qDim() / t - m.attention().kvDim(run.layout().tp()));
    return norms / (s.sequenceParallel() ? t : 1) + 2 * 2 * repeated;
  }

  /**
   * Whether recomputation of a whole layer ends before its last product, whose result no gradient
   * needs: the default since PyTorch 2.1 ({@code
   * torch.utils.checkpoint.set_checkpoint_early_stop}), so in all versions with FlashAttention-2,
   * which came with 2.2.
   *
   * @param run what runs
   */
  static boolean stopsEarly(TrainingRun run) {
    TrainingRun.Software s = run.software();
    return s.framework().pytorch()
        && s.attention() == TrainingRun.Attention.FLASH
        && run.model().moe().isEmpty();
  }

  /**
   * Products of a layer that selective recomputation repeats, each as width and inner dimension:
   * every second one, while the others and attention are kept (torchtitan's policy for selective
   * checkpointing of operations). In order: queries, keys, values, output, gate, up, down; without
   * a gate, where queries, keys and values are one product: these, output, up, down.
   *
   * @param m the model
   * @param tp ranks that share the layer
   */
  static double[][] repeated(ModelConfig m, int tp) {
    double h = m.dModel();
    double q = m.attention().qDim() / (double) tp;
    double ffn = m.ffn().dim() / (double) tp;
    return m.ffn().gated()
        ? new double[][] {{m.attention().kvDim(tp), h}, {h, q}, {ffn, h}}
        : new double[][] {{h, q}, {h, ffn}};
  }
}
