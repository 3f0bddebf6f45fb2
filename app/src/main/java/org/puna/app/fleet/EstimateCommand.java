package org.puna.app.fleet;

import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.fleet.estimate.Calibration;
import org.puna.fleet.estimate.Estimate;
import org.puna.fleet.estimate.IterationModel;
import org.puna.fleet.estimate.Layout;
import org.puna.fleet.estimate.Machine;
import org.puna.fleet.estimate.Tuner;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Estimates one iteration of one layout. */
@Command(
    name = "estimate",
    description = "Estimates a training iteration: time, TFLOP/s, MFU, memory, tokens per day.",
    sortOptions = false,
    footer = {
      "",
      "Example:",
      "  puna fleet estimate --model llama-3.1-405b --gpu H100 --gpus 8192"
          + " --layout tp=8,cp=1,pp=16,dp=64 --seq 8192 --batch 2048"
    })
final class EstimateCommand implements Runnable {
  private final Context context;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description = "A file, a named shape, or layers=…,hidden=…,heads=…,ffn=…,vocab=…")
  private String model = "";

  @Option(names = "--gpus", paramLabel = "N", description = "GPUs; the layout's where left out.")
  private @Nullable Integer gpus;

  @Option(
      names = "--layout",
      required = true,
      paramLabel = "L",
      description = "tp=8,cp=1,pp=16,dp=64; also ep, vpp.")
  private String layout = "";

  @Option(
      names = "--calibration",
      paramLabel = "NAME",
      description = "Constants by name: ${DEFAULT-VALUE}.")
  private String calibration = "cluster";

  @Mixin private RunOptions run = new RunOptions();
  @Mixin private MachineOptions machines = new MachineOptions();
  @Mixin private ReportOptions options = new ReportOptions();

  EstimateCommand(Context context) {
    this.context = context;
  }

  @Override
  public void run() {
    ModelConfig m = ModelArgument.read(model);
    if (gpus != null && gpus < 1) throw new BadInput("--gpus: must be at least 1, found " + gpus);
    Layout l = Layout.parse(layout, gpus == null ? 0 : gpus);
    Calibration c = machines.calibration(context, calibration);
    Tuner tuner = new Tuner(new IterationModel(c));
    Tuner.Ask ask = run.ask(m);
    // A layout that names its chunks, be it one, is meant; without, the schedule is chosen.
    if (layout.contains("vpp")) ask = ask.withChunks(l.virtualStages());
    Machine machine = machines.machine("H100-80GB-SXM");
    MachineOptions.noteFp8(context, machine, ask.precision());
    Estimate e = tuner.best(ask, l, machine);
    Report out = new Report("Estimate");
    EstimateText.tables(out, e, c.name());
    if (!e.fits()) {
      context.note(
          "puna: does not fit the GPU's memory; raise tp, pp or --zero, or recompute more");
    }
    out.print(context, options, EstimateText.json(e));
  }
}
