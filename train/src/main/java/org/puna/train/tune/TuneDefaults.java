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

  private TuneDefaults() {}

  /**
   * Fills in what is open.
   *
   * @param examples number of examples
   * @param longest tokens of the longest
   */
  static void fill(Recipe r, Checkpoint base, int examples, int longest) {
    ModelConfig c = base.config();
    r.otherwise("name", base.name() + "-tuned");
    r.otherwise("seed", 1);
    r.otherwise("batch.rows", 16);
    int length = Math.max(1, Math.min(Math.min(LENGTH, c.contextLength()), longest));
    r.otherwise("batch.length", length);
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
    r.otherwise("validation.every", 0);
    Dial.training(r, c);
  }
}
