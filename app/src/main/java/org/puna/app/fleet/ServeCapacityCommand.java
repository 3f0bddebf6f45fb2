package org.puna.app.fleet;

import java.util.LinkedHashMap;
import java.util.Map;
import org.puna.app.cli.Context;
import org.puna.fleet.estimate.Machine;
import org.puna.fleet.formula.DecodeRoofline;
import org.puna.fleet.plan.ServingPlan;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says how many GPUs serve a model. */
@Command(
    name = "serve-capacity",
    description = "GPUs to serve a model to users at a speed, by rooflines and cache memory.",
    sortOptions = false,
    footer = {
      "",
      "Example:",
      "  puna fleet serve-capacity --model llama-3-70b --users 1000 --tokens-per-second 20"
          + " --context 4096 --gpu H100"
    })
final class ServeCapacityCommand implements Runnable {
  private final Context context;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description = "A file, a named or a spelled-out shape.")
  private String model = "";

  @Option(
      names = "--users",
      required = true,
      paramLabel = "N",
      description = "Users served at the same time.")
  private String users = "";

  @Option(
      names = "--tokens-per-second",
      paramLabel = "N",
      description = "Of each user: ${DEFAULT-VALUE}.")
  private double rate = 20;

  @Option(
      names = "--context",
      paramLabel = "N",
      description = "Mean tokens in a user's cache: ${DEFAULT-VALUE}.")
  private int tokens = 4096;

  @Option(
      names = "--prompt",
      paramLabel = "N",
      description = "Mean tokens of a prompt (default: half the context).")
  private int prompt;

  @Option(
      names = "--answer",
      paramLabel = "N",
      description = "Mean tokens of an answer: ${DEFAULT-VALUE}.")
  private int answer = 512;

  @Option(
      names = "--weight-bits",
      paramLabel = "N",
      description = "Bits of a weight: ${DEFAULT-VALUE}.")
  private double weightBits = 16;

  @Option(
      names = "--cache-bits",
      paramLabel = "N",
      description = "Bits of a number in the cache: ${DEFAULT-VALUE}.")
  private double cacheBits = 16;

  @Mixin private MachineOptions machines = new MachineOptions();
  @Mixin private ReportOptions options = new ReportOptions();

  ServeCapacityCommand(Context context) {
    this.context = context;
  }

  @Override
  public void run() {
    ModelConfig m = ModelArgument.read(model);
    Machine machine = machines.machine("H100-80GB-SXM");
    int asked = prompt == 0 ? Math.max(1, tokens / 2) : prompt;
    if (!(rate > 0)
        || tokens < 1
        || asked < 1
        || answer < 1
        || !(weightBits > 0)
        || !(cacheBits > 0)) {
      throw new BadInput(
          "serve-capacity: rates, tokens and bits must be positive; check the options");
    }
    if (asked > tokens) {
      throw new BadInput(
          "--prompt: a prompt of "
              + asked
              + " tokens does not fit a cache of --context "
              + tokens
              + "; raise --context");
    }
    ServingPlan p =
        ServingPlan.of(
            new ServingPlan.Ask(
                m,
                Amounts.parse(users, "--users"),
                rate,
                asked,
                tokens,
                answer,
                weightBits / 8,
                cacheBits / 8),
            machine);
    Report out = new Report("Serving " + model);
    out.table("Serving " + model + " on " + machine.chip().name(), "figure", "value");
    out.row("GPUs", Amounts.whole(p.gpus()));
    out.row("GPUs of a replica", p.gpusPerReplica());
    out.row("replicas", Amounts.whole(p.replicas()));
    out.row("sequences a replica decodes together", p.batch());
    out.row("time between two tokens", Amounts.f("%.1f ms", p.stepMillis()));
    out.row("tokens a second of all", Amounts.whole(p.tokensPerSecond()));
    out.row("time of a prompt on an idle replica", Amounts.f("%.0f ms", p.prefillMillis()));
    out.row("time spent on prompts", Amounts.percent(p.prefillShare()));
    out.row("weights of a replica", Amounts.f("%.1f GB", p.weightGb()));
    out.row("cache of a replica", Amounts.f("%.1f GB", p.cacheGb()));
    out.row("bound by", p.bound());
    out.note(DecodeRoofline.FORMULA);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("chip", machine.chip().name());
    json.put("gpus", p.gpus());
    json.put("plan", p);
    json.put("formula", DecodeRoofline.FORMULA);
    out.print(context, options, json);
  }
}
