package org.puna.fleet.estimate;

import java.util.Map;
import org.puna.fleet.formula.ModelFlopsUtilization;

/**
 * What one iteration costs.
 *
 * @param run what was estimated
 * @param machine on what
 * @param seconds time of an iteration
 * @param breakdown where the time goes, in seconds, in the order it should be read; sums to {@code
 *     seconds}
 * @param modelFlops floating-point operations of the model in an iteration, forward and backward
 *     without recomputation, causal attention counted once
 * @param hardwareFlops operations that are executed: with recomputation, and with the scores above
 *     the diagonal where the kernels compute them
 * @param memory bytes on the fullest GPU
 * @param parametersPerGpu parameters on that GPU
 */
public record Estimate(
    TrainingRun run,
    Machine machine,
    double seconds,
    Map<String, Double> breakdown,
    double modelFlops,
    double hardwareFlops,
    MemoryUse memory,
    double parametersPerGpu) {

  /** The formula of {@link #mfu} as it is printed in reports. */
  public static final String MFU_FORMULA =
      "MFU = tokens/s · FLOPs per token / (GPUs · peak BF16 FLOP/s), also in FP8; FLOPs per token ="
          + " 6·N + 6·L·H·Q·T, N without embedding, causal attention, no recomputation (PaLM paper,"
          + " appendix B, counts 12·L·H·Q·T)";

  /** Returns the GPUs of the layout. */
  public int gpus() {
    return run.layout().gpus();
  }

  /** Returns model TFLOP/s per GPU, without recomputation. */
  public double modelTflopsPerGpu() {
    return modelFlops / seconds / gpus() / 1e12;
  }

  /** Returns executed TFLOP/s per GPU, with recomputation, as Megatron-LM's tables print. */
  public double hardwareTflopsPerGpu() {
    return hardwareFlops / seconds / gpus() / 1e12;
  }

  /** Returns the MFU that PaLM's authors would print: all scores of attention count. */
  public double palmMfu() {
    double tokens = run.tokens() / seconds;
    double peak = machine.chip().bf16Tflops() * 1e12;
    return ModelFlopsUtilization.of(run.model(), run.seq(), tokens, gpus(), peak);
  }

  /**
   * Returns model FLOP/s over peak BF16 FLOP/s, whatever the precision: PaLM's MFU, but causal
   * attention counts only the scores that a token may see.
   */
  public double mfu() {
    return modelTflopsPerGpu() / machine.chip().bf16Tflops();
  }

  /** Returns executed FLOP/s over peak BF16 FLOP/s. */
  public double hfu() {
    return hardwareTflopsPerGpu() / machine.chip().bf16Tflops();
  }

  /** Returns tokens in a day without interruption. */
  public double tokensPerDay() {
    return run.tokens() / seconds * 86_400;
  }

  /** Returns whether the fullest GPU's memory holds it. */
  public boolean fits() {
    return memory.total() <= machine.chip().memoryGb() * 1e9;
  }
}
