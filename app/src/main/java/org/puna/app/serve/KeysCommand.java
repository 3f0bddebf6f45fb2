package org.puna.app.serve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.app.cli.Settings;
import org.puna.model.config.BadInput;
import org.puna.server.access.ApiKey;
import org.puna.server.access.Keys;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes, lists and removes API keys of the server. */
@Command(
    name = "keys",
    description = {
      "Makes, lists and removes the API keys that may use the server.",
      "A key is shown once, when it is made; the file keeps its hash alone. A running server that",
      "began with keys notices within some seconds."
    },
    footer = {
      "",
      "Examples:",
      "  puna keys add alice",
      "  puna keys add batch --requests-per-minute 600 --concurrent 8",
      "  puna keys list",
      "  puna keys rm alice"
    })
public final class KeysCommand implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  private KeysCommand() {}

  /** Returns the command with its subcommands. */
  public static CommandLine commandLine(Context context) {
    return new CommandLine(new KeysCommand())
        .addSubcommand(new Add(context))
        .addSubcommand(new ListKeys(context))
        .addSubcommand(new Remove(context));
  }

  /** Returns the file of keys where nobody names one. */
  static Path file(Settings settings) {
    return settings.home().resolve("keys.json");
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  private abstract static class OfFile implements Callable<Integer> {
    final Context context;

    @Option(
        names = "--keys",
        paramLabel = "FILE",
        description = "The file of keys (default: keys.json in PUNA_HOME).")
    private @Nullable Path file;

    OfFile(Context context) {
      this.context = context;
    }

    Path path() {
      return file == null ? KeysCommand.file(context.settings()) : file;
    }

    Keys keys() {
      return Files.exists(path()) ? Keys.read(path()) : Keys.none();
    }
  }

  @Command(
      name = "add",
      description = "Makes a key and shows it once.",
      footer = {"", "Example:", "  puna keys add alice --requests-per-minute 600"})
  private static final class Add extends OfFile {
    @Parameters(paramLabel = "NAME", description = "Whose key it is.")
    private String name = "";

    @Option(
        names = "--requests-per-minute",
        paramLabel = "N",
        description = "Requests in a minute at most (default: no limit).")
    private @Nullable Integer requestsPerMinute;

    @Option(
        names = "--concurrent",
        paramLabel = "N",
        description = "Requests at a time at most (default: no limit).")
    private @Nullable Integer concurrent;

    Add(Context context) {
      super(context);
    }

    @Override
    public Integer call() throws IOException {
      String key = Keys.generate(new SecureRandom());
      keys().with(new ApiKey(name, Keys.hash(key), requestsPerMinute, concurrent)).write(path());
      context.note("The key of " + name + " is shown this once; " + path() + " keeps its hash:");
      context.say(key);
      return Failures.DONE;
    }
  }

  @Command(
      name = "list",
      description = "Lists whose keys there are.",
      footer = {"", "Example:", "  puna keys list --json"})
  private static final class ListKeys extends OfFile {
    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    ListKeys(Context context) {
      super(context);
    }

    /** What is shown of a key: never its hash. */
    private record Row(
        String name, @Nullable Integer requestsPerMinute, @Nullable Integer concurrentRequests) {}

    @Override
    public Integer call() {
      List<Row> rows =
          keys().all().stream()
              .map(k -> new Row(k.name(), k.requestsPerMinute(), k.concurrentRequests()))
              .toList();
      if (json) {
        context.json(rows);
        return Failures.DONE;
      }
      for (Row r : rows) {
        context.say(
            r.name()
                + (r.requestsPerMinute() == null ? "" : ", " + r.requestsPerMinute() + " a minute")
                + (r.concurrentRequests() == null
                    ? ""
                    : ", " + r.concurrentRequests() + " at a time"));
      }
      return Failures.DONE;
    }
  }

  @Command(
      name = "rm",
      description = "Removes a key.",
      footer = {"", "Example:", "  puna keys rm alice"})
  private static final class Remove extends OfFile {
    @Parameters(paramLabel = "NAME", description = "Whose key to remove.")
    private String name = "";

    Remove(Context context) {
      super(context);
    }

    @Override
    public Integer call() throws IOException {
      Keys before = keys();
      Keys after = before.without(name);
      if (after.all().size() == before.all().size()) {
        throw new BadInput(
            "keys rm: there is no key '"
                + name
                + "' in "
                + path()
                + "; `puna keys list` shows them");
      }
      after.write(path());
      return Failures.DONE;
    }
  }
}
