package org.puna.model.arch;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelShapes;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufMetadata;
import org.puna.tensor.Tensor;

/**
 * The sizes in a GGUF file of an architecture that Puna does not run, which is enough to plan with.
 * The keys are those of the GGUF specification; what the tensors show is asked of them.
 */
public final class GgufShape {
  private static final Set<String> GPT =
      Set.of("gpt2", "gptj", "gptneox", "starcoder", "codegen", "opt", "bloom");

  private final GgufFile file;
  private final GgufMetadata m;
  private final String name;
  private final ShapeText s = new ShapeText();

  private GgufShape(GgufFile file) {
    this.file = file;
    this.m = file.metadata();
    this.name = m.string("general.architecture");
  }

  /**
   * Returns the shape, spelled out as {@link ModelShapes#parse} reads it.
   *
   * @param file the file
   * @throws BadInput if a size is missing, or layers are of a kind that has no such shape
   */
  public static String of(GgufFile file) {
    return new GgufShape(file).text();
  }

  private String text() {
    refuseOthers();
    if (GPT.contains(name)) s.put("arch", "gpt");
    int hidden = size("embedding_length");
    s.put("layers", size("block_count"));
    s.put("hidden", hidden);
    attention(hidden);
    int ffn = size("feed_forward_length");
    s.put("ffn", ffn);
    boolean gated = hasTensor("ffn_gate.weight") || hasTensor("ffn_gate_exps.weight");
    s.put("gated", gated || fusedGate(ffn));
    experts(ffn);
    s.put("vocab", embedding().dim(0));
    s.put("context", size("context_length"));
    s.put("tied", file.tensor("output.weight").isEmpty());
    return s.toString();
  }

  private void refuseOthers() {
    for (String key : m.values().keySet()) {
      if (key.startsWith(name + ".ssm.") || key.startsWith(name + ".wkv.")) {
        throw new BadInput(
            m.source()
                + ": metadata key "
                + key
                + ": layers of this kind have no shape that can be planned with; spell out one of"
                + " about its size: layers=…,hidden=…,heads=…,ffn=…");
      }
    }
  }

  private void attention(int hidden) {
    int heads = size("attention.head_count");
    OptionalInt latent = find("attention.kv_lora_rank");
    OptionalInt key = find("attention.key_length_mla");
    OptionalInt value = find("attention.value_length_mla");
    if (latent.isPresent()) {
      s.latentAttention(
          hidden,
          heads,
          latent.getAsInt(),
          find("attention.q_lora_rank"),
          key.isPresent() ? key.getAsInt() : size("attention.key_length"),
          size("rope.dimension_count"),
          value.isPresent() ? value.getAsInt() : size("attention.value_length"));
      return;
    }
    s.put("heads", heads);
    s.put("kv_heads", find("attention.head_count_kv").orElse(heads));
    find("attention.key_length").ifPresent(d -> s.put("head_dim", d));
    s.put("qkv_bias", hasTensor("attn_q.bias") || hasTensor("attn_qkv.bias"));
  }

  private void experts(int ffn) {
    int experts = find("expert_count").orElse(0);
    if (experts < 2) return;
    int width = find("expert_feed_forward_length").orElse(ffn);
    s.put("experts", experts);
    s.put("active", size("expert_used_count"));
    s.put("expert_ffn", width);
    find("expert_shared_feed_forward_length")
        .ifPresentOrElse(
            w -> s.put("shared_ffn", w),
            () ->
                find("expert_shared_count").ifPresent(n -> s.put("shared_ffn", (long) n * width)));
    find("leading_dense_block_count").ifPresent(n -> s.put("dense_layers", n));
  }

  /** Some models keep gate and input of the network in one matrix of twice the width. */
  private boolean fusedGate(int ffn) {
    Optional<Tensor> up = file.tensor("blk.0.ffn_up.weight");
    return up.isPresent() && up.get().rank() == 2 && up.get().dim(0) == 2L * ffn;
  }

  private Tensor embedding() {
    return file.tensor("token_embd.weight")
        .filter(t -> t.rank() == 2)
        .orElseThrow(() ->
            new BadInput(
                m.source()
                    + ": tensor token_embd.weight is missing or no matrix; is this a vocabulary"
                    + " without a model?"));
  }

  /** Looks at the first layer and, where that is dense before experts begin, at the last. */
  private boolean hasTensor(String what) {
    int last = size("block_count") - 1;
    return file.tensor("blk.0." + what).isPresent()
        || file.tensor("blk." + last + "." + what).isPresent();
  }

  private OptionalInt find(String key) {
    OptionalInt n = m.optionalU32OfLayers(name + "." + key);
    if (n.isPresent() && n.getAsInt() == 0) return OptionalInt.empty();
    return n;
  }

  private int size(String key) {
    return find(key).orElseThrow(() -> m.missing(name + "." + key, "a whole number of at least 1"));
  }
}
