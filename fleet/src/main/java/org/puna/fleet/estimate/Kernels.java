package org.puna.fleet.estimate;

import org.puna.fleet.estimate.Machine.Precision;

/** Times of single operations on one GPU and of single collectives, from the constants. */
final class Kernels {
  /** Side lengths of the tile that one multiprocessor computes at a time in large products. */
  private static final double TILE = 128;

  /** Multiprocessors of a large GPU (108 on A100, 132 on H100); only the wave term uses it. */
  private static final double PROCESSORS = 120;

  /** What a ring with several ranks on a server gets at least of one port that chips share. */
  private static final double LEAST_PORT = 0.85;

  /**
   * Part of a GPU's multiprocessors that a collective at the full speed of the links occupies; a
   * slower one occupies fewer. NCCL runs one block for each channel, 16 to 32 of them over NVLink,
   * on 108 to 132 multiprocessors; DeepSeek-V3's paper gives 20 of 132 (section 3.2.2).
   */
  private static final double TAKEN = 0.2;

  /** Seconds to start a collective and for each hop of a ring: NCCL's tuning.cc, Ring, Simple. */
  private static final double RING_START = 8.4e-6;

  private static final double LINK_HOP = 3.4e-6;
  private static final double NETWORK_HOP = 14e-6;
  private static final double GB = 1e9;

  /** Blocks of NCCL that fill the links inside a server. */
  private static final double LINK_BLOCKS = 24;

  private final Machine machine;
  private final Calibration calibration;
  private final double flops;
  private final double attentionFlops;
  private final double memory;

  Kernels(Machine machine, Calibration calibration, Precision precision) {
    this.machine = machine;
    this.calibration = calibration;
    this.flops = machine.achievableFlops(precision) * c(Constant.GEMM_EFFICIENCY);
    this.attentionFlops = machine.achievableFlops(Precision.BF16);
    this.memory = machine.chip().bandwidthTbps() * 1e12 * c(Constant.MEMORY_EFFICIENCY);
  }

  private double c(Constant constant) {
    return calibration.get(constant);
  }

  /**
   * Seconds of an m×k by k×n product: arithmetic, the ends of a short inner dimension, and the last
   * wave of tiles that does not fill the chip.
   */
  double gemm(double m, double n, double k) {
    double waves = m / TILE * (n / TILE) / PROCESSORS;
    return 2
        * m
        * n
        * k
        / flops
        * (1 + c(Constant.GEMM_DEPTH) / k)
        * (1 + c(Constant.GEMM_WAVE) / waves);
  }

  /** Seconds of the two products that the backward pass of {@code gemm(m, n, k)} needs. */
  double gemmBackward(double m, double n, double k) {
    return gemm(m, k, n) + gemm(n, k, m);
  }

  double unfusedScores(double flopCount) {
    return flopCount / (attentionFlops * c(Constant.SCORES_EFFICIENCY));
  }

  double fusedAttention(double flopCount, TrainingRun.Framework framework) {
    double rate = attentionFlops * c(Constant.FUSED_ATTENTION_EFFICIENCY);
    if (framework.pytorch() && machine.hopper()) {
      rate = Math.min(rate, PyTorch.HOPPER_FLASH_2 * machine.chip().bf16Tflops() * 1e12);
    }
    return flopCount / rate;
  }

  /** Seconds to move bytes to and from device memory. */
  double traffic(double bytes) {
    return bytes / memory;
  }

  /** Seconds to sum {@code bytes} over the tensor-parallel ranks, which stand side by side. */
  double tensorAllReduce(double bytes, int ranks) {
    if (ranks == 1) return 0;
    double around = 2.0 * (ranks - 1) / ranks;
    double fixed =
        byDegree(ranks, Constant.COLLECTIVE_TP2, Constant.COLLECTIVE_TP4, Constant.COLLECTIVE_TP8);
    double inside = around * bytes / (machine.linkGBps() * GB * c(Constant.LINK_EFFICIENCY));
    double across = 0;
    if (ranks > machine.nodeChips()) {
      double nodes = Math.ceil((double) ranks / machine.nodeChips());
      // Summed inside each server first, so only one copy of the sum leaves it, over all its ports.
      double ports = machine.nodeChips() * machine.scaleOutGBps() * GB;
      across = 2 * (nodes - 1) / nodes * bytes / (ports * c(Constant.NETWORK_EFFICIENCY));
    }
    return fixed * around + inside + across;
  }

  /**
   * Seconds that one rank needs to send and receive {@code bytes} in a ring of ranks that stand
   * {@code stride} apart.
   */
  double ring(double bytes, int ranks, int stride) {
    if (ranks == 1) return 0;
    double link = machine.linkGBps() * GB * c(Constant.LINK_EFFICIENCY);
    double together = together(ranks, stride);
    double rate = link;
    if (together < ranks) {
      double port = machine.scaleOutGBps() * GB * c(Constant.GRADIENT_EFFICIENCY);
      // A rank alone on its server has its port to itself, and one ring of the whole server has
      // all ports. Several rings of several ranks meet at ports that chips share.
      boolean meet = together > 1 && stride > 1 && !machine.ownPorts();
      double ports = meet ? Math.max(LEAST_PORT, c(Constant.RING_SHARE) * together) : together;
      rate = Math.min(link, port * ports);
    }
    return bytes / rate;
  }

  /** Seconds until every rank of such a ring has been reached once, however little it carries. */
  double ringLatency(int ranks, int stride) {
    if (ranks == 1) return 0;
    double nodes = Math.ceil(ranks / together(ranks, stride));
    return RING_START + (nodes - 1) * NETWORK_HOP + (ranks - nodes) * LINK_HOP;
  }

  /** Ranks of a ring that share a server. */
  private double together(int ranks, int stride) {
    return Math.min(ranks, Math.max(1, (double) machine.nodeChips() / stride));
  }

  /**
   * Seconds of work that a collective takes from what hides it, by the multiprocessors that it
   * occupies while it sends and receives {@code bytes}.
   */
  double taken(double bytes) {
    return TAKEN * bytes / (machine.linkGBps() * GB * c(Constant.LINK_EFFICIENCY));
  }

  /**
   * Part of the multiprocessors that the blocks of a collective occupy for as long as it lasts: a
   * ring that leaves the server has two for each port (NVIDIA/nccl issues 320 and 652, by its
   * authors), one inside a server the 24 that its links need (the same).
   */
  double blocks(int ranks, int stride) {
    int ports = machine.ports() > 0 ? machine.ports() : machine.nodeChips();
    double n = together(ranks, stride) < ranks ? Math.min(LINK_BLOCKS, 2 * ports) : LINK_BLOCKS;
    return n / PROCESSORS;
  }

  /** Seconds that one rank needs to receive {@code bytes} from ranks {@code stride} apart. */
  double exchange(double bytes, int ranks, int stride) {
    boolean inside = (long) ranks * stride <= machine.nodeChips();
    double rate =
        inside
            ? machine.linkGBps() * c(Constant.LINK_EFFICIENCY)
            : Math.min(machine.linkGBps(), machine.scaleOutGBps()) * c(Constant.NETWORK_EFFICIENCY);
    return bytes / (rate * GB);
  }

  /** Seconds of one transfer between neighbouring pipeline stages. */
  double stageTransfer(double bytes, int stride) {
    boolean inside = stride < machine.nodeChips();
    double rate = (inside ? machine.linkGBps() : machine.scaleOutGBps()) * GB;
    return c(Constant.STAGE_LATENCY) + bytes / (rate * c(Constant.STAGE_EFFICIENCY));
  }

  /** Host seconds of one layer's forward kernels. */
  double host(int tp) {
    double factor =
        tp == 1 ? 1 : byDegree(tp, Constant.HOST_TP2, Constant.HOST_TP4, Constant.HOST_TP8);
    return c(Constant.HOST_PASS) * factor;
  }

  /** Seconds that {@code host} seconds of launching and {@code device} seconds of work take. */
  double pass(double device, double host, int tp) {
    double p = c(Constant.SHARPNESS);
    double most = Math.max(device, host);
    double mean = most * Math.pow(Math.pow(device / most, p) + Math.pow(host / most, p), 1 / p);
    if (tp == 1) return mean;
    double unit = host / this.host(tp);
    double wait =
        unit * byDegree(tp, Constant.JITTER_TP2, Constant.JITTER_TP4, Constant.JITTER_TP8);
    return mean + wait * Math.exp(-c(Constant.QUEUE) * device / host);
  }

  private double byDegree(int ranks, Constant two, Constant four, Constant eight) {
    double log = Math.log(ranks) / Math.log(2);
    if (log <= 1) return c(two);
    if (log <= 2) return c(two) + (c(four) - c(two)) * (log - 1);
    if (log <= 3) return c(four) + (c(eight) - c(four)) * (log - 2);
    return c(eight);
  }
}
