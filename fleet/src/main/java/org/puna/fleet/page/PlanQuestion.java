package org.puna.fleet.page;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.puna.fleet.Amount;
import org.puna.fleet.Inventory;
import org.puna.fleet.estimate.IterationModel;
import org.puna.fleet.estimate.Machine;
import org.puna.fleet.estimate.Tuner;
import org.puna.fleet.plan.Assumptions;
import org.puna.fleet.plan.Plan;
import org.puna.fleet.plan.Planner;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelShapes;

/**
 * What the form asks, as the texts that somebody typed; empty where nothing was typed.
 *
 * @param model a named or spelled-out shape, never a file
 * @param tokens tokens to train on
 * @param group number of the inventory's group, from 0
 * @param gpus chips of it to use, all where empty
 * @param batch sequences of an iteration, about 16M tokens where empty
 * @param precision bf16 or fp8
 */
public record PlanQuestion(
    String model, String tokens, String group, String gpus, String batch, String precision) {

  /** Longest text of a field; a spelled-out shape has half of it. */
  private static final int LONGEST = 400;

  private static final int MOST_SEQUENCE = 8192;
  private static final int DEFAULT_BATCH_TOKENS = 16_777_216;
  private static final double MOST_BATCH = 1_000_000;
  private static final double MOST_GPUS = 1_000_000;
  private static final int BEST = 4;

  /**
   * Takes the question out of request parameters.
   *
   * @param parameters those of the request; unknown ones are left alone
   */
  public static PlanQuestion of(Map<String, String> parameters) {
    return new PlanQuestion(
        text(parameters, "model"),
        text(parameters, "tokens"),
        text(parameters, "group"),
        text(parameters, "gpus"),
        text(parameters, "batch"),
        text(parameters, "precision"));
  }

  private static String text(Map<String, String> parameters, String name) {
    String v = parameters.getOrDefault(name, "").strip();
    if (v.length() > LONGEST) {
      throw new BadInput(
          name + ": at most " + LONGEST + " characters, found " + v.length() + "; shorten it");
    }
    return v;
  }

  /** Returns whether anything was asked. */
  public boolean asked() {
    return !model.isEmpty() || !tokens.isEmpty();
  }

  /**
   * The group that is meant, the largest where none is named.
   *
   * @param inventory the fleet
   * @throws BadInput if there is no such group
   */
  public int groupIndex(Inventory inventory) {
    List<Inventory.Group> groups = inventory.groups();
    if (group.isEmpty()) {
      int largest = 0;
      for (int i = 1; i < groups.size(); i++) {
        if (groups.get(i).count() > groups.get(largest).count()) largest = i;
      }
      return largest;
    }
    int i = group.matches("[0-9]{1,6}") ? Integer.parseInt(group) : -1;
    if (i < 0 || i >= groups.size()) {
      throw new BadInput(
          "group: expected 0 to "
              + (groups.size() - 1)
              + ", found \""
              + group
              + "\"; choose again");
    }
    return i;
  }

  /**
   * The best plans.
   *
   * @param inventory the fleet
   * @param estimates the model of an iteration
   * @throws BadInput if a field is wrong or no layout fits
   */
  public List<Plan> answer(Inventory inventory, IterationModel estimates) {
    if (model.isEmpty()) throw new BadInput("model: name one, such as llama-3.1-405b");
    if (tokens.isEmpty()) throw new BadInput("tokens: say how many, such as 15.6T");
    ModelConfig m = ModelShapes.parse(model);
    double n = Amount.parse(tokens, "tokens");
    Inventory.Group g = inventory.groups().get(groupIndex(inventory));
    int seq = Math.min(m.contextLength(), MOST_SEQUENCE);
    int sequences =
        batch.isEmpty()
            ? Math.max(1, Integer.highestOneBit(DEFAULT_BATCH_TOKENS / seq))
            : whole(batch, "batch", MOST_BATCH);
    long chips = gpus.isEmpty() ? g.count() : Math.min(g.count(), whole(gpus, "GPUs", MOST_GPUS));
    if (chips < 1) throw new BadInput("GPUs: this group has none; choose another");
    Tuner.Ask ask =
        new Tuner.Ask(
            m,
            seq,
            sequences,
            format(),
            OptionalInt.empty(),
            Optional.empty(),
            OptionalInt.empty(),
            Optional.empty(),
            OptionalInt.empty());
    return new Planner(estimates)
        .plan(ask, n, Machine.of(g), chips, Assumptions.defaults().with(g), BEST);
  }

  private Machine.Precision format() {
    return switch (precision.toLowerCase(Locale.ROOT)) {
      case "", "bf16" -> Machine.Precision.BF16;
      case "fp8" -> Machine.Precision.FP8;
      default -> throw new BadInput("precision: expected bf16 or fp8, found \"" + precision + "\"");
    };
  }

  private static int whole(String text, String what, double most) {
    double v = Amount.parse(text, what);
    if (v != Math.rint(v) || v > most) {
      throw new BadInput(
          String.format(
              Locale.ROOT,
              "%s: expected a whole number of at most %,.0f, found \"%s\"",
              what,
              most,
              text));
    }
    return (int) v;
  }
}
