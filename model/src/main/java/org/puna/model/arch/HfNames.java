package org.puna.model.arch;

import java.util.List;
import java.util.Set;

/**
 * The names of tensors in a Hugging Face folder: text models and the text part of multi-modal ones
 * differ in what stands before.
 *
 * @param prefix what stands before {@code layers.0.…}
 * @param head the name of the output matrix
 * @param oldNorms whether layer norms are called {@code gamma} and {@code beta}, as in weights that
 *     come from TensorFlow
 */
public record HfNames(String prefix, String head, boolean oldNorms) {
  /** The names of text models. */
  public static final HfNames TEXT = new HfNames("model.", "lm_head.weight");

  private static final List<String> ENCODERS = List.of("", "bert.", "roberta.", "model.");
  private static final String WORDS = "embeddings.word_embeddings.weight";

  private static final List<HfNames> KNOWN =
      List.of(
          TEXT,
          new HfNames("language_model.model.", "language_model.lm_head.weight"),
          new HfNames("model.language_model.", "lm_head.weight"),
          new HfNames("", "lm_head.weight"));

  private HfNames(String prefix, String head) {
    this(prefix, head, false);
  }

  /** Finds out how a folder names its tensors; as text models do where no name is familiar. */
  public static HfNames of(Set<String> tensors) {
    for (String p : ENCODERS) {
      if (tensors.contains(p + WORDS)) {
        return new HfNames(p, "", tensors.contains(p + "embeddings.LayerNorm.gamma"));
      }
    }
    return KNOWN.stream()
        .filter(n -> tensors.contains(n.prefix + "embed_tokens.weight"))
        .findFirst()
        .orElse(TEXT);
  }

  /** Returns the name of a tensor of a layer. */
  public String layer(int layer, String name) {
    return prefix + "layers." + layer + "." + name;
  }
}
