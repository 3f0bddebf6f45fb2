package org.puna.fleet.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.puna.fleet.estimate.Estimate;
import org.puna.fleet.estimate.IterationModel;
import org.puna.fleet.estimate.Layout;
import org.puna.fleet.estimate.Machine;
import org.puna.fleet.estimate.TrainingRun;
import org.puna.fleet.estimate.Tuner;
import org.puna.fleet.formula.ComputeOptimal;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelShapes;

/** Searches the layouts of a training run and answers the inverse questions. */
public final class Planner {
  /** Sequences longer than this are worth spreading over context-parallel ranks. */
  private static final int LONG_SEQUENCE = 16_384;

  private static final int MOST_STAGES = 64;

  private static final int BUDGET_ROUNDS = 5;

  /** Natural logarithm of cost over budget at which a shape is kept. */
  private static final double SETTLED = 0.02;

  /** Part of a budget that is planned; the rest is for rounding. */
  private static final double SPENT = 0.9999;

  private final Tuner tuner;

  /**
   * A planner.
   *
   * @param model estimates each layout
   */
  public Planner(IterationModel model) {
    this.tuner = new Tuner(model);
  }

  /**
   * The best layouts that fit, fastest first.
   *
   * @param ask the model and its batch
   * @param tokens tokens to train on
   * @param machine on what
   * @param gpus GPUs at hand; a layout may use fewer
   * @param a what is assumed
   * @param best how many plans
   * @throws BadInput if no layout fits
   */
  public List<Plan> plan(
      Tuner.Ask ask, double tokens, Machine machine, long gpus, Assumptions a, int best) {
    List<Plan> plans = new ArrayList<>();
    double least = Double.MAX_VALUE;
    for (Layout layout : layouts(ask, machine, gpus)) {
      Estimate e = tuner.best(ask, layout, machine);
      least = Math.min(least, e.memory().total());
      if (e.fits()) plans.add(Plan.of(e, tokens, a));
    }
    if (plans.isEmpty()) {
      throw new BadInput(
          least == Double.MAX_VALUE
              ? "plan: no layout of "
                  + gpus
                  + " GPUs divides the model and the batch of "
                  + ask.batch()
                  + " sequences; change --batch or --gpus"
              : String.format(
                  Locale.ROOT,
                  "plan: no layout of %d %s fits: the smallest needs %.0f GB of %.0f GB a GPU; use"
                      + " more GPUs",
                  gpus,
                  machine.chip().name(),
                  least / 1e9,
                  machine.chip().memoryGb()));
    }
    plans.sort(Comparator.comparingDouble(Plan::days));
    return List.copyOf(plans.subList(0, Math.min(best, plans.size())));
  }

  private static List<Layout> layouts(Tuner.Ask ask, Machine machine, long gpus) {
    ModelConfig m = ask.model();
    List<Layout> all = new ArrayList<>();
    for (int tp = 1; tp <= Math.min(machine.nodeChips(), 64); tp *= 2) {
      for (int cp = 1; cp == 1 || ask.seq() / cp >= LONG_SEQUENCE / 2; cp *= 2) {
        if (ask.seq() % cp != 0 || cp > 1 && ask.seq() <= LONG_SEQUENCE) break;
        for (int pp : stages(m)) {
          long rest = gpus / ((long) tp * cp * pp);
          int dp = largestDivisor(ask.batch(), rest);
          // Fewer replicas may finish earlier: bubbles and failures grow with their number.
          for (int fewer = 0; fewer < 5 && dp >= 1; fewer++) {
            for (int ep : expertDegrees(m, dp * cp)) {
              Layout l = new Layout(tp, cp, pp, dp, ep, 1);
              if (divides(l, ask)) all.add(l);
            }
            dp = largestDivisor(ask.batch(), dp / 2);
          }
        }
      }
    }
    return all;
  }

  private static int[] stages(ModelConfig m) {
    int layers = m.nLayers();
    return IntStream.rangeClosed(1, Math.min(layers, MOST_STAGES))
        .filter(p -> layers % p == 0 || p > 1 && ((layers + 1) % p == 0 || (layers + 2) % p == 0))
        .toArray();
  }

  private static List<Integer> expertDegrees(ModelConfig m, int ranks) {
    List<Integer> all = new ArrayList<>(List.of(1));
    int experts = m.moe().map(ModelConfig.Moe::nExperts).orElse(1);
    for (int ep = 2; ep <= Math.min(experts, ranks); ep *= 2) {
      if (experts % ep == 0 && ranks % ep == 0) all.add(ep);
    }
    return all;
  }

  private static boolean divides(Layout l, Tuner.Ask ask) {
    return ask.model().attention().splitHeads() % l.tp() == 0
        && ask.model().ffn().dim() % l.tp() == 0
        && (ask.microBatch().isEmpty() || ask.batch() / l.dp() % ask.microBatch().getAsInt() == 0);
  }

  private static int largestDivisor(int of, long most) {
    for (int d = (int) Math.min(of, most); d >= 1; d--) {
      if (of % d == 0) return d;
    }
    return 0;
  }

  /**
   * The least GPUs that finish in a number of days, and their plan.
   *
   * @param ask the model and its batch
   * @param tokens tokens to train on
   * @param machine on what
   * @param gpus most GPUs that may be used
   * @param a what is assumed
   * @param days wall time at most
   * @throws BadInput if even all GPUs take longer
   */
  public Plan within(
      Tuner.Ask ask, double tokens, Machine machine, long gpus, Assumptions a, double days) {
    Steps steps = new Steps(Math.min(machine.nodeChips(), 8), gpus);
    long low = 0;
    long high = steps.last();
    Plan found = plan(ask, tokens, machine, gpus, a, 1).getFirst();
    if (found.days() > days) {
      throw new BadInput(
          String.format(
              Locale.ROOT,
              "plan: %d %s take %.1f days, asked for %.1f; allow more days or GPUs, or a larger"
                  + " --batch",
              gpus,
              machine.chip().name(),
              found.days(),
              days));
    }
    while (high - low > Math.max(1, high / 200)) {
      long middle = (low + high) / 2;
      Optional<Plan> p = tryPlan(ask, tokens, machine, steps.gpus(middle), a);
      if (p.isPresent() && p.get().days() <= days) {
        high = middle;
        found = p.get();
      } else {
        low = middle;
      }
    }
    return found;
  }

  /**
   * The numbers of GPUs that a search tries: 1, 2, 4 … below a server, whole servers, and all that
   * there are.
   *
   * @param node GPUs of a server
   * @param most all GPUs
   */
  record Steps(int node, long most) {
    /**
     * Returns the GPUs of a step.
     *
     * @param step from 1 on
     */
    long gpus(long step) {
      int parts = parts();
      return Math.min(most, step <= parts ? 1L << (step - 1) : (step - parts) * node);
    }

    /** Returns the first step that has all GPUs. */
    long last() {
      long last = parts() + Math.ceilDiv(most, node);
      while (last > 1 && gpus(last - 1) == most) last--;
      return last;
    }

    /** Powers of two below a server. */
    private int parts() {
      return 32 - Integer.numberOfLeadingZeros(node - 1);
    }
  }

  /** A number of GPUs that no layout fits is too small, which is an answer to the search. */
  private Optional<Plan> tryPlan(
      Tuner.Ask ask, double tokens, Machine machine, long gpus, Assumptions a) {
    try {
      return Optional.of(plan(ask, tokens, machine, gpus, a, 1).getFirst());
    } catch (BadInput tooSmall) {
      return Optional.empty();
    }
  }

  /**
   * The largest model that a budget trains well, by each published law. The shape is the law's at
   * the rate that it reaches; shapes come in steps, so the tokens are then scaled until the plan
   * costs the budget.
   *
   * @param usd the budget, all of it for GPU-hours
   * @param machine on what
   * @param gpus GPUs to use
   * @param ask how a model is trained: its batch, its formats
   * @param a what is assumed
   * @return a plan for each law, that costs at most the budget
   * @throws BadInput if no layout of such a model fits
   */
  public Map<String, Plan> forBudget(
      double usd, Machine machine, long gpus, Function<ModelConfig, Tuner.Ask> ask, Assumptions a) {
    Map<String, Plan> plans = new LinkedHashMap<>();
    double gpuHours = usd / a.rentUsdPerHour();
    for (boolean chinchilla : new boolean[] {true, false}) {
      double mfu = 0.3;
      double nearest = Double.MAX_VALUE;
      // The rate depends on the model and the model on the rate; a few rounds settle both.
      for (int round = 0; round < BUDGET_ROUNDS && nearest > SETTLED; round++) {
        double flops = gpuHours * 3600 * machine.chip().bf16Tflops() * 1e12 * mfu;
        ComputeOptimal.Optimum o =
            chinchilla ? ComputeOptimal.chinchilla(flops) : ComputeOptimal.llama3(flops);
        Tuner.Ask asked = ask.apply(shape(o.parameters()));
        Plan plan = plan(asked, o.tokens(), machine, gpus, a, 1).getFirst();
        double affordable = gpuHours / plan.gpuHours();
        if (Math.abs(Math.log(affordable)) < nearest) {
          nearest = Math.abs(Math.log(affordable));
          plans.put(o.law(), Plan.of(plan.estimate(), o.tokens() * affordable * SPENT, a));
        }
        mfu *= affordable;
      }
    }
    return plans;
  }

  /**
   * A Llama-like shape of about a number of parameters: width 128 times the depth, eight key-value
   * heads, feed-forward width 3.5 times the width.
   *
   * @param parameters how many
   */
  static ModelConfig shape(double parameters) {
    // 12.5 · layers · width² with layers = width / 128.
    double width = Math.cbrt(parameters * 128 / 12.5);
    int hidden = (int) Math.max(1024, Math.round(width / 1024) * 1024);
    int layers = (int) Math.max(4, Math.round(parameters / (12.5 * hidden * hidden) / 4) * 4);
    return ModelShapes.parse(
        String.format(
            Locale.ROOT,
            "layers=%d,hidden=%d,heads=%d,kv_heads=8,head_dim=128,ffn=%d,vocab=128256",
            layers,
            hidden,
            hidden / 128,
            hidden * 7 / 2));
  }

  /** Returns what a plan for the model recomputes, in words for tables. */
  static String words(TrainingRun run) {
    String all =
        switch (run.recompute()) {
          case NONE -> "none";
          case SELECTIVE -> "selective";
          case FULL -> "full";
        };
    return run.recomputed() < 1
        ? String.format(Locale.ROOT, "%s in %.0f%% of the layers", all, 100 * run.recomputed())
        : all;
  }
}
