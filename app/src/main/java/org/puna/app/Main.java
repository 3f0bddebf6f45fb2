package org.puna.app;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.puna.app.cli.Console;
import org.puna.app.cli.Context;
import org.puna.app.cli.EnvironmentOptions;
import org.puna.app.cli.Failures;
import org.puna.app.cli.Logging;
import org.puna.app.cli.Nearest;
import org.puna.app.cli.Settings;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The entry point: makes the commands, runs the one that was asked for and ends with its code. */
public final class Main {
  private Main() {}

  /** Runs a command line and ends the process with its exit code. */
  public static void main(String[] args) {
    Console console = Console.system();
    System.exit(start(console, args));
  }

  private static int start(Console console, String[] args) {
    Settings settings;
    try {
      settings = Settings.from(System.getenv(), Path.of(System.getProperty("user.home", ".")));
    } catch (RuntimeException e) {
      return Failures.report(e, console, false);
    }
    return run(new Context(console, settings), args);
  }

  /**
   * Runs a command line in this process.
   *
   * @return 0 done, 2 the user's mistake, 1 a failure
   */
  public static int run(Context context, String... args) {
    Console console = context.console();
    Puna puna = new Puna();
    try {
      int code = commandLine(context, puna, args).execute(args);
      if (code != Failures.FAILED) {
        console.out().flush();
      }
      return code;
    } catch (Throwable t) {
      // Errors such as OutOfMemoryError pass picocli's handler; they too get their one line.
      return Failures.report(t, console, context.settings().debug() || puna.debug());
    }
  }

  /**
   * Returns the parser for a command line, writing to the context's streams; without arguments it
   * has every command.
   */
  static CommandLine commandLine(Context context, Puna puna, String... args) {
    Console console = context.console();
    CommandLine line = new CommandLine(puna);
    Commands.addTo(line, context, args);
    line.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    // A text may well begin with @.
    line.setExpandAtFiles(false);
    line.setParameterExceptionHandler((e, given) -> mistake(e, console));
    line.setExecutionExceptionHandler((e, cmd, result) ->
        Failures.report(e, console, context.settings().debug() || puna.debug()));
    line.setExecutionStrategy(result -> {
      Logging.configure(puna.verbosity(), console.err());
      return new CommandLine.RunLast().execute(result);
    });
    return line;
  }

  /** Says in one line what was wrong with the command line, with the likely word for a typo. */
  private static int mistake(ParameterException e, Console console) {
    CommandLine at = e.getCommandLine();
    String said = String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", " ");
    if (e instanceof UnmatchedArgumentException u) {
      String first = u.getUnmatched().getFirst();
      Map<String, CommandLine> commands = at.getSubcommands();
      if (!first.startsWith("-") && !commands.isEmpty()) {
        said = "no command '" + first + "'" + guess(Nearest.of(first, commands.keySet()).stream());
      } else if (first.startsWith("-")) {
        said =
            first.contains(" ")
                ? "'" + first + "' begins as an option does; put -- before a text"
                : "no option '" + first + "'" + guess(u.getSuggestions().stream());
      } else {
        said = "unexpected '" + String.join(" ", u.getUnmatched()) + "' after the arguments";
      }
    }
    if (at.getDefaultValueProvider() instanceof EnvironmentOptions environment) {
      said = environment.named(said, at.getCommandSpec());
    }
    String name = at.getCommandSpec().qualifiedName();
    console.err().println("puna: " + said + " (`" + name + " --help` shows the usage)");
    return Failures.BAD_INPUT;
  }

  private static String guess(Stream<String> near) {
    String words = near.collect(Collectors.joining(" or "));
    return words.isEmpty() ? "" : "; did you mean " + words + "?";
  }
}
