package org.puna.model.config;

import java.util.function.Supplier;

/**
 * How large a model is and how much arithmetic a token costs, from its configuration alone.
 * Training reports and the run planner use these same formulas.
 *
 * <p>A multiplication with an addition counts as two floating-point operations. Norms, activations
 * and softmax are left out, as every published count of model FLOPs leaves them out.
 */
public final class ModelSize {
  private ModelSize() {}

  /**
   * Parameters of one kind.
   *
   * @param embedding the token embedding, and learned positions where the model has them
   * @param attention all attention projections and their biases
   * @param feedForward all dense feed-forward networks, experts, shared experts
   * @param router the routers of all layers with experts
   * @param norms all norm weights
   * @param head the output matrix, 0 when tied to the embedding
   */
  public record Parameters(
      long embedding, long attention, long feedForward, long router, long norms, long head) {
    /** Returns the sum. */
    public long total() {
      return embedding + attention + feedForward + router + norms + head;
    }

    /** Returns the sum without embedding and head, what scaling laws call N. */
    public long nonEmbedding() {
      return attention + feedForward + router + norms;
    }
  }

  /**
   * All parameters that are stored.
   *
   * @param c the model
   */
  public static Parameters parameters(ModelConfig c) {
    return count(c, false);
  }

  /**
   * The parameters that one token visits: of the experts only the active and the shared ones. Equal
   * to {@link #parameters} for dense models.
   *
   * @param c the model
   */
  public static Parameters activeParameters(ModelConfig c) {
    return count(c, true);
  }

  /**
   * The parameters of all routed experts, which expert parallelism divides; without the shared
   * ones.
   *
   * @param c the model
   */
  public static long expertParameters(ModelConfig c) {
    long layers = expertLayers(c);
    if (layers == 0) return 0;
    ModelConfig.Moe moe = c.moe().orElseThrow();
    return exact(
        () -> Math.multiplyExact(layers, feedForward(c, (long) moe.nExperts() * moe.dim())));
  }

  /**
   * The number of layers with experts.
   *
   * @param c the model
   */
  public static int expertLayers(ModelConfig c) {
    int n = 0;
    for (ModelConfig.Kind k : c.kinds()) if (k.layer().experts()) n += k.count();
    return n;
  }

  /** A count that must not pass the largest long unseen. */
  private static <T> T exact(Supplier<T> count) {
    try {
      return count.get();
    } catch (ArithmeticException e) {
      throw new BadInput(
          "model: more parameters than can be counted (9.2e18); check layers, widths, experts and"
              + " vocabulary",
          e);
    }
  }

  private static Parameters count(ModelConfig c, boolean active) {
    return exact(() -> exactCount(c, active));
  }

  private static Parameters exactCount(ModelConfig c, boolean active) {
    int experts = expertLayers(c);
    int dense = c.nLayers() - experts;
    long attention = Math.multiplyExact(c.nLayers(), attentionParameters(c));
    long feedForward = 0;
    long router = 0;
    if (dense > 0) feedForward = Math.multiplyExact(dense, feedForwardParameters(c, false, active));
    if (experts > 0) {
      long each = feedForwardParameters(c, true, active);
      feedForward = Math.addExact(feedForward, Math.multiplyExact(experts, each));
      long routing = (long) c.dModel() * c.moe().orElseThrow().nExperts();
      router = Math.multiplyExact(experts, routing);
    }
    long perNorm = hasBiases(c) ? 2L * c.dModel() : c.dModel();
    long norms = perNorm * (2L * c.nLayers() + 1);
    if (c.attention().qkNorm() == ModelConfig.QkNorm.LEARNED) {
      norms += 2L * c.attention().headDim() * c.nLayers();
    }
    long embedding = (long) c.vocabSize() * c.dModel();
    if (hasBiases(c)) embedding += (long) c.contextLength() * c.dModel();
    long head = c.tiedEmbeddings() ? 0 : (long) c.vocabSize() * c.dModel();
    if (c.encoder().isPresent()) {
      ModelConfig.Encoder e = c.encoder().get();
      embedding += (long) e.segments() * c.dModel();
      head = e.labels() * (c.dModel() + 1L);
      if (e.labels() > 0 && e.pooler()) head += c.dModel() * (c.dModel() + 1L);
    }
    if (attention + (double) feedForward + router + norms + embedding + head > Long.MAX_VALUE) {
      throw new ArithmeticException("long overflow");
    }
    return new Parameters(embedding, attention, feedForward, router, norms, head);
  }

  /**
   * Parameters of the attention of one layer: dModel · (2 · nHeads + 2 · nKvHeads) · headDim, and
   * biases; of latent attention its own projections.
   *
   * @param c the model
   */
  public static long attentionParameters(ModelConfig c) {
    ModelConfig.Attention a = c.attention();
    if (a.latent().isPresent()) return a.latent().get().parameters(c.dModel());
    long n = (long) c.dModel() * (2L * a.qDim() + 2L * a.kvDim());
    if (a.qkvBias()) n += a.qDim() + 2L * a.kvDim();
    if (a.outBias()) n += c.dModel();
    return n;
  }

  /**
   * Parameters of the feed-forward part of one layer.
   *
   * @param c the model
   * @param experts whether the layer has experts
   * @param active whether to count only the experts that one token visits
   */
  public static long feedForwardParameters(ModelConfig c, boolean experts, boolean active) {
    if (!experts) {
      long bias = hasBiases(c) ? c.ffn().dim() + (long) c.dModel() : 0;
      return exact(() -> Math.addExact(feedForward(c, c.ffn().dim()), bias));
    }
    ModelConfig.Moe moe = c.moe().orElseThrow();
    long visited = active ? moe.nActive() : moe.nExperts();
    return exact(() -> feedForward(c, visited * moe.dim() + moe.sharedDim()));
  }

  /** Parameters of the matrices of feed-forward networks of a width in all. */
  private static long feedForward(ModelConfig c, long width) {
    return Math.multiplyExact((c.ffn().gated() ? 3L : 2L) * c.dModel(), width);
  }

  /**
   * FLOPs of the forward pass for one token, by part.
   *
   * @param matmuls 2 · (parameters that multiply the token): all active ones but the embedding
   * @param attention scores and weighted values over the positions that the token sees
   */
  public record Flops(double matmuls, double attention) {
    /** Returns the sum. */
    public double total() {
      return matmuls + attention;
    }

    /**
     * The same FLOPs a number of times.
     *
     * @param times how often
     */
    public Flops times(double times) {
      return new Flops(matmuls * times, attention * times);
    }
  }

  /** Whether attention counts the scores above the diagonal, which a causal kernel skips. */
  public enum AttentionCount {
    /** All seq × seq scores, as Megatron-LM's formula and PaLM's MFU count. */
    FULL,
    /** Only the scores that a token may see, on average half of them. */
    CAUSAL
  }

  /**
   * FLOPs of the forward pass for one token of a sequence, averaged over its positions.
   *
   * @param c the model
   * @param seq tokens of the sequence, at least 1
   * @param count what attention counts
   * @see "Narayanan et al. 2021, Efficient Large-Scale Language Model Training on GPU Clusters
   *     Using Megatron-LM, appendix; Chowdhery et al. 2022, PaLM, appendix B"
   */
  public static Flops forwardFlops(ModelConfig c, int seq, AttentionCount count) {
    Parameters active = activeParameters(c);
    double matmuls =
        2.0 * (active.attention() + active.feedForward() + active.router())
            + 2.0 * c.vocabSize() * c.dModel();
    double attention = 0;
    for (ModelConfig.Kind k : c.kinds()) {
      attention += perScore(c.attention()) * visible(k.layer().span(), seq, count) * k.count();
    }
    return new Flops(matmuls, attention);
  }

  /** FLOPs of all heads for a token and one position: the score and the weighted value. */
  private static double perScore(ModelConfig.Attention a) {
    return a.latent()
        .map(l -> 2.0 * l.heads() * ((double) l.key() + l.value()))
        .orElse(4.0 * a.qDim());
  }

  /**
   * FLOPs of attention for one token that is decoded over a cache. Latent attention works on the
   * latents themselves then, the projections to keys and values absorbed by those of queries and
   * output.
   *
   * @param c the model
   * @param cached positions in the cache
   * @see "DeepSeek-AI 2024, DeepSeek-V2, section 2.1.2"
   */
  public static double decodeAttentionFlops(ModelConfig c, int cached) {
    double perScore =
        c.attention()
            .latent()
            .map(l -> 2.0 * l.heads() * (l.cached() + (double) l.rank()))
            .orElse(perScore(c.attention()));
    double flops = 0;
    for (ModelConfig.Kind k : c.kinds()) {
      flops += perScore * visible(k.layer().span(), cached) * k.count();
    }
    return flops;
  }

  /**
   * FLOPs of training on one token: forward and backward, 3 · forward. Recomputed work is not model
   * FLOPs.
   *
   * @param c the model
   * @param seq tokens of the sequence
   * @param count what attention counts
   */
  public static Flops trainingFlops(ModelConfig c, int seq, AttentionCount count) {
    return forwardFlops(c, seq, count).times(3);
  }

  private static double visible(ModelConfig.Span span, int seq, AttentionCount count) {
    return switch (count) {
      case FULL -> visible(span, seq);
      case CAUSAL -> meanVisible(span, seq);
    };
  }

  private static double visible(ModelConfig.Span span, int seq) {
    return switch (span) {
      case ModelConfig.Span.Full f -> seq;
      case ModelConfig.Span.Sliding s -> Math.min(seq, s.window());
      case ModelConfig.Span.Chunked s -> Math.min(seq, s.size());
    };
  }

  private static double meanVisible(ModelConfig.Span span, int seq) {
    return switch (span) {
      case ModelConfig.Span.Full f -> (seq + 1) / 2.0;
      case ModelConfig.Span.Sliding s -> {
        double w = Math.min(seq, s.window());
        // The first w positions see 1..w, the others w.
        yield (w * (w + 1) / 2 + (seq - w) * w) / seq;
      }
      case ModelConfig.Span.Chunked s -> {
        double n = Math.min(seq, s.size());
        double whole = Math.floor(seq / n);
        double rest = seq - whole * n;
        yield (whole * n * (n + 1) / 2 + rest * (rest + 1) / 2) / seq;
      }
    };
  }

  /**
   * Bytes of KV cache for one sequence: 2 · nKvHeads · headDim · bytesPerElement for each layer and
   * each position that the layer keeps (all of them, or its window or chunk).
   *
   * <p>Full-attention GQA, MQA and MHA, sliding and chunked layers; of latent attention the latent
   * and the rotated part once for all heads.
   *
   * @param c the model
   * @param tokens positions of the sequence, at least 0
   * @param bytesPerElement bytes of one number, 2 for BF16
   * @throws IllegalArgumentException if {@code tokens} is negative
   * @see "Kwon et al. 2023, Efficient Memory Management for LLM Serving with PagedAttention,
   *     section 2.2"
   */
  public static double kvBytes(ModelConfig c, long tokens, double bytesPerElement) {
    if (tokens < 0) throw new IllegalArgumentException("tokens must be at least 0: " + tokens);
    double each =
        c.attention().latent().map(l -> (double) l.cached()).orElse(2.0 * c.attention().kvDim());
    double bytes = 0;
    for (ModelConfig.Kind k : c.kinds()) {
      double kept =
          switch (k.layer().span()) {
            case ModelConfig.Span.Full f -> tokens;
            case ModelConfig.Span.Sliding s -> Math.min(tokens, s.window());
            case ModelConfig.Span.Chunked s -> Math.min(tokens, s.size());
          };
      bytes += each * kept * bytesPerElement * k.count();
    }
    return bytes;
  }

  /**
   * Whether the model has learned positions, layer norms and linear maps with biases, as GPT-3 and
   * BERT have.
   *
   * @param c the model
   */
  private static boolean hasBiases(ModelConfig c) {
    return isGpt(c) || c.encoder().isPresent();
  }

  /**
   * Whether the model is counted like GPT-3: learned positions, layer norms and linear maps with
   * biases.
   *
   * @param c the model
   */
  public static boolean isGpt(ModelConfig c) {
    return "gpt".equals(c.architecture());
  }
}
