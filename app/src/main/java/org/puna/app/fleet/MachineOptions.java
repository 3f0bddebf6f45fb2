package org.puna.app.fleet;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.fleet.Catalogue;
import org.puna.fleet.Csv;
import org.puna.fleet.Quantity;
import org.puna.fleet.estimate.Calibration;
import org.puna.fleet.estimate.CalibrationFile;
import org.puna.fleet.estimate.Machine;
import org.puna.model.config.BadInput;
import picocli.CommandLine.Option;

/** Options that say which chips, in which servers, on which network. */
final class MachineOptions {
  @Option(
      names = "--gpu",
      paramLabel = "CHIP",
      description = "A chip of the catalogue (puna fleet chips lists them).")
  private @Nullable String gpu;

  @Option(
      names = "--catalogue",
      paramLabel = "FILE",
      description = "A CSV of further chips, in the format of the shipped catalogue.")
  private @Nullable Path catalogue;

  @Option(
      names = "--scale-out",
      paramLabel = "RATE",
      description = "Network of one chip, one way, such as \"400 Gbit/s\".")
  private @Nullable String scaleOut;

  @Option(
      names = "--ports",
      paramLabel = "N",
      description =
          "Network ports of a server (default: one for each chip; for measurements not known).")
  private @Nullable Integer ports;

  @Option(
      names = "--link",
      paramLabel = "RATE",
      description = "Link of one chip inside a server, one way, such as \"450 GB/s\".")
  private @Nullable String link;

  @Option(names = "--node", paramLabel = "N", description = "Chips of one server.")
  private @Nullable Integer node;

  /** Returns the shipped catalogue with the user's chips. */
  Catalogue chips() {
    Catalogue shipped = Catalogue.shipped();
    if (catalogue == null) return shipped;
    try (Reader in = Csv.open(catalogue, "give a CSV of chips")) {
      return shipped.plusCsv(in, catalogue.toString());
    } catch (IOException e) {
      throw new BadInput(
          catalogue + ": cannot be read: " + e.getMessage() + "; give a CSV of chips", e);
    }
  }

  /** Returns whether a chip was named. */
  boolean named() {
    return gpu != null;
  }

  /** Returns the machine of the named chip. */
  Machine machine(String missing) {
    return with(Machine.of(chips().get(gpu == null ? missing : gpu, "--gpu")));
  }

  /**
   * Returns the machine that a table was measured on: as {@link #machine}, but how many ports its
   * servers have is known only if the options say so.
   */
  Machine measured(String missing) {
    Machine m = machine(missing);
    return ports == null ? m.withPorts(0) : m;
  }

  /** Returns a machine with what the options say instead. */
  Machine with(Machine m) {
    Machine out = m;
    if (link != null || node != null) {
      double gbps = link == null ? m.linkGBps() : Quantity.BANDWIDTH_GBPS.parse(link, "--link");
      out = out.withNode(gbps, node == null ? m.nodeChips() : node);
    }
    if (scaleOut != null) {
      out = out.withScaleOut(Quantity.BANDWIDTH_GBPS.parse(scaleOut, "--scale-out"), "--scale-out");
    }
    if (ports != null) {
      if (ports < 1) throw new BadInput("--ports: must be at least 1, found " + ports);
      out = out.withPorts(ports);
    }
    return out;
  }

  /** Says that a chip takes 16 bits where FP8 is asked of it, for which no rate is known. */
  static void noteFp8(Context context, Machine machine, Machine.Precision precision) {
    if (precision != Machine.Precision.FP8 || machine.chip().fp8Tflops().isPresent()) return;
    context.note(
        "puna: --precision fp8: no FP8 rate of "
            + machine.chip().name()
            + " is known, its BF16 rate is taken; leave the option out, or give the rate in"
            + " --chips");
  }

  /** Returns the folder of saved calibrations. */
  static Path folder(Context context) {
    return context.settings().home().resolve("calibrations");
  }

  /** Returns a calibration by name. */
  Calibration calibration(Context context, String name) {
    return CalibrationFile.named(name, folder(context), chips());
  }
}
