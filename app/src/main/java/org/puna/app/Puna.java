package org.puna.app;

import org.puna.app.cli.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code puna} itself: without a subcommand it shows its help. */
@Command(
    name = "puna",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Version.class,
    description = "Runs open language models on this machine, in Java.",
    footer = {
      "",
      "Examples:",
      "  puna run model.gguf \"Why is the sky blue?\"",
      "  puna models show model.gguf",
      "  puna tokenize model.gguf \"Hello, world\"",
      "",
      "Results go to standard output, progress and notes to standard error.",
      "Exit status: 0 done, 2 a mistake in what was given, 1 a failure."
    })
final class Puna implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Print the stack trace of a failure.")
  private boolean debug;

  @Option(
      names = {"-v", "--verbose"},
      scope = ScopeType.INHERIT,
      description = "Say more on standard error; twice for details.")
  private boolean[] verbose = {};

  boolean debug() {
    return debug;
  }

  int verbosity() {
    return verbose.length;
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
