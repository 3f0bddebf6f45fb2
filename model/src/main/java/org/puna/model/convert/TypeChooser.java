package org.puna.model.convert;

import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.config.BadInput;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/**
 * Chooses the format of each tensor of a mix by llama.cpp's rules, so that a file named {@code
 * Q4_K_M} here has the same types as one made there (without an importance matrix).
 *
 * @see "llama.cpp, src/llama-quant.cpp, llama_tensor_get_type_impl"
 */
final class TypeChooser {
  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d+)\\..*");

  /** Experts of Mixtral 8x7B, for which the rules make exceptions. */
  private static final int EIGHT = 8;

  /** Layers of the 70B models, whose value matrices are small beside the others. */
  private static final int LAYERS_70B = 80;

  /**
   * What the rules look at.
   *
   * @param architecture {@code general.architecture}
   * @param layers layers of the model
   * @param queriesPerKey query heads that share a key head
   * @param experts experts of a layer, 0 for none
   * @param tied whether the embeddings are also the output matrix
   */
  record Model(String architecture, int layers, int queriesPerKey, int experts, boolean tied) {}

  /**
   * A choice.
   *
   * @param format the format
   * @param note why it is another than the mix's, empty if it is not
   */
  record Choice(BlockFormat format, String note) {}

  private enum Category {
    EMBEDDING,
    OUTPUT,
    QUERY,
    KEY,
    VALUE,
    QUERY_KEY_VALUE,
    ATTENTION_OUTPUT,
    DOWN,
    OTHER
  }

  private final Mix mix;
  private final Model model;
  private final boolean pure;

  /**
   * Chooses for a file.
   *
   * @param pure whether every tensor shall have the base format
   */
  TypeChooser(Mix mix, Model model, boolean pure) {
    this.mix = mix;
    this.model = model;
    this.pure = pure;
  }

  /** Returns whether a tensor may change its format at all. */
  static boolean quantises(String name, int rank) {
    return rank >= 2
        && name.endsWith("weight")
        && !name.contains("_norm.weight")
        && !name.equals("position_embd.weight")
        && !name.equals("token_types.weight")
        && !name.contains("ffn_gate_inp.weight");
  }

  /**
   * Returns the format of a tensor.
   *
   * @param name its canonical name
   * @param shape its sizes, outermost first
   */
  Choice choose(String name, long[] shape) {
    if (mix.plain()) return new Choice(mix.base(), "");
    BlockFormat wanted = pure ? mix.base() : wanted(name, shape);
    long row = shape[shape.length - 1];
    BlockFormat fits = fallback(wanted, row);
    if (!fits.canEncode()) {
      throw new BadInput(
          "quantisation type: tensor "
              + name
              + " would be "
              + fits.name()
              + ", which cannot be written; choose another type");
    }
    if (fits.equals(wanted)) return new Choice(fits, "");
    return new Choice(
        fits,
        "rows of "
            + row
            + " are not whole "
            + wanted.name()
            + " blocks of "
            + wanted.blockElements());
  }

  /** Smaller blocks where a row is not whole blocks, half precision where that fails too. */
  static BlockFormat fallback(BlockFormat wanted, long row) {
    if (row % wanted.blockElements() == 0) return wanted;
    BlockFormat smaller =
        switch (wanted.name()) {
          case "IQ4_XS" -> BlockFormats.IQ4_NL;
          case "Q2_K", "Q3_K", "TQ1_0", "TQ2_0" -> BlockFormats.Q4_0;
          case "Q4_K" -> BlockFormats.Q5_0;
          case "Q5_K" -> BlockFormats.Q5_1;
          case "Q6_K" -> BlockFormats.Q8_0;
          default -> wanted;
        };
    return row % smaller.blockElements() == 0 ? smaller : BlockFormats.F16;
  }

  private static Category category(String name) {
    if (name.equals("output.weight")) return Category.OUTPUT;
    if (name.equals("token_embd.weight")) return Category.EMBEDDING;
    if (name.contains("attn_qkv.weight")) return Category.QUERY_KEY_VALUE;
    if (name.contains("attn_v.weight")) return Category.VALUE;
    if (name.contains("attn_k.weight")) return Category.KEY;
    if (name.contains("attn_q.weight")) return Category.QUERY;
    if (name.contains("attn_output.weight")) return Category.ATTENTION_OUTPUT;
    if (name.contains("ffn_down")) return Category.DOWN;
    return Category.OTHER;
  }

  private BlockFormat wanted(String name, long[] shape) {
    Category c = category(name);
    Matcher m = LAYER.matcher(name);
    int layer = m.matches() ? Integer.parseInt(m.group(1)) : 0;
    if (c == Category.OUTPUT || model.tied && c == Category.EMBEDDING) {
      return output(shape[shape.length - 1]);
    }
    if (mix == Mix.MXFP4_MOE) {
      return shape.length > 2 && shape[0] > 1 ? BlockFormats.MXFP4 : BlockFormats.Q8_0;
    }
    return switch (c) {
      case EMBEDDING -> Set.of(Mix.TQ1_0, Mix.TQ2_0).contains(mix) ? BlockFormats.Q4_K : mix.base();
      case VALUE, QUERY_KEY_VALUE -> value(layer);
      case KEY -> model.experts == EIGHT ? BlockFormats.Q8_0 : mix.base();
      case DOWN -> down(layer);
      case ATTENTION_OUTPUT -> attentionOutput();
      case OUTPUT, QUERY, OTHER -> mix.base();
    };
  }

  private BlockFormat output(long row) {
    if (mix == Mix.MXFP4_MOE || row % mix.base().blockElements() != 0) return BlockFormats.Q8_0;
    return mix == Mix.Q8_0 ? BlockFormats.Q8_0 : BlockFormats.Q6_K;
  }

  private BlockFormat value(int layer) {
    BlockFormat f =
        switch (mix) {
          case Q2_K -> model.queriesPerKey >= 4 ? BlockFormats.Q4_K : BlockFormats.Q3_K;
          case Q3_K_M -> layer < 2 ? BlockFormats.Q5_K : BlockFormats.Q4_K;
          case Q3_K_L -> BlockFormats.Q5_K;
          case IQ4_NL, IQ4_XS -> model.queriesPerKey >= 4 ? BlockFormats.Q5_K : mix.base();
          case Q4_K_M, Q5_K_M -> moreBits(layer) ? BlockFormats.Q6_K : mix.base();
          case Q4_K_S -> layer < 4 ? BlockFormats.Q5_K : mix.base();
          default -> mix.base();
        };
    boolean is70b =
        model.layers == LAYERS_70B
            && (model.architecture.equals("qwen2")
                || model.architecture.equals("llama") && model.queriesPerKey > 1);
    if (is70b && (f.equals(BlockFormats.Q3_K) || f.equals(BlockFormats.Q4_K)))
      f = BlockFormats.Q5_K;
    return model.experts == EIGHT ? BlockFormats.Q8_0 : f;
  }

  private BlockFormat down(int layer) {
    boolean early = layer < model.layers / 8;
    return switch (mix) {
      case Q2_K -> BlockFormats.Q3_K;
      case Q3_K_M -> layer < model.layers / 16 ? BlockFormats.Q5_K : BlockFormats.Q4_K;
      case Q3_K_L -> BlockFormats.Q5_K;
      case Q4_K_M, Q5_K_M -> moreBits(layer) ? BlockFormats.Q6_K : mix.base();
      case IQ4_NL, IQ4_XS, Q4_K_S -> early ? BlockFormats.Q5_K : mix.base();
      default -> mix.base();
    };
  }

  private BlockFormat attentionOutput() {
    if (model.experts == EIGHT) {
      return switch (mix) {
        case Q2_K, Q3_K_S, Q3_K_M, IQ4_NL, Q4_K_S, Q4_K_M, IQ4_XS -> BlockFormats.Q5_K;
        default -> mix.base();
      };
    }
    return switch (mix) {
      case Q2_K -> BlockFormats.Q3_K;
      case Q3_K_M -> BlockFormats.Q4_K;
      case Q3_K_L -> BlockFormats.Q5_K;
      default -> mix.base();
    };
  }

  /** The first and last eighth of the layers, and every third between. */
  private boolean moreBits(int layer) {
    int n = model.layers;
    return layer < n / 8 || layer >= 7 * n / 8 || (layer - n / 8) % 3 == 2;
  }
}
