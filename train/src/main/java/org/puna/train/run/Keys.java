package org.puna.train.run;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every key of a recipe, with the kind of its value and what it means. */
final class Keys {
  private Keys() {}

  /** What a value must be. */
  enum Kind {
    /** A whole number. */
    WHOLE,
    /** A number. */
    NUMBER,
    /** True or false. */
    FLAG,
    /** A text. */
    TEXT,
    /** A list of texts. */
    TEXTS,
    /** A list of names, between which commas stand where it is written as one text. */
    NAMES
  }

  /**
   * Where a number must lie.
   *
   * @param least the smallest, or what it must be above
   * @param above whether {@code least} itself is too small
   * @param most the largest, or what it must be below
   * @param below whether {@code most} itself is too large
   * @param text says it, for errors
   */
  record Range(double least, boolean above, double most, boolean below, String text) {
    private static final double NONE = Double.POSITIVE_INFINITY;

    /** Anywhere. */
    static final Range ANY = new Range(-NONE, false, NONE, false, "any number");

    /** From 0 on. */
    static final Range NOT_NEGATIVE = new Range(0, false, NONE, false, "0 or more");

    /** Above 0. */
    static final Range POSITIVE = new Range(0, true, NONE, false, "more than 0");

    /** From 0 to 1. */
    static final Range PART = new Range(0, false, 1, false, "0 to 1");

    /** From 0 on and below 1. */
    static final Range DECAY = new Range(0, false, 1, true, "0 to less than 1");

    /** How often examples are read: far more than helps, and steps that still are a number. */
    static final Range EPOCHS = new Range(0, true, 1e6, false, "more than 0, 1000000 at most");

    /** From one whole number to another. */
    static Range of(long least, long most) {
      return new Range(least, false, most, false, least + " to " + most);
    }

    boolean has(double x) {
      return (above ? x > least : x >= least) && (below ? x < most : x <= most);
    }
  }

  /**
   * A key.
   *
   * @param kind of its value
   * @param meaning for people
   * @param range of a number
   * @param choices the only texts that it takes, in small letters; any text where empty
   */
  record Key(Kind kind, String meaning, Range range, List<String> choices) {
    Key(Kind kind, String meaning, Range range) {
      this(kind, meaning, range, List.of());
    }

    Key(Kind kind, String meaning, String... choices) {
      this(kind, meaning, Range.ANY, List.of(choices));
    }
  }

  static Map<String, Key> all() {
    Map<String, Key> k = new LinkedHashMap<>();
    k.put("name", new Key(Kind.TEXT, "the model's name"));
    k.put(
        "depth",
        new Key(Kind.WHOLE, "the dial: layers, from which all else follows", Range.of(1, 1000)));
    k.put("seed", new Key(Kind.WHOLE, "of first weights and the order of windows"));
    k.put("model.architecture", new Key(Kind.TEXT, "a family such as llama or qwen3"));
    k.put("model.layers", new Key(Kind.WHOLE, "layers", Range.of(1, 1000)));
    k.put("model.width", new Key(Kind.WHOLE, "width of the residual stream", Range.of(1, 1 << 20)));
    k.put("model.heads", new Key(Kind.WHOLE, "query heads", Range.of(1, 1 << 16)));
    k.put("model.kv_heads", new Key(Kind.WHOLE, "key and value heads", Range.of(1, 1 << 16)));
    k.put("model.head_dim", new Key(Kind.WHOLE, "numbers in a head", Range.of(2, 1 << 14)));
    k.put(
        "model.ffn",
        new Key(Kind.WHOLE, "hidden width of the feed-forward network", Range.of(1, 1 << 22)));
    k.put("model.vocab", new Key(Kind.WHOLE, "token ids", Range.of(1, 1 << 24)));
    k.put(
        "model.context",
        new Key(Kind.WHOLE, "positions the model is made for", Range.of(1, 1 << 24)));
    k.put("model.tied", new Key(Kind.FLAG, "whether the head is the embedding table"));
    k.put(
        "model.rope_theta", new Key(Kind.NUMBER, "base of the rotary wavelengths", Range.POSITIVE));
    k.put("model.norm_eps", new Key(Kind.NUMBER, "epsilon of the norms", Range.POSITIVE));
    k.put("tokenizer.file", new Key(Kind.TEXT, "a tokenizer to take; learned where empty"));
    k.put("tokenizer.lines", new Key(Kind.FLAG, "whether it is learned line by line"));
    k.put("data.paths", new Key(Kind.NAMES, "files and folders of texts"));
    k.put("data.field", new Key(Kind.TEXT, "field or column of texts; text, else content"));
    k.put("data.prose", new Key(Kind.FLAG, "whether books become plain sections"));
    k.put(
        "data.held_out",
        new Key(Kind.NUMBER, "part of documents or conversations that is held out", Range.DECAY));
    k.put(
        "data.duplicates",
        new Key(Kind.TEXT, "what is left out: none, exact or near ones", "none", "exact", "near"));
    k.put(
        "data.similarity", new Key(Kind.NUMBER, "from which documents count as near", Range.PART));
    k.put("data.masked", new Key(Kind.FLAG, "whether a replayed file's loss_mask is used"));
    k.put(
        "data.epochs",
        new Key(Kind.NUMBER, "how often fine-tuning reads its examples", Range.EPOCHS));
    k.put(
        "lora.rank",
        new Key(Kind.WHOLE, "rank of adapters, 0 to train all weights", Range.of(0, 1 << 14)));
    k.put(
        "lora.alpha",
        new Key(Kind.NUMBER, "adapters are scaled by alpha / rank", Range.NOT_NEGATIVE));
    k.put("lora.targets", new Key(Kind.NAMES, "matrices that get adapters, such as attn_q"));
    k.put(
        "distill.alpha",
        new Key(Kind.NUMBER, "part of the teacher in the loss, 0 to 1", Range.PART));
    k.put("distill.temperature", new Key(Kind.NUMBER, "of both distributions", Range.POSITIVE));
    k.put(
        "distill.k",
        new Key(Kind.WHOLE, "tokens that are stored of a teacher", Range.of(1, 1 << 24)));
    k.put("align.method", new Key(Kind.TEXT, "dpo from pairs, grpo from a reward", "dpo", "grpo"));
    k.put("align.beta", new Key(Kind.NUMBER, "strength of the reference", Range.NOT_NEGATIVE));
    k.put(
        "align.reward", new Key(Kind.TEXT, "what grpo rewards: number or text", "number", "text"));
    k.put(
        "align.group",
        new Key(Kind.WHOLE, "answers that grpo draws to a question", Range.of(2, 1 << 10)));
    k.put(
        "align.tokens",
        new Key(Kind.WHOLE, "tokens of a drawn answer at most", Range.of(1, 1 << 20)));
    k.put("align.temperature", new Key(Kind.NUMBER, "of drawn answers", Range.POSITIVE));
    k.put("batch.rows", new Key(Kind.WHOLE, "windows of a step", Range.of(1, 1 << 20)));
    k.put("batch.length", new Key(Kind.WHOLE, "tokens of a window", Range.of(1, 1 << 24)));
    k.put(
        "batch.micro_rows",
        new Key(Kind.WHOLE, "windows that are computed together", Range.of(1, 1 << 20)));
    k.put("steps", new Key(Kind.WHOLE, "steps of the run", Range.NOT_NEGATIVE));
    k.put("optimizer.name", new Key(Kind.TEXT, "adamw or muon", "adamw", "muon"));
    k.put("optimizer.lr", new Key(Kind.NUMBER, "highest learning rate", Range.NOT_NEGATIVE));
    k.put("optimizer.beta1", new Key(Kind.NUMBER, "decay of the mean gradient", Range.DECAY));
    k.put("optimizer.beta2", new Key(Kind.NUMBER, "decay of the mean square", Range.DECAY));
    k.put(
        "optimizer.eps",
        new Key(Kind.NUMBER, "added to the root of the mean square", Range.NOT_NEGATIVE));
    k.put("optimizer.decay", new Key(Kind.NUMBER, "weight decay of matrices", Range.NOT_NEGATIVE));
    k.put("optimizer.momentum", new Key(Kind.NUMBER, "Muon's", Range.DECAY));
    k.put(
        "optimizer.matrix_lr",
        new Key(Kind.NUMBER, "Muon's learning rate, relative to lr", Range.NOT_NEGATIVE));
    k.put(
        "schedule.name",
        new Key(Kind.TEXT, "cosine, warmdown or constant", "cosine", "warmdown", "constant"));
    k.put("schedule.warmup", new Key(Kind.WHOLE, "steps of linear rise", Range.NOT_NEGATIVE));
    k.put("schedule.warmdown", new Key(Kind.WHOLE, "steps of linear fall", Range.NOT_NEGATIVE));
    k.put(
        "schedule.floor",
        new Key(Kind.NUMBER, "lowest learning rate, relative to lr", Range.NOT_NEGATIVE));
    k.put("clip", new Key(Kind.NUMBER, "longest gradient, 0 for any", Range.NOT_NEGATIVE));
    k.put(
        "recompute", new Key(Kind.TEXT, "nothing, cheap or layers", "nothing", "cheap", "layers"));
    k.put("stop_above", new Key(Kind.NUMBER, "loss that stops the run", Range.NOT_NEGATIVE));
    k.put("checkpoint.every", new Key(Kind.WHOLE, "steps between checkpoints", Range.NOT_NEGATIVE));
    k.put("checkpoint.keep", new Key(Kind.WHOLE, "checkpoints that are kept", Range.of(1, 1000)));
    k.put(
        "validation.every",
        new Key(Kind.WHOLE, "steps between measures, 0 for none", Range.NOT_NEGATIVE));
    k.put(
        "validation.windows",
        new Key(Kind.WHOLE, "held-out windows that are measured", Range.of(1, 1 << 20)));
    k.put(
        "samples.every",
        new Key(Kind.WHOLE, "steps between samples, 0 for none", Range.NOT_NEGATIVE));
    k.put("samples.prompts", new Key(Kind.TEXTS, "texts that are continued"));
    k.put("samples.tokens", new Key(Kind.WHOLE, "tokens of a sample", Range.of(1, 1 << 20)));
    k.put("samples.temperature", new Key(Kind.NUMBER, "of samples", Range.NOT_NEGATIVE));
    return k;
  }
}
