package org.puna.train.run;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;

/**
 * Finds what a recipe leaves open, from one number, its depth.
 *
 * <p>Width is 64 for each layer and a feed-forward network 8/3 of that, as in the Llama family;
 * learning rate and batch follow the power laws that DeepSeek fitted over compute; the horizon is
 * 20 tokens for each parameter.
 *
 * @see "DeepSeek-AI 2024, DeepSeek LLM: Scaling Open-Source Language Models with Longtermism,
 *     section 3.1"
 * @see "Hoffmann et al. 2022, Training Compute-Optimal Large Language Models"
 */
public final class Dial {
  /** Families whose models are made of these sizes alone. */
  static final List<String> FAMILIES = List.of("llama", "mistral", "qwen2", "qwen3", "phi3");

  /** The name of a model that is told none. */
  static final String NAME = "model";

  private static final int WIDTH_PER_LAYER = 64;
  private static final int HEAD_DIM = 64;
  private static final int TOKENS_PER_PARAMETER = 20;

  /** Tokens that are computed together: more takes memory and is not faster. */
  private static final int MICRO_TOKENS = 4096;

  /** Part that is held out where nobody says how much. */
  public static final double HELD_OUT = 0.02;

  private Dial() {}

  /** Fills in the model's sizes. */
  public static void model(Recipe r) {
    r.otherwise("name", NAME);
    r.otherwise("depth", 4);
    r.otherwise("seed", 1);
    int depth = r.size("depth", 1, 1000);
    r.otherwise("model.architecture", "llama");
    r.otherwise("model.layers", depth);
    r.otherwise("model.width", WIDTH_PER_LAYER * depth);
    int width = r.size("model.width", 1, 1 << 20);
    if (r.has("model.heads")) {
      r.otherwise("model.head_dim", Math.max(1, width / r.size("model.heads", 1, 1 << 16)));
    }
    r.otherwise("model.head_dim", Math.min(HEAD_DIM, width));
    r.otherwise("model.heads", Math.max(1, width / r.size("model.head_dim", 1, 1 << 16)));
    r.otherwise("model.kv_heads", r.whole("model.heads"));
    r.otherwise("model.ffn", Math.max(32, (int) Math.round(width * 8 / 3.0 / 32) * 32));
    r.otherwise("model.vocab", 4096);
    r.otherwise("batch.length", 256);
    r.otherwise("model.context", Math.max(256, r.whole("batch.length")));
    r.otherwise("model.tied", true);
    r.otherwise("model.rope_theta", 10000.0);
    r.otherwise("model.norm_eps", 1e-5);
  }

  /**
   * Returns the configuration that a recipe's sizes mean.
   *
   * @throws BadInput if they make no model that other tools load
   */
  public static ModelConfig config(Recipe r) {
    String family = r.text("model.architecture");
    if (!FAMILIES.contains(family)) {
      throw new BadInput(
          "model.architecture: expected one of "
              + String.join(", ", FAMILIES)
              + ", found "
              + family
              + "; models of other families are trained further with finetune or --init");
    }
    int headDim = r.size("model.head_dim", 2, 1 << 14);
    int heads = r.size("model.heads", 1, 1 << 16);
    int kvHeads = r.size("model.kv_heads", 1, 1 << 16);
    int width = r.size("model.width", 1, 1 << 20);
    if (headDim % 2 != 0) {
      throw new BadInput(
          "model.head_dim: expected an even number, whose halves rotate, found "
              + headDim
              + "; set it, or model.heads");
    }
    if (width % heads != 0) {
      throw new BadInput(
          "model.width: expected a multiple of model.heads=" + heads + ", found " + width);
    }
    if (heads % kvHeads != 0) {
      throw new BadInput(
          "model.heads: expected a multiple of model.kv_heads=" + kvHeads + ", found " + heads);
    }
    var rope =
        new ModelConfig.Rope(
            r.number("model.rope_theta"), headDim, new ModelConfig.RopeScaling.None());
    var layer = new ModelConfig.Layer(new ModelConfig.Span.Full(), Optional.of(rope), false);
    boolean qwen3 = family.equals("qwen3");
    boolean qwen2 = family.equals("qwen2");
    return new ModelConfig(
        family,
        r.size("model.vocab", 1, 1 << 24),
        width,
        r.size("model.context", 1, 1 << 24),
        r.number("model.norm_eps"),
        r.flag("model.tied"),
        new ModelConfig.Attention(
            heads,
            kvHeads,
            headDim,
            1 / Math.sqrt(headDim),
            qwen2,
            false,
            qwen3 ? ModelConfig.QkNorm.LEARNED : ModelConfig.QkNorm.NONE,
            0,
            Optional.empty()),
        new ModelConfig.Ffn(r.size("model.ffn", 1, 1 << 22), ModelConfig.Activation.SILU, true),
        Optional.empty(),
        Collections.nCopies(r.size("model.layers", 1, 1000), layer),
        1,
        0);
  }

  /**
   * Fills in everything else.
   *
   * @param c the model, from the recipe or from given weights
   */
  public static void training(Recipe r, ModelConfig c) {
    further(r, c);
    r.otherwise("validation.every", Math.max(1, Math.min(500, r.whole("steps") / 20)));
    r.otherwise("validation.windows", 64);
    r.otherwise("data.prose", false);
    r.otherwise("data.held_out", HELD_OUT);
    r.otherwise("data.duplicates", "near");
    r.otherwise("data.similarity", 0.8);
    r.otherwise("tokenizer.lines", false);
  }

  /**
   * Fills in what every training needs, whatever its texts are: batches, optimizer, schedule,
   * checkpoints and samples.
   *
   * @param c the model, from the recipe or from given weights
   */
  public static void further(Recipe r, ModelConfig c) {
    ModelSize.Parameters n = ModelSize.parameters(c);
    r.otherwise("batch.length", Math.min(256, c.contextLength()));
    int length = r.size("batch.length", 1, 1 << 24);
    double tokens = (double) TOKENS_PER_PARAMETER * n.total();
    double flopsPerToken =
        ModelSize.trainingFlops(c, length, ModelSize.AttentionCount.CAUSAL).total();
    double compute = flopsPerToken * tokens;
    // Constants of DeepSeek's fit; batch in tokens, compute in FLOPs.
    double batch = 0.2920 * Math.pow(compute, 0.3271);
    double lr = 0.3118 * Math.pow(compute, -0.1250);
    r.otherwise("batch.rows", Math.max(1, Math.round(batch / length)));
    int rows = r.size("batch.rows", 1, 1 << 20);
    r.otherwise("batch.micro_rows", Math.clamp(MICRO_TOKENS / length, 1, rows));
    r.otherwise("steps", Math.max(1, Math.round(tokens / ((double) rows * length))));
    long steps = r.whole("steps");
    r.otherwise("optimizer.name", "adamw");
    r.otherwise(
        "optimizer.lr", Double.parseDouble(String.format(java.util.Locale.ROOT, "%.2g", lr)));
    r.otherwise("optimizer.beta1", 0.9);
    r.otherwise("optimizer.beta2", 0.95);
    r.otherwise("optimizer.eps", 1e-8);
    r.otherwise("optimizer.decay", 0.1);
    if (r.text("optimizer.name").equals("muon")) {
      r.otherwise("optimizer.momentum", 0.95);
      r.otherwise("optimizer.matrix_lr", 10.0);
    }
    r.otherwise("schedule.name", "warmdown");
    boolean constant = r.text("schedule.name").equals("constant");
    r.otherwise("schedule.warmup", constant ? 0 : Math.min(100, Math.max(1, steps / 50)));
    r.otherwise("schedule.warmdown", steps / 3);
    r.otherwise("schedule.floor", 0.05);
    r.otherwise("clip", 1.0);
    r.otherwise("recompute", "cheap");
    r.otherwise("stop_above", 3 * Math.log(c.vocabSize()));
    r.otherwise("checkpoint.every", Math.max(1, Math.min(500, steps / 10)));
    r.otherwise("checkpoint.keep", 2);
    r.otherwise("samples.every", Math.max(1, Math.min(500, steps / 10)));
    r.otherwise("samples.prompts", List.of("Once upon a time"));
    r.otherwise("samples.tokens", 60);
    r.otherwise("samples.temperature", 0.8);
    r.otherwise("data.masked", false);
  }
}
