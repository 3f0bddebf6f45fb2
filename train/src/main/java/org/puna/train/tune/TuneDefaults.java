package org.puna.train.tune;

import java.util.List;
import org.puna.model.Checkpoint;
import org.puna.model.config.ModelConfig;
import org.puna.train.run.Dial;
import org.puna.train.run.Recipe;

/** What a recipe of further training leaves open. */
final class TuneDefaults {
  /** Tokens of an example: most conversations of published sets are shorter. */
  private static final int LENGTH = 1024;

  /** Tokens that are computed together. */
  static final int MICRO_TOKENS = 4096;

  private static final String AS_THEY_ARE =
      "conversations are named on the command line and learned as they are";

  private TuneDefaults() {}

  /**
   * Refuses what only training from texts heeds. Recipes of earlier runs say the usual values.
   *
   * @throws org.puna.model.config.BadInput if the recipe says another one
   */
  static void refuseTexts(Recipe r) {
    r.without("data.paths", List.of(), AS_THEY_ARE);
    r.without("data.field", "", AS_THEY_ARE);
    r.without("data.prose", false, AS_THEY_ARE);
    r.without("data.duplicates", "near", AS_THEY_ARE);
    r.without("data.similarity", 0.8, AS_THEY_ARE);
    r.without("tokenizer.lines", false, "the model has its tokenizer");
    r.without("validation.windows", 64L, "all that data.held_out holds out is measured");
  }

  /**
   * Refuses keys of another command that were given by themselves: they would change nothing.
   *
   * @param section of the keys, such as {@code align}
   * @throws org.puna.model.config.BadInput if one was given
   */
  static void refuseSection(Recipe r, String command, String section) {
    r.refuseSet(k -> k.startsWith(section + "."), "not used by " + command + "; leave it out");
  }

  /**
   * Fills in how long examples are.
   *
   * @param longest tokens of the longest
   * @return tokens of an example at most
   */
  static int length(Recipe r, Checkpoint base, int longest) {
    int context = base.config().contextLength();
    r.otherwise("name", base.name() + "-tuned");
    r.otherwise("seed", 1);
    r.otherwise("batch.rows", 16);
    r.otherwise("batch.length", Math.max(1, Math.min(Math.min(LENGTH, context), longest)));
    return r.size("batch.length", 1, context);
  }

  /**
   * Fills in what is open, once the examples and what is held out of them are known.
   *
   * @param examples number of examples that are learned
   * @param longest tokens of the longest
   */
  static void fill(Recipe r, Checkpoint base, int examples, int longest) {
    ModelConfig c = base.config();
    length(r, base, longest);
    r.otherwise("data.epochs", 3.0);
    long steps = Math.round(r.number("data.epochs") * examples / r.size("batch.rows", 1, 1 << 20));
    r.otherwise("steps", Math.max(1, steps));
    r.otherwise("lora.rank", 0);
    boolean lora = r.whole("lora.rank") > 0;
    if (lora) {
      r.otherwise("lora.alpha", 2.0 * r.size("lora.rank", 1, 1 << 14));
      r.otherwise("lora.targets", List.of("attn_q", "attn_k", "attn_v", "attn_output"));
    }
    r.otherwise("optimizer.lr", lora ? 2e-4 : 2e-5);
    r.otherwise("optimizer.beta2", 0.999);
    r.otherwise("optimizer.decay", 0.0);
    r.otherwise("schedule.name", "cosine");
    boolean constant = r.text("schedule.name").equals("constant");
    r.otherwise("schedule.warmup", constant ? 0 : Math.max(1, r.whole("steps") / 30));
    r.otherwise("schedule.floor", 0.0);
    r.otherwise("samples.every", 0);
    if (base.chatTemplate().isPresent())
      r.otherwise("samples.prompts", List.of("Tell me a story."));
    // Said only where something is held out: see Selection.
    r.otherwise("validation.every", Math.max(1, Math.min(500, r.whole("steps") / 20)));
    Dial.further(r, c);
  }
}
