package org.puna.fleet.estimate;

/**
 * The free constants of the iteration model, each a physical quantity with a starting value and a
 * spread: how far (in natural logarithm, one standard deviation) measurements may reasonably pull
 * it away. A constant that the measurements say nothing about stays where it starts.
 */
public enum Constant {
  /** Large matrix products, as a fraction of the chip's measured rate. */
  GEMM_EFFICIENCY(1.0, 0.1, ""),
  /** Inner dimension at which a product spends as long on its ends as on its middle. */
  GEMM_DEPTH(100, 1.0, "elements"),
  /** Time of a product that fills the chip once, beyond its arithmetic, in waves of tiles. */
  GEMM_WAVE(0.3, 1.0, "waves"),
  /** Batched products of unfused attention, as a fraction of the chip's measured rate. */
  SCORES_EFFICIENCY(0.35, 0.6, ""),
  /** Fused attention kernels, as a fraction of the chip's measured rate. */
  FUSED_ATTENTION_EFFICIENCY(0.75, 0.2, ""),
  /** Memory bandwidth that kernels reach, as a fraction of the data sheet. */
  MEMORY_EFFICIENCY(0.75, 0.2, ""),
  /** Memory traffic of norms, activations and residuals, as a factor on the counted bytes. */
  ELEMENTWISE(1.0, 0.2, ""),
  /** Host time to launch one layer's forward kernels. */
  HOST_PASS(1.2e-3, 0.8, "s"),
  /** Host time of a pass with tensor parallel 2, as a factor. */
  HOST_TP2(1.05, 0.05, ""),
  /** Host time of a pass with tensor parallel 4, as a factor. */
  HOST_TP4(1.05, 0.05, ""),
  /** Host time of a pass with tensor parallel 8, as a factor. */
  HOST_TP8(1.05, 0.05, ""),
  /** Wait of 2 tensor-parallel ranks for the slowest host in a pass that has no queued work. */
  JITTER_TP2(0.05e-3, 1.5, "s"),
  /** The same of 4 ranks. */
  JITTER_TP4(0.15e-3, 1.5, "s"),
  /** The same of 8 ranks and more. */
  JITTER_TP8(0.35e-3, 1.5, "s"),
  /** How fast queued device work hides that wait, per ratio of device to host time. */
  QUEUE(2.0, 0.7, ""),
  /** Sharpness of the passage from host-bound to device-bound: the exponent of a power mean. */
  SHARPNESS(4, 0.5, ""),
  /** Fixed time of a tensor-parallel collective of 2 ranks. */
  COLLECTIVE_TP2(60e-6, 0.3, "s"),
  /** The same of 4 ranks. */
  COLLECTIVE_TP4(90e-6, 0.3, "s"),
  /** The same of 8 ranks and more. */
  COLLECTIVE_TP8(105e-6, 0.3, "s"),
  /** Part of the backward pass's tensor-parallel collectives that weight gradients do not hide. */
  BACKWARD_COLLECTIVES(0.7, 0.4, ""),
  /** Links inside a server, as a fraction of the data sheet. */
  LINK_EFFICIENCY(0.7, 0.3, ""),
  /** Network for collectives of a tensor-parallel group across servers, as a fraction. */
  NETWORK_EFFICIENCY(0.6, 0.4, ""),
  /** Network between pipeline stages, as a fraction. */
  STAGE_EFFICIENCY(0.6, 1.0, ""),
  /** Fixed time of a transfer between pipeline stages. */
  STAGE_LATENCY(100e-6, 1.0, "s"),
  /** Network for gradients, as a fraction. */
  GRADIENT_EFFICIENCY(0.5, 0.5, ""),
  /**
   * Part of the ports of its ranks that a gradient ring gets which shares a server with others,
   * where chips share ports: rings enter and leave by few of them.
   */
  RING_SHARE(0.5, 0.8, ""),
  /** Part of the last backward pass that hides the reduction of gradients; little in 2021. */
  GRADIENT_OVERLAP(0.05, 1.0, ""),
  /** Memory traffic of the optimiser, as a factor on 30 bytes a parameter. */
  OPTIMIZER(1.0, 0.4, ""),
  /** Time of an output head that is not spread, as a factor on its products. */
  WHOLE_HEAD(1.3, 0.5, ""),
  /** Host time of each micro-batch outside the layers. */
  MICRO_BATCH(0.5e-3, 1.0, "s"),
  /** Time of each iteration outside everything else. */
  ITERATION(3e-3, 1.0, "s"),
  /** Loss to the slowest server at each doubling of servers. */
  STRAGGLER(0.006, 0.2, "");

  private final double start;
  private final double spread;
  private final String unit;

  Constant(double start, double spread, String unit) {
    this.start = start;
    this.spread = spread;
    this.unit = unit;
  }

  /** Returns the value without any measurement. */
  public double start() {
    return start;
  }

  /** Returns one standard deviation of the logarithm around {@link #start}. */
  public double spread() {
    return spread;
  }

  /** Returns the unit, empty for ratios. */
  public String unit() {
    return unit;
  }
}
