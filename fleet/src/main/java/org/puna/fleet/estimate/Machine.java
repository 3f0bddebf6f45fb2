package org.puna.fleet.estimate;

import java.util.Optional;
import org.puna.fleet.Accelerator;
import org.puna.fleet.Inventory;
import org.puna.model.config.BadInput;

/**
 * What a layout runs on: a chip, the servers it stands in, and the network between them.
 *
 * @param chip the chip
 * @param nodeChips chips of one server, joined by its links
 * @param linkGBps one-way bandwidth of one chip inside a server in GB/s
 * @param scaleOutGBps one-way network bandwidth of one chip between servers in GB/s
 * @param sustained part of the measured matrix rate that is left when all chips train for hours at
 *     full power
 * @param scaleOutSource where the network's figure comes from
 * @param ports network ports of one server; 0 where nobody says, as in a table of measurements
 */
public record Machine(
    Accelerator chip,
    int nodeChips,
    double linkGBps,
    double scaleOutGBps,
    double sustained,
    String scaleOutSource,
    int ports) {

  /** Bandwidth of PCIe 4.0 ×16 in GB/s, what joins chips without links of their own. */
  private static final double PCIE_GBPS = 25;

  /** Checks the figures. */
  public Machine {
    if (nodeChips < 1 || !(linkGBps > 0) || !(scaleOutGBps > 0)) {
      throw new BadInput(
          "machine "
              + chip.name()
              + ": node size, link and network must be positive, found "
              + nodeChips
              + ", "
              + linkGBps
              + " GB/s, "
              + scaleOutGBps
              + " GB/s");
    }
    if (ports < 0) {
      throw new BadInput("machine " + chip.name() + ": ports must not be negative, found " + ports);
    }
  }

  /**
   * Servers of the kind that the chip's maker sells, with its reference network.
   *
   * @param chip the chip
   */
  public static Machine of(Accelerator chip) {
    double link = chip.linkGBps().orElse(PCIE_GBPS);
    // One rail of the maker's reference system for each chip.
    Optional<Reference> r = Reference.of(chip.name());
    int chips = Math.max(1, chip.scaleUpChips());
    return new Machine(
        chip,
        chips,
        link,
        r.map(Reference::gbps).orElse(50.0),
        sustained(chip.name()),
        r.map(Reference::source).orElse("assumed: one 400 Gbit/s port for each chip"),
        chips);
  }

  /**
   * The machine of an inventory group; what the file leaves out is as in {@link #of}.
   *
   * @param group the group
   */
  public static Machine of(Inventory.Group group) {
    Machine m = of(group.chip());
    int chips = group.nodeStated() ? group.nodeChips() : m.nodeChips;
    return new Machine(
        m.chip,
        chips,
        m.linkGBps,
        group.scaleOutGBps().orElse(m.scaleOutGBps),
        m.sustained,
        group.scaleOutGBps().isPresent() ? "inventory" : m.scaleOutSource,
        group.ports().orElse(chips));
  }

  /**
   * This machine with another network.
   *
   * @param gbps one-way bandwidth of one chip in GB/s
   * @param source where the figure comes from
   */
  public Machine withScaleOut(double gbps, String source) {
    return new Machine(chip, nodeChips, linkGBps, gbps, sustained, source, ports);
  }

  /**
   * This machine with another number of network ports.
   *
   * @param ofServer ports of one server, 0 where nobody says
   */
  public Machine withPorts(int ofServer) {
    return new Machine(
        chip, nodeChips, linkGBps, scaleOutGBps, sustained, scaleOutSource, ofServer);
  }

  /** Returns whether every chip is known to have a network port of its own. */
  boolean ownPorts() {
    return ports >= nodeChips;
  }

  /**
   * This machine with other links inside a server.
   *
   * @param gbps one-way bandwidth of one chip in GB/s
   * @param chips chips of one server
   */
  public Machine withNode(double gbps, int chips) {
    int own = ports == nodeChips ? chips : ports;
    return new Machine(chip, chips, gbps, scaleOutGBps, sustained, scaleOutSource, own);
  }

  /**
   * Dense matrix rate in FLOP/s that a large product reaches: the measured rate where one is
   * published, else the peak times the mean of measured over peak of the catalogue's NVIDIA chips.
   *
   * @param precision of the operands
   */
  public double achievableFlops(Precision precision) {
    double ratio =
        chip.measuredBf16Tflops().orElse(chip.bf16Tflops() * TYPICAL)
            / chip.bf16Tflops()
            * sustained;
    return switch (precision) {
      case BF16 -> chip.bf16Tflops() * ratio * 1e12;
      case FP8 -> chip.fp8OrBf16Tflops() * ratio * 1e12;
    };
  }

  /** Mean of measured over peak BF16 rate of A100, H100, B200, GB200 in the catalogue. */
  private static final double TYPICAL = 0.80;

  /**
   * Hopper keeps 0.79 of the measured rate over a long run on thousands of GPUs: with it the model
   * meets the iteration times of Nemotron-4 340B (1,536 to 6,144 H100: 10.3, 10.3, 8.0 s) and the
   * 47% and 42% MFU of Megatron-Core's 177B (96 and 4,608 H100, which overlaps tensor parallelism)
   * within 3%. The A100 is what the constants are calibrated on, and nothing is published for the
   * others.
   */
  private static double sustained(String chip) {
    return hopper(chip) ? HOPPER_SUSTAINED : 1;
  }

  private static boolean hopper(String chip) {
    return chip.startsWith("H100") || chip.startsWith("H200") || chip.startsWith("H800");
  }

  /** Returns whether the chip is of the Hopper generation. */
  boolean hopper() {
    return hopper(chip.name());
  }

  private static final double HOPPER_SUSTAINED = 0.79;

  /** Number formats of the large matrix products. */
  public enum Precision {
    /** BF16 or FP16 operands. */
    BF16,
    /** FP8 operands in the linear layers, BF16 in attention. */
    FP8
  }

  private record Reference(double gbps, String source) {
    static Optional<Reference> of(String chip) {
      if (chip.startsWith("A100") || chip.startsWith("V100")) {
        return Optional.of(new Reference(25, "one 200 Gbit/s HDR port a GPU: NVIDIA DGX A100"));
      }
      if (chip.startsWith("TPU")) {
        return Optional.of(
            new Reference(6.25, "data-center network between pods, 50 Gbit/s a chip"));
      }
      if (chip.startsWith("Gaudi-2")) {
        return Optional.of(new Reference(37.5, "3 × 100 Gbit/s a chip: Intel Gaudi 2 reference"));
      }
      if (chip.startsWith("Gaudi-3")) {
        return Optional.of(new Reference(75, "3 × 200 Gbit/s a chip: Intel Gaudi 3 reference"));
      }
      if (chip.startsWith("H100") || chip.startsWith("H200") || chip.startsWith("H800")) {
        return Optional.of(new Reference(50, "one 400 Gbit/s NDR port a GPU: NVIDIA DGX H100"));
      }
      return Optional.empty();
    }
  }
}
