package org.puna.app.fleet;

import org.puna.app.cli.Context;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The group of commands on fleets of accelerators. */
@Command(
    name = "fleet",
    description = "Counts, plans and simulates fleets of accelerators.",
    footer = {
      "",
      "Examples:",
      "  puna fleet equivalents fleet/examples/announced-fleet.yaml",
      "  puna fleet size llama-3.1-405b",
      "  puna fleet simulate --scenario llama3-405b",
      "  puna fleet plan --model llama-3.1-405b --tokens 15.6T --gpu H100 --gpus 16384",
      "  puna fleet estimate --model llama-3.1-405b --gpu H100 --gpus 8192"
          + " --layout tp=8,cp=1,pp=16,dp=64 --seq 8192 --batch 2048"
    })
public final class FleetCommand implements Runnable {
  private final Context context;

  @Spec private CommandSpec spec;

  /** The group. */
  public FleetCommand(Context context) {
    this.context = context;
  }

  /** Returns the group with its commands, as picocli takes it. */
  public static CommandLine commandLine(Context context) {
    return new CommandLine(new FleetCommand(context))
        .addSubcommand(new EquivalentsCommand(context))
        .addSubcommand(new InventoryCommand(context))
        .addSubcommand(new ChipsCommand(context))
        .addSubcommand(new SizeCommand(context))
        .addSubcommand(new EstimateCommand(context))
        .addSubcommand(new PlanCommand(context))
        .addSubcommand(new SimulateCommand(context))
        .addSubcommand(new CalibrateCommand(context))
        .addSubcommand(new EvaluateCommand(context))
        .addSubcommand(new ServeCapacityCommand(context));
  }

  @Override
  public void run() {
    spec.commandLine().usage(context.console().out());
  }
}
