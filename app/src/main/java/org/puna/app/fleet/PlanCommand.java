package org.puna.app.fleet;

import java.nio.file.Path;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.fleet.Inventory;
import org.puna.fleet.InventoryReader;
import org.puna.fleet.estimate.IterationModel;
import org.puna.fleet.estimate.Machine;
import org.puna.fleet.formula.ComputeOptimal;
import org.puna.fleet.plan.Assumptions;
import org.puna.fleet.plan.Plan;
import org.puna.fleet.plan.Planner;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Plans a training run. */
@Command(
    name = "plan",
    description = "Searches layouts of a training run: time, MFU, energy, cost, interruptions.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  puna fleet plan --model llama-3.1-405b --tokens 15.6T --gpu H100 --gpus 16384 --batch"
          + " 2048",
      "  puna fleet plan --model llama-3-70b --tokens 15T --inventory inventory.yaml --days 90",
      "  puna fleet plan --budget 10M --gpu H100 --gpus 1024"
    })
final class PlanCommand implements Runnable {
  private final Context context;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description = "A file, a named or a spelled-out shape.")
  private @Nullable String model;

  @Option(names = "--tokens", paramLabel = "N", description = "Tokens to train on, such as 15.6T.")
  private @Nullable String tokens;

  @Option(
      names = "--inventory",
      paramLabel = "FILE",
      description = "Plan on the groups of an inventory.")
  private @Nullable Path inventory;

  @Option(names = "--site", paramLabel = "NAME", description = "Only this site of the inventory.")
  private @Nullable String site;

  @Option(names = "--day", paramLabel = "DAY", description = "Only what is delivered by this day.")
  private @Nullable String day;

  @Option(names = "--gpus", paramLabel = "N", description = "GPUs to use at most.")
  private @Nullable Integer gpus;

  @Option(
      names = "--days",
      paramLabel = "N",
      description = "The least GPUs that finish in this many days.")
  private @Nullable Double days;

  @Option(
      names = "--budget",
      paramLabel = "USD",
      description =
          "The largest model that this budget trains well; not with --model, --tokens, --days.")
  private @Nullable String budget;

  @Option(names = "--rent", paramLabel = "USD", description = "Price of a GPU-hour in USD.")
  private @Nullable Double rent;

  @Option(names = "--best", paramLabel = "N", description = "Layouts to show: ${DEFAULT-VALUE}.")
  private int best = 5;

  @Option(
      names = "--calibration",
      paramLabel = "NAME",
      description = "Constants by name: ${DEFAULT-VALUE}.")
  private String calibration = "cluster";

  @Mixin private RunOptions run = new RunOptions();
  @Mixin private MachineOptions machines = new MachineOptions();
  @Mixin private ReportOptions options = new ReportOptions();

  PlanCommand(Context context) {
    this.context = context;
  }

  /** Chips that a plan may use together. */
  private record Place(String name, Machine machine, long gpus, Assumptions assumptions) {}

  @Override
  public void run() {
    positive("--days", days);
    positive("--rent", rent);
    if (best < 1) throw new BadInput("--best: must be at least 1, found " + best);
    if (budget != null) {
      refuseBeside("--model", model);
      refuseBeside("--tokens", tokens);
      refuseBeside("--days", days);
    }
    Planner planner = new Planner(new IterationModel(machines.calibration(context, calibration)));
    List<Place> places = places();
    Report out = new Report("Plan");
    Map<String, Object> json = new LinkedHashMap<>();
    List<Object> all = new ArrayList<>();
    String refused = "";
    for (Place p : places) {
      try {
        all.add(budget == null ? plan(planner, p, out) : forBudget(planner, p, out));
      } catch (BadInput e) {
        // Another group of the inventory may still be large enough.
        if (places.size() == 1) throw e;
        refused = String.valueOf(e.getMessage());
        context.note("puna: " + p.name() + ": " + refused);
      }
    }
    if (all.isEmpty()) throw new BadInput(refused);
    out.table("Formulas", "figure", "formula and source");
    Plan.formulas().forEach(out::row);
    json.put("calibration", calibration);
    json.put("places", all);
    json.put("formulas", Plan.formulas());
    out.print(context, options, json);
  }

  private static void positive(String option, @Nullable Double v) {
    if (v != null && !(v > 0 && Double.isFinite(v))) {
      throw new BadInput(option + ": expected a positive number, found " + v);
    }
  }

  private static void refuseBeside(String option, @Nullable Object given) {
    if (given != null) {
      throw new BadInput(
          "--budget chooses the model, its tokens and the days; leave out " + option + " " + given);
    }
  }

  private List<Place> places() {
    if (inventory == null) {
      if (gpus == null || gpus < 1) {
        throw new BadInput("plan: say how many GPUs: --gpu H100 --gpus 16384, or --inventory FILE");
      }
      Machine m = machines.machine("H100-80GB-SXM");
      return List.of(
          new Place(m.chip().name(), m, gpus, priced(Assumptions.defaults().on(m.chip()))));
    }
    Inventory inv = InventoryReader.read(inventory, machines.chips());
    List<Inventory.Group> groups = day == null ? inv.groups() : inv.deliveredBy(parseDay(day));
    List<Place> places = new ArrayList<>();
    String chip = machines.named() ? machines.machine("").chip().name() : "";
    for (Inventory.Group g : groups) {
      boolean wanted =
          (site == null || site.equals(g.site()))
              && (chip.isEmpty() || chip.equals(g.chip().name()));
      if (!wanted || g.count() < 1) continue;
      places.add(
          new Place(
              g.site() + ", " + g.chip().name(),
              machines.with(Machine.of(g)),
              gpus == null ? g.count() : Math.min(gpus, g.count()),
              priced(Assumptions.defaults().on(g.chip()).with(g))));
    }
    if (places.isEmpty()) {
      throw new BadInput(
          "plan: no group of " + inventory + " is left by --site, --gpu and --day; widen them");
    }
    return places;
  }

  private static LocalDate parseDay(String text) {
    try {
      return LocalDate.parse(text);
    } catch (DateTimeParseException e) {
      throw new BadInput("--day: expected a day such as 2024-12-31, found \"" + text + "\"", e);
    }
  }

  private Assumptions priced(Assumptions a) {
    return rent == null ? a : a.withRent(rent);
  }

  /**
   * Units of a table: small runs are not shown as zero days, MWh and millions.
   *
   * @param hours whether times are in hours
   * @param small whether energy, CO2 and rent are in kWh, kg and USD
   */
  private record Units(boolean hours, boolean small) {
    static Units of(Plan first) {
      return new Units(first.days() < 2, first.rentUsd() < 1e5);
    }

    String time() {
      return hours ? "hours" : "days";
    }

    String time(Plan p) {
      return Amounts.f("%.1f", hours ? 24 * p.days() : p.days());
    }

    String energy() {
      return small ? "kWh" : "MWh";
    }

    String energy(Plan p) {
      return Amounts.whole(small ? 1e3 * p.energyMwh() : p.energyMwh());
    }

    String carbon() {
      return small ? "kg CO2" : "t CO2";
    }

    String carbon(Plan p) {
      return Amounts.whole(small ? 1e3 * p.carbonTonnes() : p.carbonTonnes());
    }

    String rent() {
      return small ? "rent USD" : "rent MUSD";
    }

    String rent(Plan p) {
      return small ? Amounts.f("%,.2f", p.rentUsd()) : Amounts.f("%.2f", p.rentUsd() / 1e6);
    }
  }

  private Object plan(Planner planner, Place p, Report out) {
    if (model == null || tokens == null) {
      throw new BadInput("plan: --model and --tokens are needed, or --budget");
    }
    ModelConfig m = ModelArgument.read(model);
    double n = Amounts.parse(tokens, "--tokens");
    MachineOptions.noteFp8(context, p.machine(), run.ask(m).precision());
    List<Plan> plans =
        days == null
            ? planner.plan(run.ask(m), n, p.machine(), p.gpus(), p.assumptions(), best)
            : List.of(planner.within(run.ask(m), n, p.machine(), p.gpus(), p.assumptions(), days));
    Units u = Units.of(plans.getFirst());
    out.table(
        "%s on %s tokens, %s (%s GPUs)"
            .formatted(model, Amounts.words(n), p.name(), Amounts.whole(p.gpus())),
        "layout",
        "GPUs",
        u.time(),
        "MFU",
        "GPU-hours",
        u.energy(),
        u.carbon(),
        u.rent(),
        "interruptions",
        "checkpoint every",
        "training time",
        "GB");
    for (Plan x : plans) {
      out.row(
          x.estimate().run().layout(),
          Amounts.whole(x.estimate().gpus()),
          u.time(x),
          Amounts.percent(x.estimate().mfu()),
          Amounts.words(x.gpuHours()),
          u.energy(x),
          u.carbon(x),
          u.rent(x),
          Amounts.f("%.0f", x.interruptions()),
          Amounts.f("%.1f min", x.checkpointMinutes()),
          Amounts.percent(x.effective()),
          Amounts.gb(x.estimate().memory().total()));
    }
    Plan first = plans.getFirst();
    out.note(
        "GPU-hours of the first layout: between "
            + Amounts.words(first.gpuHoursLeast())
            + " and "
            + Amounts.words(first.gpuHoursMost())
            + "; an interruption every "
            + Amounts.f("%.1f h", first.hoursBetween())
            + ".");
    if (days == null && first.estimate().gpus() < p.gpus() / 2) {
      out.note(
          "A batch of "
              + Amounts.whole(first.estimate().run().batch())
              + " sequences keeps "
              + Amounts.whole(first.estimate().gpus())
              + " GPUs busy; a larger --batch can use more.");
    }
    notes(p, out);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("place", p.name());
    json.put("assumptions", p.assumptions());
    json.put("plans", plans.stream().map(PlanCommand::json).toList());
    return json;
  }

  private static void notes(Place p, Report out) {
    out.note(
        "Network: "
            + p.machine().scaleOutGBps()
            + " GB/s a GPU, "
            + p.machine().scaleOutSource()
            + ".");
    p.assumptions()
        .sources()
        .forEach((what, source) -> out.note("Assumed " + what + ": " + source + "."));
  }

  private Object forBudget(Planner planner, Place p, Report out) {
    double usd = Amounts.parse(budget == null ? "" : budget, "--budget");
    Map<String, Plan> plans =
        planner.forBudget(usd, p.machine(), p.gpus(), run::ask, p.assumptions());
    out.table(
        Amounts.words(usd) + " USD on " + p.name(),
        "law",
        "parameters",
        "tokens",
        "layout",
        "days",
        "GPU-hours",
        "MFU",
        "rent USD");
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("place", p.name());
    json.put("budgetUsd", usd);
    plans.forEach((law, x) -> {
      double n = ModelSize.parameters(x.estimate().run().model()).total();
      out.row(
          law,
          Amounts.words(n),
          Amounts.words(x.tokens()),
          x.estimate().run().layout(),
          Amounts.f("%.1f", x.days()),
          Amounts.words(x.gpuHours()),
          Amounts.percent(x.estimate().mfu()),
          Amounts.whole(x.rentUsd()));
      Map<String, Object> j = json(x);
      j.put("parameters", n);
      json.put(law, j);
    });
    out.note(ComputeOptimal.FORMULA + "; tokens are scaled until the plan costs the budget.");
    notes(p, out);
    return json;
  }

  private static Map<String, Object> json(Plan p) {
    Map<String, Object> j = new LinkedHashMap<>();
    j.put("days", p.days());
    j.put("gpuHours", p.gpuHours());
    j.put("gpuHoursLeast", p.gpuHoursLeast());
    j.put("gpuHoursMost", p.gpuHoursMost());
    j.put("tokens", p.tokens());
    j.put("iterations", p.iterations());
    j.put("effectiveTrainingTime", p.effective());
    j.put("interruptions", p.interruptions());
    j.put("hoursBetweenInterruptions", p.hoursBetween());
    j.put("checkpointIntervalMinutes", p.checkpointMinutes());
    j.put("energyMwh", p.energyMwh());
    j.put("carbonTonnes", p.carbonTonnes());
    j.put("rentUsd", p.rentUsd());
    j.put("powerUsd", p.powerUsd());
    j.put("estimate", EstimateText.json(p.estimate()));
    return j;
  }
}
