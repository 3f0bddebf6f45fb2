package org.puna.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.puna.engine.Encoder;
import org.puna.engine.Encoders;
import org.puna.model.Checkpoint;
import org.puna.model.Pooling;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.tokenizer.Encoding;
import org.puna.model.tokenizer.Tokenizer;

/**
 * A cross-encoder: reads a query and a document together and says how well they belong together.
 * Safe for many threads, whose pairs share steps.
 */
public final class Reranker implements AutoCloseable {
  private final Tokenizer tokenizer;
  private final Encoder encoder;
  private final int segments;
  private final boolean truncate;

  /**
   * Scores of documents, in their order.
   *
   * @param scores what the model's head says, the higher the better, of any size; {@link #sigmoid}
   *     brings one between 0 and 1
   * @param tokens tokens that query and document were read as, special ones included
   */
  public record Ranking(double[] scores, int[] tokens) {
    /** Returns the indices of the documents, the best first, equals in their order. */
    public int[] best() {
      return IntStream.range(0, scores.length)
          .boxed()
          .sorted((a, b) -> Double.compare(scores[b], scores[a]))
          .mapToInt(i -> i)
          .toArray();
    }

    /** Returns the tokens of all pairs. */
    public int totalTokens() {
      return IntStream.of(tokens).sum();
    }
  }

  private Reranker(Tokenizer tokenizer, Encoder encoder, int segments, boolean truncate) {
    this.tokenizer = tokenizer;
    this.encoder = encoder;
    this.segments = segments;
    this.truncate = truncate;
  }

  /** Returns whether a model can rank: an encoder whose head gives one number. */
  public static boolean canRank(ModelConfig config) {
    return config.encoder().isPresent() && config.encoder().get().labels() == 1;
  }

  /**
   * Returns a checkpoint's reranker.
   *
   * @param truncate whether pairs that are too long are cut, the longer text first; otherwise they
   *     are refused
   * @throws BadInput if the model has no head that gives one score, or no tokenizer
   */
  public static Reranker of(Encoders model, boolean truncate) {
    Checkpoint checkpoint = model.checkpoint();
    ModelConfig c = checkpoint.config();
    int labels = c.encoder().map(ModelConfig.Encoder::labels).orElse(0);
    if (labels > 1) {
      throw new BadInput(
          checkpoint.path()
              + ": expected a classification head with 1 label for ranking, found "
              + labels);
    }
    return new Reranker(
        checkpoint.tokenizer(),
        model.scores(),
        c.encoder().map(ModelConfig.Encoder::segments).orElse(1),
        truncate);
  }

  /** Returns the tokens of a pair at most, special ones included. */
  public int maxTokens() {
    return encoder.contextLength();
  }

  /** Returns the tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Scores documents for a query.
   *
   * @throws BadInput if a query and a document together are longer than the model reads: the
   *     message names the document's index
   * @throws InterruptedException if the waiting thread was interrupted
   */
  public Ranking rank(String query, List<String> documents) throws InterruptedException {
    return rank(query, documents, () -> false);
  }

  /**
   * Scores documents as {@link #rank(String, List)} does, until nobody wants them any more.
   *
   * @param unwanted asked between documents and every few milliseconds
   * @throws java.util.concurrent.CancellationException soon after {@code unwanted} holds
   */
  public Ranking rank(String query, List<String> documents, BooleanSupplier unwanted)
      throws InterruptedException {
    List<Encoder.Input> inputs = new ArrayList<>(documents.size());
    for (int i = 0; i < documents.size(); i++) {
      Embedder.checkWanted(unwanted);
      Encoding e = tokenizer.encodePair(query, documents.get(i), false);
      if (e.ids().length > maxTokens()) {
        if (!truncate) throw Embedder.tooLong(i, e.ids().length, maxTokens());
        int[] first = tokenizer.encode(query, false);
        e = Truncation.pair(first, tokenizer.encode(documents.get(i), false), e, maxTokens());
      }
      inputs.add(new Encoder.Input(e.ids(), segments(e.typeIds())));
    }
    List<float[]> scores = encoder.encode(inputs, Pooling.CLS, unwanted);
    return new Ranking(
        scores.stream().mapToDouble(s -> s[0]).toArray(),
        inputs.stream().mapToInt(i -> i.ids().length).toArray());
  }

  /** RoBERTa knows one segment, whatever its tokenizer says of a second text. */
  private int[] segments(int[] types) {
    return IntStream.of(types).map(t -> Math.min(t, segments - 1)).toArray();
  }

  /** Returns a score between 0 and 1, as some APIs want it: {@code 1 / (1 + e^−score)}. */
  public static double sigmoid(double score) {
    return 1 / (1 + Math.exp(-score));
  }

  /** Ends the encoder's thread; callers that wait get an error. */
  @Override
  public void close() {
    encoder.close();
  }
}
