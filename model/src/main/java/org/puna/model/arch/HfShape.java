package org.puna.model.arch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelShapes;

/**
 * The sizes in a {@code config.json} of an architecture that Puna does not run, which is enough to
 * plan with. The keys are those of transformers' configuration classes and their older spellings.
 *
 * <p>Latent attention (MLA) becomes grouped-query attention with as many parameters and a cache of
 * nearly its size, in heads of 128; what decides neither sizes nor arithmetic is left out.
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

  /** How layers call themselves that are neither attention nor a feed-forward network. */
  private static final List<String> OTHER_LAYERS = List.of("mamba", "ssm", "rwkv", "linear_attn");

  private static final int LATENT_HEAD = 128;

  private final HfConfig config;
  private final String type;

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
    Map<String, String> s = new LinkedHashMap<>();
    if (gpt) s.put("arch", "gpt");
    s.put(
        "layers",
        text(
            size(
                "number of layers",
                Limits.LAYERS,
                "num_hidden_layers",
                "n_layer",
                "n_layers",
                "num_layers")));
    s.put("hidden", text(hidden));
    attention(hidden, s);
    int ffn =
        any(Limits.WIDTH, "intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size")
            .orElseGet(() -> any(Limits.WIDTH, "expansion_ratio").orElse(4) * hidden);
    s.put("ffn", text(ffn));
    s.put("gated", String.valueOf(!gpt && !UNGATED.contains(type)));
    experts(ffn, s);
    s.put(
        "vocab",
        text(size("size of the vocabulary", Limits.VOCAB, "padded_vocab_size", "vocab_size")));
    s.put(
        "context",
        text(
            any(
                    Integer.MAX_VALUE,
                    "max_position_embeddings",
                    "n_positions",
                    "n_ctx",
                    "max_seq_len",
                    "seq_length",
                    "max_sequence_length")
                .orElse(2048)));
    s.put("tied", String.valueOf(config.bool("tie_word_embeddings", TIED.contains(type))));
    return s.entrySet().stream()
        .map(e -> e.getKey() + "=" + e.getValue())
        .collect(Collectors.joining(","));
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

  private void attention(int hidden, Map<String, String> s) {
    int heads = size("number of heads", Limits.HEADS, "num_attention_heads", "n_head", "n_heads");
    Optional<Integer> latent = any(Limits.WIDTH, "kv_lora_rank");
    if (latent.isPresent()) {
      latentAttention(hidden, heads, latent.get(), s);
      return;
    }
    s.put("heads", text(heads));
    s.put("kv_heads", text(keyValueHeads(heads)));
    any(Limits.HEAD_DIM, "head_dim", "kv_channels").ifPresent(d -> s.put("head_dim", text(d)));
    if (config.bool("attention_bias", config.bool("add_qkv_bias", false)))
      s.put("qkv_bias", "true");
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

  /** DeepSeek-V2, section 2.1: ranks of the latents, a rotated and a plain part of each head. */
  private void latentAttention(int hidden, int heads, int rank, Map<String, String> s) {
    double plain = any(Limits.HEAD_DIM, "qk_nope_head_dim").orElse(LATENT_HEAD);
    double rotated = any(Limits.HEAD_DIM, "qk_rope_head_dim").orElse(LATENT_HEAD / 2);
    double value = any(Limits.HEAD_DIM, "v_head_dim").orElse(LATENT_HEAD);
    double queries = heads * (plain + rotated);
    double parameters =
        any(Limits.WIDTH, "q_lora_rank").map(q -> q * (hidden + queries)).orElse(hidden * queries)
            + hidden * (rank + rotated)
            + rank * heads * (plain + value)
            + heads * value * hidden;
    int kv = Math.max(1, (int) Math.round((rank + rotated) / (2.0 * LATENT_HEAD)));
    double both = parameters / ((double) hidden * LATENT_HEAD) / 2 - kv;
    int equal = kv * Math.max(1, (int) Math.round(both / kv));
    s.put("heads", text(equal));
    s.put("kv_heads", text(kv));
    s.put("head_dim", text(LATENT_HEAD));
  }

  private void experts(int ffn, Map<String, String> s) {
    Optional<Integer> experts =
        any(
            Limits.EXPERTS,
            "num_local_experts",
            "n_routed_experts",
            "num_experts",
            "moe_num_experts");
    if (experts.isEmpty() || experts.get() == 1) return;
    int width = any(Limits.WIDTH, "moe_intermediate_size", "expert_ffn_hidden_size").orElse(ffn);
    s.put("experts", text(experts.get()));
    s.put(
        "active",
        text(
            size(
                "number of experts of a token",
                Limits.EXPERTS,
                "num_experts_per_tok",
                "num_experts_per_token",
                "experts_per_token",
                "moe_top_k")));
    s.put("expert_ffn", text(width));
    any(Limits.WIDTH, "shared_expert_intermediate_size")
        .or(() -> any(Limits.EXPERTS, "n_shared_experts").map(n -> n * width))
        .ifPresent(w -> s.put("shared_ffn", text(w)));
    any(Limits.LAYERS, "first_k_dense_replace").ifPresent(n -> s.put("dense_layers", text(n)));
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

  private static String text(int n) {
    return String.valueOf(n);
  }
}
