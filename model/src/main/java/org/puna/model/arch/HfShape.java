package org.puna.model.arch;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelShapes;

/**
 * The sizes in a {@code config.json} of an architecture that Puna does not run, which is enough to
 * plan with. The keys are those of transformers' configuration classes and their older spellings.
 *
 * <p>Latent attention (MLA) keeps its own sizes beside grouped queries in heads of 128 that have
 * about as many parameters. Windows and chunks are kept, as a number of layers that see all
 * positions between those that have one; what decides neither sizes nor arithmetic is left out.
 */
public final class HfShape {
  /** Learned positions, biases, no gate: GPT-2 and what was built after it. */
  private static final Set<String> GPT =
      Set.of("gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox", "gptj", "codegen", "opt", "bloom");

  /** A feed-forward network without a gate. */
  private static final Set<String> UNGATED =
      Set.of("falcon", "mpt", "phi", "starcoder2", "persimmon", "nemotron");

  /** Embeddings that are the head too where the file does not say. */
  private static final Set<String> TIED =
      Set.of(
          "gpt2",
          "gpt_bigcode",
          "gpt_neo",
          "opt",
          "bloom",
          "falcon",
          "mpt",
          "starcoder2",
          "gemma",
          "gemma2",
          "cohere",
          "cohere2");

  /** Every second layer has a window, where the file does not list them. */
  private static final Set<String> ALTERNATING = Set.of("gemma2", "gpt_oss");

  /** How layers call themselves that are neither attention nor a feed-forward network. */
  private static final List<String> OTHER_LAYERS =
      List.of("mamba", "ssm_", "rwkv", "linear_attn", "linear_key_head_dim");

  private final HfConfig config;
  private final String type;
  private final ShapeText s = new ShapeText();

  private HfShape(HfConfig config) {
    this.config = config;
    this.type = config.text("model_type").orElse("");
  }

  /**
   * Returns the shape, spelled out as {@link ModelShapes#parse} reads it.
   *
   * @param config a language model's, or a multi-modal one's with a {@code text_config}
   * @throws BadInput if a size is missing, or layers are of a kind that has no such shape
   */
  public static String of(HfConfig config) {
    return new HfShape(config.textModel()).text();
  }

  private String text() {
    refuseOthers();
    boolean gpt = GPT.contains(type);
    int hidden = size("hidden size", Limits.WIDTH, "hidden_size", "n_embd", "d_model");
    if (gpt) s.put("arch", "gpt");
    int layers =
        size(
            "number of layers",
            Limits.LAYERS,
            "num_hidden_layers",
            "n_layer",
            "n_layers",
            "num_layers");
    s.put("layers", layers);
    s.put("hidden", hidden);
    attention(hidden);
    window(layers);
    int ffn =
        any(Limits.WIDTH, "intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size")
            .orElseGet(() -> any(64, "expansion_ratio").orElse(4) * hidden);
    s.put("ffn", ffn);
    s.put("gated", !gpt && !UNGATED.contains(type));
    experts(ffn);
    s.put("vocab", size("size of the vocabulary", Limits.VOCAB, "padded_vocab_size", "vocab_size"));
    s.put(
        "context",
        any(
                Integer.MAX_VALUE,
                "max_position_embeddings",
                "n_positions",
                "n_ctx",
                "max_seq_len",
                "seq_length",
                "max_sequence_length")
            .orElse(2048));
    s.put("tied", config.bool("tie_word_embeddings", TIED.contains(type)));
    return s.toString();
  }

  private void refuseOthers() {
    if (config.bool("is_encoder_decoder", false)) {
      throw new BadInput(
          config.where() + ": an encoder with a decoder has no shape that can be planned with");
    }
    for (String key : config.node().propertyNames()) {
      if (OTHER_LAYERS.stream().anyMatch(key::contains)) {
        throw new BadInput(
            config.where()
                + ": JSON key "
                + key
                + ": layers of this kind have no shape that can be planned with; spell out one of"
                + " about its size: layers=…,hidden=…,heads=…,ffn=…");
      }
    }
  }

  private void attention(int hidden) {
    int heads = size("number of heads", Limits.HEADS, "num_attention_heads", "n_head", "n_heads");
    Optional<Integer> latent = any(Limits.WIDTH, "kv_lora_rank");
    if (latent.isPresent()) {
      int rotated = any(Limits.HEAD_DIM, "qk_rope_head_dim").orElse(64);
      Optional<Integer> queryRank = any(Limits.WIDTH, "q_lora_rank");
      s.latentAttention(
          hidden,
          heads,
          latent.get(),
          queryRank.map(OptionalInt::of).orElse(OptionalInt.empty()),
          any(Limits.HEAD_DIM, "qk_nope_head_dim").orElse(128) + rotated,
          rotated,
          any(Limits.HEAD_DIM, "v_head_dim").orElse(128));
      return;
    }
    s.put("heads", heads);
    s.put("kv_heads", keyValueHeads(heads));
    any(Limits.HEAD_DIM, "head_dim", "kv_channels").ifPresent(d -> s.put("head_dim", d));
    if (config.bool("attention_bias", config.bool("add_qkv_bias", false))) s.put("qkv_bias", true);
  }

  /** A window of some or all layers, as the file lists them or the family has them. */
  private void window(int layers) {
    Optional<Integer> window = any(Integer.MAX_VALUE, "sliding_window", "attention_chunk_size");
    // Qwen's files name a window that most of its models do not use.
    if (window.isEmpty() || !config.bool("use_sliding_window", !type.startsWith("qwen"))) return;
    int full = fullLayers(layers);
    if (full >= layers) return;
    s.put(any(Integer.MAX_VALUE, "sliding_window").isPresent() ? "window" : "chunk", window.get());
    s.put("full_layers", full);
  }

  private int fullLayers(int layers) {
    Optional<List<String>> types = config.texts("layer_types");
    if (types.isPresent()) {
      return (int) types.get().stream().filter("full_attention"::equals).count();
    }
    Optional<Integer> pattern = any(Limits.LAYERS, "sliding_window_pattern");
    if (pattern.isPresent()) return layers / pattern.get();
    if (ALTERNATING.contains(type)) return layers / 2;
    return type.startsWith("qwen") ? any(Limits.LAYERS, "max_window_layers").orElse(28) : 0;
  }

  private int keyValueHeads(int heads) {
    boolean older = type.equals("falcon") && !config.bool("new_decoder_architecture", false);
    boolean one = config.bool("multi_query", older || type.equals("gpt_bigcode"));
    if (type.equals("gpt_bigcode") || older) return one ? 1 : heads;
    if (config.bool("multi_query_attention", false)) {
      return any(Limits.HEADS, "multi_query_group_num").orElse(1);
    }
    return any(Limits.HEADS, "num_key_value_heads", "num_kv_heads", "kv_n_heads").orElse(heads);
  }

  private void experts(int ffn) {
    Optional<Integer> experts =
        any(
            Limits.EXPERTS,
            "num_local_experts",
            "n_routed_experts",
            "num_experts",
            "moe_num_experts");
    if (experts.isEmpty() || experts.get() == 1) return;
    int width = any(Limits.WIDTH, "moe_intermediate_size", "expert_ffn_hidden_size").orElse(ffn);
    s.put("experts", experts.get());
    s.put(
        "active",
        size(
            "number of experts of a token",
            Limits.EXPERTS,
            "num_experts_per_tok",
            "num_experts_per_token",
            "experts_per_token",
            "moe_top_k"));
    s.put("expert_ffn", width);
    any(Limits.WIDTH, "shared_expert_intermediate_size")
        .map(Integer::longValue)
        .or(() -> any(Limits.EXPERTS, "n_shared_experts").map(n -> (long) n * width))
        .ifPresent(w -> s.put("shared_ffn", w));
    any(Limits.LAYERS, "first_k_dense_replace").ifPresent(n -> s.put("dense_layers", n));
  }

  private int size(String what, int most, String... keys) {
    return any(most, keys)
        .orElseThrow(() ->
            new BadInput(
                config.where()
                    + ": expected the "
                    + what
                    + " in one of the JSON keys "
                    + String.join(", ", keys)
                    + ", found none"));
  }

  /** The first of the keys that is there and above 0, in the object or in those of its parts. */
  private Optional<Integer> any(int most, String... keys) {
    for (String key : keys) {
      for (HfConfig part : parts()) {
        if (part.has(key) && part.integer(key, 0) != 0) return Optional.of(part.size(key, 0, most));
      }
    }
    return Optional.empty();
  }

  private List<HfConfig> parts() {
    return List.of(
        config,
        config.object("attn_config").orElse(config),
        config.object("ffn_config").orElse(config));
  }
}
