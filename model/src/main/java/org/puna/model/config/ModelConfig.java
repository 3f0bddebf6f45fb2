package org.puna.model.config;

import java.util.List;
import java.util.Optional;

/**
 * Everything about a transformer that decides its shapes and its arithmetic, independent of where
 * it was read (a GGUF's metadata, a {@code config.json}, a named shape, a recipe).
 *
 * @param architecture the name in {@code Architectures}, such as {@code llama}, {@code qwen3};
 *     {@code gpt} for size formulas of GPT-3-like models (no engine runs it)
 * @param vocabSize token ids, at least 1
 * @param dModel width of the residual stream
 * @param contextLength positions the model was made for
 * @param normEps epsilon of the norms
 * @param tiedEmbeddings whether the output head is the embedding matrix
 * @param attention heads and their options, equal in all layers
 * @param ffn the dense feed-forward network
 * @param moe the experts, where some layers have them
 * @param layers one entry a layer
 * @param embeddingScale factor on the embeddings, 1 but for Gemma (√dModel)
 * @param logitSoftcap cap of {@code cap · tanh(logits / cap)}, 0 for none
 * @param encoder what an encoder has that a decoder has not, where the model is one
 */
public record ModelConfig(
    String architecture,
    int vocabSize,
    int dModel,
    int contextLength,
    double normEps,
    boolean tiedEmbeddings,
    Attention attention,
    Ffn ffn,
    Optional<Moe> moe,
    List<Layer> layers,
    double embeddingScale,
    double logitSoftcap,
    Optional<Encoder> encoder) {

  /** Checks the sizes. */
  public ModelConfig {
    layers = Layers.of(layers);
    positive("vocabSize", vocabSize);
    positive("dModel", dModel);
    positive("contextLength", contextLength);
    positive("layers", layers.size());
    if (moe.isEmpty() && layers.stream().anyMatch(Layer::experts)) {
      throw new BadInput("model config: a layer has experts but the expert sizes are missing");
    }
  }

  /** A decoder. */
  public ModelConfig(
      String architecture,
      int vocabSize,
      int dModel,
      int contextLength,
      double normEps,
      boolean tiedEmbeddings,
      Attention attention,
      Ffn ffn,
      Optional<Moe> moe,
      List<Layer> layers,
      double embeddingScale,
      double logitSoftcap) {
    this(
        architecture,
        vocabSize,
        dModel,
        contextLength,
        normEps,
        tiedEmbeddings,
        attention,
        ffn,
        moe,
        layers,
        embeddingScale,
        logitSoftcap,
        Optional.empty());
  }

  /**
   * Returns how many layers there are of each kind, in the order in which the kinds come. Searches
   * that count sizes for thousands of choices need not visit each layer.
   */
  public List<Kind> kinds() {
    return Layers.of(layers).kinds();
  }

  /**
   * Layers that are alike.
   *
   * @param layer one of them
   * @param count how many there are, at least 1
   */
  public record Kind(Layer layer, int count) {}

  /** Returns the number of layers. */
  public int nLayers() {
    return layers.size();
  }

  /**
   * The attention of every layer.
   *
   * @param nHeads query heads
   * @param nKvHeads key and value heads, a divisor of {@code nHeads}
   * @param headDim numbers in a head
   * @param scale factor on the scores, usually 1/√headDim
   * @param qkvBias whether the q, k and v projections add a bias
   * @param outBias whether the output projection adds a bias
   * @param qkNorm how queries and keys are normalised per head
   * @param softcap cap of the scores, 0 for none
   * @param tuning growth of query length with position in layers without RoPE, where a model has it
   * @param latent what latent attention has beside, in models that are only planned; the heads are
   *     then those of grouped queries with about as many parameters
   */
  public record Attention(
      int nHeads,
      int nKvHeads,
      int headDim,
      double scale,
      boolean qkvBias,
      boolean outBias,
      QkNorm qkNorm,
      double softcap,
      Optional<TemperatureTuning> tuning,
      Optional<Latent> latent) {
    /** Attention that is not latent. */
    public Attention(
        int nHeads,
        int nKvHeads,
        int headDim,
        double scale,
        boolean qkvBias,
        boolean outBias,
        QkNorm qkNorm,
        double softcap,
        Optional<TemperatureTuning> tuning) {
      this(
          nHeads,
          nKvHeads,
          headDim,
          scale,
          qkvBias,
          outBias,
          qkNorm,
          softcap,
          tuning,
          Optional.empty());
    }

    /** Checks the sizes. */
    public Attention {
      positive("heads", nHeads);
      positive("kv heads", nKvHeads);
      positive("head dim", headDim);
      if (nHeads % nKvHeads != 0) {
        throw new BadInput(
            "model config: "
                + nHeads
                + " heads do not divide into "
                + nKvHeads
                + " key-value heads");
      }
    }

    /** Returns the heads that tensor-parallel ranks divide. */
    public int splitHeads() {
      return latent.map(Latent::heads).orElse(nHeads);
    }

    /** Returns the width of all queries together: nHeads · headDim. */
    public int qDim() {
      return nHeads * headDim;
    }

    /** Returns the width of all keys (or values) together: nKvHeads · headDim. */
    public int kvDim() {
      return nKvHeads * headDim;
    }

    /**
     * Width of the keys (or values) that one tensor-parallel rank computes: its part of the heads,
     * and at least one whole head, which ranks repeat where there are fewer heads than ranks.
     *
     * @param ranks tensor-parallel ranks
     */
    public double kvDim(int ranks) {
      return Math.max(headDim, (double) kvDim() / ranks);
    }
  }

  /** How queries and keys are normalised before the scores. */
  public enum QkNorm {
    /** Not at all. */
    NONE,
    /** RMS norm over each head with a learned weight, before RoPE (Qwen 3, Gemma 3). */
    LEARNED,
    /** RMS norm over each head without a weight, after RoPE, in layers that have RoPE (Llama 4). */
    PLAIN_AFTER_ROPE
  }

  /**
   * Llama 4's temperature tuning: in layers without RoPE queries grow by {@code ln(1 + ⌊(pos + 1) /
   * floorScale⌋) · attnScale + 1}.
   *
   * @param floorScale positions per step
   * @param attnScale growth
   */
  public record TemperatureTuning(double floorScale, double attnScale) {}

  /**
   * A dense feed-forward network.
   *
   * @param dim hidden width
   * @param activation the non-linearity
   * @param gated whether it is {@code down(act(gate(x)) · up(x))}; otherwise {@code
   *     down(act(up(x)))}
   */
  public record Ffn(int dim, Activation activation, boolean gated) {
    /** Checks the size. */
    public Ffn {
      positive("feed-forward dim", dim);
    }
  }

  /** Non-linearities of feed-forward networks. */
  public enum Activation {
    /** x · sigmoid(x). */
    SILU,
    /** The tanh approximation of GELU. */
    GELU_TANH,
    /** GELU by the error function. */
    GELU
  }

  /**
   * A mixture of experts.
   *
   * @param nExperts experts of a layer
   * @param nActive experts that each token visits
   * @param dim hidden width of one expert
   * @param sharedDim hidden width of the expert that every token visits, 0 for none
   * @param routing how scores become weights
   */
  public record Moe(int nExperts, int nActive, int dim, int sharedDim, Routing routing) {
    /** Checks the sizes. */
    public Moe {
      positive("experts", nExperts);
      positive("experts per token", nActive);
      positive("expert dim", dim);
      if (nActive > nExperts) {
        throw new BadInput(
            "model config: " + nActive + " experts per token of only " + nExperts + " experts");
      }
    }
  }

  /**
   * An encoder of BERT's kind: every position sees all of its sequence, positions and segments have
   * learned embeddings, layer norms stand behind attention and feed-forward network. It embeds and
   * ranks; it does not generate.
   *
   * @param segments kinds of segments that it tells apart, at least 1
   * @param labels numbers that its classification head gives, 0 where it has none
   * @param pooler whether a dense layer with tanh stands before the head
   */
  public record Encoder(int segments, int labels, boolean pooler) {
    /** Checks the sizes. */
    public Encoder {
      positive("segments", segments);
      if (labels < 0) throw new BadInput("model config: labels must be at least 0: " + labels);
    }
  }

  /** How router scores become weights. */
  public enum Routing {
    /**
     * Softmax, the top k, renormalised to sum 1; weights multiply the experts' outputs (Mixtral).
     */
    SOFTMAX_TOP_K,
    /** The top k, sigmoid; weights multiply the experts' inputs (Llama 4). */
    SIGMOID_INPUT
  }

  /**
   * One layer.
   *
   * @param span which earlier positions it sees
   * @param rope its rotary embedding, where it has one
   * @param experts whether its feed-forward network is the mixture of experts
   */
  public record Layer(Span span, Optional<Rope> rope, boolean experts) {}

  /** Which earlier positions a layer attends to. */
  public sealed interface Span {
    /** All of them. */
    record Full() implements Span {}

    /**
     * The last {@code window} positions, the current one included.
     *
     * @param window positions, at least 1
     */
    record Sliding(int window) implements Span {}

    /**
     * Those of the same chunk of {@code size} positions.
     *
     * @param size positions, at least 1
     */
    record Chunked(int size) implements Span {}
  }

  /**
   * A rotary position embedding.
   *
   * @param theta base of the wavelengths
   * @param dims leading numbers of each head that rotate, even
   * @param scaling how wavelengths are stretched for long contexts
   */
  public record Rope(double theta, int dims, RopeScaling scaling) {}

  /** How rotary wavelengths are stretched beyond the length that a model was trained for. */
  public sealed interface RopeScaling {
    /** Not at all. */
    record None() implements RopeScaling {}

    /**
     * All positions divided by {@code factor}.
     *
     * @param factor at least 1
     */
    record Linear(double factor) implements RopeScaling {}

    /**
     * Llama 3.1: long wavelengths divided by {@code factor}, short ones kept, a smooth passage
     * between.
     *
     * @param factor divisor of low frequencies
     * @param lowFreqFactor wavelengths above {@code originalContext / lowFreqFactor} are divided
     * @param highFreqFactor wavelengths below {@code originalContext / highFreqFactor} are kept
     * @param originalContext context of pretraining
     */
    record Llama3(double factor, double lowFreqFactor, double highFreqFactor, int originalContext)
        implements RopeScaling {}

    /**
     * YaRN (Peng et al. 2023).
     *
     * @param factor stretch
     * @param betaFast rotations above which a dimension is kept
     * @param betaSlow rotations below which it is fully interpolated
     * @param originalContext context of pretraining
     * @param attentionFactor factor on cosines and sines
     */
    record Yarn(
        double factor,
        double betaFast,
        double betaSlow,
        int originalContext,
        double attentionFactor)
        implements RopeScaling {}

    /**
     * LongRoPE (Phi-3): a divisor for each frequency, another list beyond the original context.
     *
     * @param shortFactors divisors up to the original context
     * @param longFactors divisors beyond it
     * @param originalContext context of pretraining
     * @param attentionFactor factor on cosines and sines
     */
    record LongRope(
        List<Double> shortFactors,
        List<Double> longFactors,
        int originalContext,
        double attentionFactor)
        implements RopeScaling {}

    /**
     * Frequencies divided by a stored list (GGUF's {@code rope_freqs.weight}).
     *
     * @param factors a divisor for each frequency
     */
    record Divisors(List<Double> factors) implements RopeScaling {}
  }

  private static void positive(String what, int n) {
    if (n < 1) throw new BadInput("model config: " + what + " must be at least 1, found " + n);
  }
}
