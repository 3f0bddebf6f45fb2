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
    footer = {"", "Example:", "  puna fleet simulate --scenario llama3-405b"})
public final class FleetCommand implements Runnable {
  private final Context context;

  @Spec private CommandSpec spec;

  /** The group. */
  public FleetCommand(Context context) {
    this.context = context;
  }

  /** Returns the group with its commands, as picocli takes it. */
  public static CommandLine commandLine(Context context) {
    return new CommandLine(new FleetCommand(context)).addSubcommand(new SimulateCommand(context));
  }

  @Override
  public void run() {
    spec.commandLine().usage(context.console().out());
  }
}
