package org.puna.app.fleet;

import java.util.OptionalDouble;
import org.puna.app.cli.Context;
import org.puna.fleet.Accelerator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists the catalogue of accelerators. */
@Command(
    name = "chips",
    description = "Lists the accelerators that are known, each figure with its source.",
    footer = {"", "Example:", "  puna fleet chips"})
final class ChipsCommand implements Runnable {
  private final Context context;

  @Mixin private MachineOptions machines = new MachineOptions();
  @Mixin private ReportOptions options = new ReportOptions();

  ChipsCommand(Context context) {
    this.context = context;
  }

  @Override
  public void run() {
    Report out = new Report("Accelerators");
    out.table(
        "",
        "chip",
        "BF16 TFLOP/s",
        "FP8",
        "measured BF16",
        "GB",
        "TB/s",
        "W",
        "link GB/s",
        "source");
    for (Accelerator c : machines.chips().chips()) {
      out.row(
          c.name(),
          c.bf16Tflops(),
          text(c.fp8Tflops()),
          text(c.measuredBf16Tflops()),
          c.memoryGb(),
          c.bandwidthTbps(),
          text(c.tdpW()),
          text(c.linkGBps()),
          c.source());
    }
    out.print(context, options, machines.chips().chips());
  }

  private static String text(OptionalDouble v) {
    return v.isPresent() ? String.valueOf(v.getAsDouble()) : "-";
  }
}
