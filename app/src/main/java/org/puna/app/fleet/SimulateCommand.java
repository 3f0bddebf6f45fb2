package org.puna.app.fleet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Progress;
import org.puna.fleet.sim.JobOutcome;
import org.puna.fleet.sim.SimConfig;
import org.puna.fleet.sim.SimReport;
import org.puna.fleet.sim.SimResult;
import org.puna.fleet.sim.Simulation;
import org.puna.fleet.sim.report.HtmlReport;
import org.puna.model.config.BadInput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/** Simulates a fleet with its jobs and failures. */
@Command(
    name = "simulate",
    description =
        "Simulates a fleet: queues, gangs, preemption, failures, restarts; the same seed gives the"
            + " same figures.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  puna fleet simulate --scenario llama3-405b",
      "  puna fleet simulate --scenario llama3-405b --repeat 20",
      "  puna fleet simulate --chips 600000 --synthetic 20000 --html report.html",
      "  puna fleet simulate fleet/examples/two-sites.yaml \\",
      "    --jobs fleet/examples/jobs.csv"
    })
final class SimulateCommand implements Runnable {
  private static final int MAX_REPEATS = 10_000;
  private static final double HOUR = 3.6e6;

  private final Context context;

  @Mixin private SimulateOptions options;

  @Option(names = "--seed", paramLabel = "N", description = "Of every random number (default: 1).")
  private long seed = 1;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      description = "Run N seeds and print means and spreads.")
  private int repeat = 1;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Option(names = "--html", paramLabel = "FILE", description = "Write a page with plots.")
  private @Nullable Path html;

  @Option(
      names = "--outcomes",
      paramLabel = "FILE",
      description = "Write what became of each job, as CSV.")
  private @Nullable Path outcomes;

  SimulateCommand(Context context) {
    this.context = context;
    this.options = new SimulateOptions();
  }

  @Override
  public void run() {
    if (repeat < 1 || repeat > MAX_REPEATS) {
      throw new BadInput("--repeat " + repeat + ": expected 1 to " + MAX_REPEATS);
    }
    if (repeat > 1 && (html != null || outcomes != null)) {
      throw new BadInput("--repeat gives means of many runs; --html and --outcomes are of one run");
    }
    SimulateOptions.Asked asked = options.read();
    if (repeat > 1) {
      several(asked);
    } else {
      one(asked);
    }
  }

  private void one(SimulateOptions.Asked asked) {
    SimResult result = simulate(asked, seed);
    List<String> assumptions = asked.assumptions(seed);
    if (html != null) write(html, HtmlReport.of(result.report(), assumptions));
    if (outcomes != null) write(outcomes, csv(result.outcomes()));
    if (json) {
      ObjectMapper mapper = Context.mapper();
      ObjectNode tree = mapper.valueToTree(result.report());
      tree.set("assumptions", mapper.valueToTree(assumptions));
      context.json(tree);
    } else {
      context.console().out().print(SimulateText.of(result.report()));
    }
  }

  private void several(SimulateOptions.Asked asked) {
    // A seed whose jobs cannot be made is refused before the runs of the others, not after them.
    for (int i = 0; i < repeat; i++) {
      var _ = asked.jobs().apply(seed + i);
    }
    List<SimReport> reports = new ArrayList<>();
    for (int i = 0; i < repeat; i++) reports.add(simulate(asked, seed + i).report());
    List<SimulateText.Spread> spreads = SimulateText.spreads(reports);
    if (json) {
      context.json(spreads);
    } else {
      context.console().out().print(SimulateText.of(spreads, seed));
    }
  }

  private SimResult simulate(SimulateOptions.Asked asked, long withSeed) {
    SimConfig config = asked.config().apply(withSeed);
    long total = (long) (config.horizonMillis() / HOUR);
    try (Progress bar = context.progress("simulated hours", Math.max(1, total))) {
      long[] shown = {0};
      return Simulation.run(
          asked.fleet(),
          asked.jobs().apply(withSeed),
          config,
          (now, horizon, events) -> {
            long hours = (long) (now / HOUR);
            bar.step(hours - shown[0]);
            bar.note(events + " events");
            shown[0] = hours;
          });
    }
  }

  private void write(Path file, String text) {
    try {
      Files.writeString(file, text, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    context.note("puna: wrote " + file);
  }

  private static String csv(List<JobOutcome> outcomes) {
    StringBuilder out =
        new StringBuilder(
            "job,gpus,state,submit_hours,first_start_hours,finish_hours,waited_hours,"
                + "productive_chip_hours,checkpoint_chip_hours,lost_chip_hours,"
                + "overhead_chip_hours,interruptions,planned,preemptions\n");
    for (JobOutcome o : outcomes) {
      out.append(
          String.format(
              Locale.ROOT,
              "%s,%d,%s,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%d,%d,%d%n",
              quoted(o.job()),
              o.gpus(),
              o.state().name().toLowerCase(Locale.ROOT),
              o.submitHours(),
              o.firstStartHours(),
              o.finishHours(),
              o.waitedHours(),
              o.productive(),
              o.checkpoints(),
              o.lost(),
              o.overhead(),
              o.interruptions(),
              o.planned(),
              o.preemptions()));
    }
    return out.toString().replace(System.lineSeparator(), "\n");
  }

  private static String quoted(String cell) {
    return cell.matches("[^,\"\\r\\n]*") ? cell : "\"" + cell.replace("\"", "\"\"") + "\"";
  }
}
