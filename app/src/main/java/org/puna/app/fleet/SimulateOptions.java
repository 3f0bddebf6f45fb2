package org.puna.app.fleet;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.puna.fleet.Accelerator;
import org.puna.fleet.Catalogue;
import org.puna.fleet.Inventory;
import org.puna.fleet.InventoryReader;
import org.puna.fleet.sim.Assumptions;
import org.puna.fleet.sim.FailureTable;
import org.puna.fleet.sim.FleetSpec;
import org.puna.fleet.sim.JobSpec;
import org.puna.fleet.sim.Llama3Run;
import org.puna.fleet.sim.SimConfig;
import org.puna.fleet.sim.SyntheticMix;
import org.puna.fleet.sim.TeamPolicy;
import org.puna.fleet.sim.Trace;
import org.puna.model.config.BadInput;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What to simulate, as options of the command line. */
final class SimulateOptions {
  private static final int DEFAULT_JOBS = 2000;
  private static final double MINUTE = 60e3;
  private static final double HOUR = 3.6e6;
  private static final double DAY = 86.4e6;
  private static final Instant DEFAULT_START = Instant.parse("2025-01-01T00:00:00Z");
  private static final String LLAMA3_RATES =
      "rates of the Llama 3 paper, Table 5 (419 unexpected and 47 planned interruptions of 16,384"
          + " H100 in 54 days); scope and repair times are assumptions";

  @Parameters(
      arity = "0..1",
      paramLabel = "INVENTORY",
      description = "The fleet, a YAML or CSV inventory. Or give --chips.")
  @Nullable Path inventory;

  @Option(names = "--chips", paramLabel = "N", description = "A fleet of N chips of one kind.")
  @Nullable Integer chips;

  @Option(
      names = "--chip",
      paramLabel = "NAME",
      defaultValue = "H100-80GB-SXM",
      description = "Kind of these chips (default: ${DEFAULT-VALUE}).")
  String chip = "H100-80GB-SXM";

  @Option(
      names = "--scenario",
      paramLabel = "NAME",
      description = "A published run: llama3-405b (16,384 H100 for 54 days).")
  @Nullable String scenario;

  @Option(names = "--jobs", paramLabel = "FILE", description = "Jobs from a CSV trace.")
  @Nullable Path jobs;

  @Option(
      names = "--synthetic",
      paramLabel = "N",
      description = "N made-up jobs instead (default: 2000).")
  @Nullable Integer synthetic;

  @Option(
      names = "--load",
      paramLabel = "X",
      description = "Chip time the made-up jobs ask for, of all there is (default: 0.8).")
  @Nullable Double load;

  @Option(names = "--teams", paramLabel = "FILE", description = "CSV: team, share, quota (chips).")
  @Nullable Path teams;

  @Option(
      names = "--days",
      paramLabel = "N",
      description = "Simulated days at most (default: 365).")
  @Nullable Double days;

  @Option(
      names = "--start",
      paramLabel = "DATE",
      description = "First day (default: that of the trace, or 2025-01-01).")
  @Nullable String start;

  @Option(
      names = "--failures",
      paramLabel = "FILE",
      description = "CSV of failure rates, or none (default: the Llama 3 table).")
  @Nullable String failures;

  @Option(
      names = "--failure-scale",
      paramLabel = "X",
      defaultValue = "1",
      description = "Factor on all failure rates (default: 1).")
  double failureScale = 1;

  @Option(
      names = "--spares",
      paramLabel = "PERCENT",
      defaultValue = "1",
      description = "Nodes kept to replace failed ones (default: 1).")
  double spares = 1;

  @Option(
      names = "--leaf-nodes",
      paramLabel = "N",
      description = "Nodes under one leaf switch (default: 32).")
  int leafNodes = FleetSpec.DEFAULT_LEAF_NODES;

  @Option(
      names = "--start-minutes",
      paramLabel = "N",
      defaultValue = "5",
      description = "From chips to the first step (default: 5).")
  double startMinutes = 5;

  @Option(
      names = "--detect-minutes",
      paramLabel = "N",
      defaultValue = "2",
      description = "From a failure to knowing it (default: 2).")
  double detectMinutes = 2;

  @Option(
      names = "--restart-minutes",
      paramLabel = "N",
      defaultValue = "5",
      description = "From there to the first step (default: 5).")
  double restartMinutes = 5;

  @Option(
      names = "--maintenance-days",
      paramLabel = "N",
      description = "Maintain every leaf once in N days.")
  @Nullable Double maintenanceDays;

  @Option(
      names = "--maintenance-hours",
      paramLabel = "N",
      defaultValue = "4",
      description = "How long that takes (default: 4).")
  double maintenanceHours = 4;

  @Option(names = "--no-backfill", description = "No job passes a waiting one.")
  boolean noBackfill;

  @Option(
      names = "--backfill-depth",
      paramLabel = "N",
      defaultValue = "100",
      description = "Waiting jobs that a scheduling pass looks at (default: 100).")
  int backfillDepth = 100;

  @Option(names = "--no-preemption", description = "Jobs of high priority wait like others.")
  boolean noPreemption;

  @Option(names = "--preemption-saves", description = "Preempted jobs may save first.")
  boolean preemptionSaves;

  @Option(
      names = "--half-life-days",
      paramLabel = "N",
      defaultValue = "7",
      description = "After which past use counts half (default: 7).")
  double halfLifeDays = 7;

  @Option(
      names = "--spread-penalty",
      paramLabel = "X",
      defaultValue = "0",
      description = "Share of speed lost by a gang in more pods than it must (default: 0).")
  double spreadPenalty;

  /**
   * What was asked for.
   *
   * @param fleet where jobs run
   * @param jobs what runs; made again for every seed where they are made up
   * @param config everything else, for a seed
   * @param rates where the failure rates come from
   * @param origin where the jobs come from
   */
  record Asked(
      FleetSpec fleet,
      java.util.function.LongFunction<List<JobSpec>> jobs,
      java.util.function.LongFunction<SimConfig> config,
      String rates,
      String origin) {

    List<String> assumptions(long seed) {
      return Assumptions.of(fleet, config.apply(seed), rates, origin);
    }
  }

  /** Reads the files and checks that the options fit together. */
  Asked read() {
    SimConfig.Overheads overheads =
        new SimConfig.Overheads(
            millis("--start-minutes", startMinutes, MINUTE),
            millis("--detect-minutes", detectMinutes, MINUTE),
            millis("--restart-minutes", restartMinutes, MINUTE));
    if (scenario != null) return published(scenario, overheads);
    Optional<Instant> first = Optional.ofNullable(start).map(SimulateOptions::date);
    if (jobs != null && (synthetic != null || load != null)) {
      throw new BadInput(
          "--jobs reads jobs, --synthetic and --load make them up; give one of both");
    }
    List<TeamPolicy> policies = teams == null ? List.of() : file(teams, TeamPolicy::read);
    long horizon = millis("--days", days == null ? 365 : days, DAY);
    Instant begin = first.orElse(DEFAULT_START);
    FleetSpec fleet = fleet(begin);
    if (jobs == null) {
      int count = synthetic == null ? DEFAULT_JOBS : synthetic;
      double offered = load == null ? 0.8 : load;
      FleetSpec where = fleet;
      return new Asked(
          where,
          seed -> new SyntheticMix(count, offered, horizon, seed).generate(where),
          seed -> config(seed, begin, horizon, overheads, policies),
          rates(),
          count + " made-up jobs that ask for " + offered + " of the chip time");
    }
    FleetSpec undated = fleet;
    Path from = jobs;
    Trace trace = file(from, (text, name) -> Trace.read(text, name, undated, first, policies));
    // Deliveries count from the first day, which the trace may set.
    FleetSpec dated = fleet(trace.start());
    return new Asked(
        dated,
        seed -> trace.jobs(),
        seed -> config(seed, trace.start(), horizon, overheads, policies),
        rates(),
        trace.jobs().size() + " jobs of " + from.getFileName());
  }

  private Asked published(String name, SimConfig.Overheads overheads) {
    if (!name.equals(Llama3Run.NAME)) {
      throw new BadInput("--scenario " + name + ": unknown; the one there is is " + Llama3Run.NAME);
    }
    if (inventory != null || chips != null || jobs != null || synthetic != null || days != null) {
      throw new BadInput(
          "--scenario " + name + " brings its own fleet, jobs and days; leave those options out");
    }
    FailureTable table = table();
    return new Asked(
        Llama3Run.fleet(),
        seed -> Llama3Run.jobs(),
        seed -> Llama3Run.config(seed, overheads).failing(table, failureScale),
        rates(),
        "one gang of 16,384 for 54 days; a checkpoint of 16 bytes per parameter is written at the"
            + " 2 TB/s that the paper's storage sustains");
  }

  private SimConfig config(
      long seed,
      Instant begin,
      long horizon,
      SimConfig.Overheads overheads,
      List<TeamPolicy> policies) {
    return new SimConfig(
        seed,
        begin,
        horizon,
        table(),
        failureScale,
        overheads,
        new SimConfig.Policy(
            !noBackfill,
            backfillDepth,
            !noPreemption,
            preemptionSaves,
            millis("--half-life-days", halfLifeDays, DAY),
            spreadPenalty,
            policies),
        Optional.ofNullable(maintenanceDays)
            .map(d ->
                new SimConfig.Maintenance(
                    millis("--maintenance-days", d, DAY),
                    millis("--maintenance-hours", maintenanceHours, HOUR))));
  }

  private FleetSpec fleet(Instant begin) {
    if (!(spares >= 0 && spares < 100)) {
      throw new BadInput("--spares " + spares + ": expected a percentage from 0 up to 100");
    }
    if (leafNodes < 1) throw new BadInput("--leaf-nodes " + leafNodes + ": expected at least 1");
    return FleetSpec.of(owned(), leafNodes, spares / 100, begin);
  }

  private Inventory owned() {
    Catalogue catalogue = Catalogue.shipped();
    if ((inventory == null) == (chips == null)) {
      throw new BadInput(
          "fleet simulate: give an inventory file, or --chips N with --chip NAME, or --scenario"
              + " llama3-405b");
    }
    if (inventory != null) return InventoryReader.read(inventory, catalogue);
    int n = chips == null ? 0 : chips;
    if (n < 1) throw new BadInput("--chips " + n + ": expected at least 1");
    Accelerator kind = catalogue.get(chip, "--chip");
    return new Inventory(
        n + " " + kind.name(), List.of(new Inventory.Group("site", kind, n, 8)), List.of());
  }

  private FailureTable table() {
    if (failures == null) return FailureTable.llama3();
    if (failures.equals("none")) return FailureTable.none();
    return file(Path.of(failures), FailureTable::read);
  }

  private String rates() {
    if (failures == null) return LLAMA3_RATES;
    return failures.equals("none") ? "none" : "rates of " + Path.of(failures).getFileName();
  }

  private static <T> T file(Path path, BiFunction<Reader, String, T> read) {
    try (Reader text = Trace.open(path, "a CSV file")) {
      return read.apply(text, path.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long millis(String option, double value, double unit) {
    if (!(value >= 0 && value * unit <= SimConfig.MAX_HORIZON_MILLIS)) {
      throw new BadInput(option + " " + value + ": expected 0 up to 100 years");
    }
    return Math.round(value * unit);
  }

  private static Instant date(String text) {
    try {
      return LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      throw new BadInput("--start " + text + ": expected a date such as 2025-01-31", e);
    }
  }
}
