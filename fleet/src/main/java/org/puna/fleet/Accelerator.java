package org.puna.fleet;

import java.util.OptionalDouble;
import org.puna.model.config.BadInput;

/**
 * One kind of chip, by its data sheet. Rates are dense (no structured sparsity); a figure that
 * nobody published is empty, never guessed.
 *
 * @param name the name that inventories use, such as {@code H100-80GB-SXM}
 * @param vendor who makes it
 * @param bf16Tflops peak dense BF16 (or FP16 where a chip lacks BF16) matrix rate in TFLOP/s
 * @param fp8Tflops peak dense FP8 matrix rate in TFLOP/s, empty where the chip has no FP8
 * @param memoryGb device memory in GB (10⁹ bytes as data sheets count)
 * @param bandwidthTbps memory bandwidth in TB/s
 * @param tdpW power of one chip in W under full load
 * @param linkGBps one-way scale-up bandwidth of one chip (NVLink, Infinity Fabric, ICI) in GB/s
 * @param scaleUpChips chips that share one scale-up domain
 * @param measuredBf16Tflops best measured rate of a large BF16 matrix product in TFLOP/s
 * @param source where the figures come from
 */
public record Accelerator(
    String name,
    String vendor,
    double bf16Tflops,
    OptionalDouble fp8Tflops,
    double memoryGb,
    double bandwidthTbps,
    OptionalDouble tdpW,
    OptionalDouble linkGBps,
    int scaleUpChips,
    OptionalDouble measuredBf16Tflops,
    String source) {

  /** Checks that every figure is positive. */
  public Accelerator {
    if (name.isBlank()) throw new BadInput("accelerator: the name is empty; name the chip");
    positive(name, "bf16_tflops", bf16Tflops);
    positive(name, "memory_gb", memoryGb);
    positive(name, "bandwidth_tbps", bandwidthTbps);
    positive(name, "scale_up_chips", scaleUpChips);
    fp8Tflops.ifPresent(v -> positive(name, "fp8_tflops", v));
    tdpW.ifPresent(v -> positive(name, "tdp_w", v));
    linkGBps.ifPresent(v -> positive(name, "link_gbps", v));
    measuredBf16Tflops.ifPresent(v -> positive(name, "measured_bf16_tflops", v));
  }

  /** Returns the FP8 rate, or the BF16 rate where the chip has no FP8 (it then runs BF16). */
  public double fp8OrBf16Tflops() {
    return fp8Tflops.orElse(bf16Tflops);
  }

  private static void positive(String name, String what, double v) {
    if (!(v > 0) || Double.isInfinite(v)) {
      throw new BadInput(
          "accelerator " + name + ": " + what + " must be a positive number, found " + v);
    }
  }
}
