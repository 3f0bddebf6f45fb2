package org.puna.app.serve;

import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.app.cli.Progress;
import org.puna.model.config.BadInput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Puts a running server under load and checks every answer. */
@Command(
    name = "soak",
    description = {
      "Puts a running server under load for a while, checks every answer and reports times.",
      "Each of many prompts is first answered alone, greedily; then all streams ask them again and",
      "again, some leave midway, and each whole answer must be the one that was given alone.",
      "Exit status 1 if an answer was lost, mixed up or cut, or anything is left over at the end."
    },
    footer = {
      "",
      "Examples:",
      "  puna soak --streams 200 --seconds 180",
      "  puna soak http://models.internal:8080 --model small --streams 32 --json"
    })
public final class SoakCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      arity = "0..1",
      paramLabel = "URL",
      description = "Where the server is (default: ${DEFAULT-VALUE}).")
  private URI url = URI.create("http://127.0.0.1:8080");

  @Option(names = "--model", paramLabel = "NAME", description = "The model (default: the first).")
  private @Nullable String model;

  @Option(
      names = "--streams",
      paramLabel = "N",
      description = "Streams at the same time (default: ${DEFAULT-VALUE}).")
  private int streams = 200;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "How long (default: ${DEFAULT-VALUE}).")
  private int seconds = 60;

  @Option(
      names = {"-n", "--max-tokens"},
      paramLabel = "N",
      description = "Tokens of an answer (default: ${DEFAULT-VALUE}).")
  private int tokens = 48;

  @Option(
      names = "--leave",
      paramLabel = "SHARE",
      description = "Share of the streams that leave midway (default: ${DEFAULT-VALUE}).")
  private double leave = 0.05;

  @Option(names = "--json", description = "Print the report as JSON.")
  private boolean json;

  /** The command. */
  public SoakCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws Exception {
    if (streams < 1 || streams > 100_000) {
      throw new BadInput("--streams: expected 1 to 100000, found " + streams);
    }
    if (seconds < 1 || tokens < 1) {
      throw new BadInput("--seconds and --max-tokens: expected at least 1");
    }
    if (!(leave >= 0 && leave < 1)) {
      throw new BadInput("--leave: expected a share from 0 to below 1, found " + leave);
    }
    SoakClient client = new SoakClient(url, model, System.getenv("PUNA_API_KEY"), tokens);
    SoakReport report;
    try (Progress progress = context.progress("soak", seconds)) {
      report = new Soak(client, streams, Duration.ofSeconds(seconds), leave).run(progress::step);
    }
    if (json) {
      context.json(report);
    } else {
      report.lines().forEach(context::say);
    }
    return report.clean() ? Failures.DONE : Failures.FAILED;
  }
}
