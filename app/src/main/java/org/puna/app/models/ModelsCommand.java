package org.puna.app.models;

import org.puna.app.cli.Context;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The group of commands on the local model store. */
@Command(
    name = "models",
    description = "Pulls, lists, shows and removes models.",
    footer = {
      "",
      "Examples:",
      "  puna models pull hf:org/repo",
      "  puna models list",
      "  puna models show model.gguf"
    })
public final class ModelsCommand implements Runnable {
  private final Context context;

  @Spec private CommandSpec spec;

  /** The group. */
  public ModelsCommand(Context context) {
    this.context = context;
  }

  /** Returns the group with its commands, as picocli takes it. */
  public static CommandLine commandLine(Context context) {
    return new CommandLine(new ModelsCommand(context))
        .addSubcommand(new PullCommand(context))
        .addSubcommand(new ListCommand(context))
        .addSubcommand(new ShowCommand(context))
        .addSubcommand(new RmCommand(context));
  }

  @Override
  public void run() {
    spec.commandLine().usage(context.console().out());
  }
}
