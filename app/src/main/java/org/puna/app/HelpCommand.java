package org.puna.app;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.puna.app.cli.Context;
import org.puna.app.cli.Nearest;
import org.puna.model.config.BadInput;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows the help of a command, or of all of them as the page {@code docs/cli.md}. */
@Command(
    name = "help",
    description = "Shows the help of a command.",
    footer = {"", "Examples:", "  puna help run", "  puna help --markdown > docs/cli.md"})
final class HelpCommand implements Runnable {
  private final Context context;

  @Spec private CommandSpec spec;

  @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "The command, in full.")
  private List<String> words = new ArrayList<>();

  @Option(names = "--markdown", description = "All commands as one Markdown page.")
  private boolean markdown;

  HelpCommand(Context context) {
    this.context = context;
  }

  @Override
  public void run() {
    CommandLine root = spec.root().commandLine();
    if (markdown) {
      context.console().out().print(Markdown.page(root));
      return;
    }
    CommandLine at = root;
    for (String word : words) {
      CommandLine next = at.getSubcommands().get(word);
      if (next == null) {
        Optional<String> near = Nearest.of(word, at.getSubcommands().keySet());
        throw new BadInput(
            "help: no command '"
                + word
                + "'"
                + near.map(n -> "; did you mean " + n + "?").orElse("")
                + " (`puna --help` lists all)");
      }
      at = next;
    }
    at.usage(context.console().out(), Ansi.AUTO);
  }
}
