package org.puna.chat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.puna.engine.Encoder;
import org.puna.engine.Encoders;
import org.puna.engine.NotNumbers;
import org.puna.model.Checkpoint;
import org.puna.model.EmbeddingDefaults;
import org.puna.model.Pooling;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.tokenizer.Encoding;
import org.puna.model.tokenizer.Tokenizer;

/**
 * A model that turns texts into vectors: an encoder of BERT's kind, or any decoder by its final
 * normalised states. Safe for many threads, whose texts share steps.
 *
 * <p>How tokens become one vector is what the model's files say: {@code 1_Pooling/config.json} of a
 * folder, {@code pooling_type} of a GGUF. Where they are silent it is the mean for encoders and the
 * last token for decoders; {@link Options#pooling()} overrides both. Vectors get the length 1
 * unless a {@code modules.json} has no module {@code Normalize}, or {@link Options#normalise()}
 * says otherwise.
 */
public final class Embedder implements AutoCloseable {
  /** Tokens of a text that a decoder reads where nobody says more. */
  private static final int DECODER_TOKENS = 8192;

  private final Tokenizer tokenizer;
  private final Encoder encoder;
  private final Pooling pooling;
  private final boolean normalise;
  private final boolean truncate;
  private final int vocabSize;
  private final int maxTokens;

  /**
   * What a caller may choose; empty for what the model's files say.
   *
   * @param pooling how tokens become one vector
   * @param normalise whether vectors get the length 1
   * @param maxTokens tokens of a text at most, special ones included
   * @param truncate whether longer texts are cut; otherwise they are refused
   */
  public record Options(
      Optional<Pooling> pooling,
      Optional<Boolean> normalise,
      OptionalInt maxTokens,
      boolean truncate) {
    /** Nothing chosen. */
    public static final Options DEFAULT =
        new Options(Optional.empty(), Optional.empty(), OptionalInt.empty(), false);
  }

  /**
   * Vectors of texts, in order.
   *
   * @param vectors one for each text
   * @param tokens tokens that each text was read as, special ones included
   */
  public record Embeddings(List<float[]> vectors, int[] tokens) {
    /** Returns the tokens of all texts. */
    public int totalTokens() {
      int sum = 0;
      for (int t : tokens) sum += t;
      return sum;
    }
  }

  private Embedder(
      Checkpoint checkpoint, Encoder encoder, Pooling pooling, boolean normalise, Options options) {
    tokenizer = checkpoint.tokenizer();
    vocabSize = checkpoint.config().vocabSize();
    this.encoder = encoder;
    this.pooling = pooling;
    this.normalise = normalise;
    truncate = options.truncate();
    maxTokens = encoder.contextLength();
  }

  /** Returns a checkpoint's embedder with what its files say. */
  public static Embedder of(Encoders model) {
    return of(model, Options.DEFAULT);
  }

  /**
   * Returns a checkpoint's embedder.
   *
   * @throws BadInput if the model has no tokenizer, its files ask for what Puna does not do, or
   *     more tokens are asked for than the model has positions
   */
  public static Embedder of(Encoders model, Options options) {
    Checkpoint checkpoint = model.checkpoint();
    ModelConfig c = checkpoint.config();
    EmbeddingDefaults said =
        options.pooling().isPresent() && options.normalise().isPresent()
            ? EmbeddingDefaults.UNSAID
            : checkpoint.embedding();
    Tokenizer tokenizer = checkpoint.tokenizer();
    if (tokenizer.vocabSize() > c.vocabSize()) {
      throw new BadInput(
          checkpoint.path()
              + ": the tokenizer has "
              + tokenizer.vocabSize()
              + " tokens, the model's embeddings only "
              + c.vocabSize()
              + "; do they belong together?");
    }
    return new Embedder(
        checkpoint,
        model.states(limit(c, said, options)),
        options
            .pooling()
            .or(said::pooling)
            .orElse(c.encoder().isPresent() ? Pooling.MEAN : Pooling.LAST),
        options.normalise().or(said::normalise).orElse(true),
        options);
  }

  private static int limit(ModelConfig c, EmbeddingDefaults said, Options options) {
    int most = c.contextLength();
    if (options.maxTokens().isEmpty()) {
      int usual = c.encoder().isPresent() ? most : DECODER_TOKENS;
      return Math.min(most, said.maxTokens().orElse(usual));
    }
    int asked = options.maxTokens().getAsInt();
    if (asked < 1 || c.encoder().isPresent() && asked > most) {
      throw new BadInput(
          "embedding: tokens at most: expected 1 to " + most + " for this model, found " + asked);
    }
    return asked;
  }

  /** Returns the numbers of a vector. */
  public int dimensions() {
    return encoder.columns();
  }

  /** Returns the tokens of a text at most, special ones included. */
  public int maxTokens() {
    return maxTokens;
  }

  /** Returns how many token ids there are. */
  public int vocabSize() {
    return vocabSize;
  }

  /** Returns how tokens become one vector. */
  public Pooling pooling() {
    return pooling;
  }

  /** Returns whether vectors have the length 1. */
  public boolean normalises() {
    return normalise;
  }

  /** Returns the tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Returns the tokens that a text is read as, special ones included, before it is cut.
   *
   * @param text any text
   */
  public int countTokens(String text) {
    return tokenizer.encodeWithSpecials(text, false).length;
  }

  /**
   * Embeds texts.
   *
   * @return a vector for each text
   * @throws BadInput if a text is longer than the model reads: the message names its index
   * @throws InterruptedException if the waiting thread was interrupted
   */
  public Embeddings embed(List<String> texts) throws InterruptedException {
    return embed(texts, OptionalInt.empty());
  }

  /**
   * Embeds texts into shorter vectors: the first numbers of the model's, scaled to the length 1
   * where the embedder normalises. Models say whether they were trained for it (Matryoshka).
   *
   * @param dimensions numbers of a vector, at most {@link #dimensions()}; empty for all
   * @return a vector for each text
   * @throws BadInput if a text is longer than the model reads (the message names its index), or
   *     there are not so many dimensions
   * @throws InterruptedException if the waiting thread was interrupted
   */
  public Embeddings embed(List<String> texts, OptionalInt dimensions) throws InterruptedException {
    return embed(texts, dimensions, () -> false);
  }

  /**
   * Embeds texts as {@link #embed(List, OptionalInt)} does, until nobody wants them any more.
   *
   * @param unwanted asked between texts and every few milliseconds
   * @throws CancellationException soon after {@code unwanted} holds
   */
  public Embeddings embed(List<String> texts, OptionalInt dimensions, BooleanSupplier unwanted)
      throws InterruptedException {
    checkDimensions(dimensions);
    List<Encoder.Input> inputs = new ArrayList<>(texts.size());
    for (int i = 0; i < texts.size(); i++) {
      checkWanted(unwanted);
      Encoding e = tokenizer.encodeSegments(texts.get(i), false);
      if (e.ids().length > maxTokens) {
        if (!truncate) throw tooLong(i, e.ids().length, maxTokens);
        e = Truncation.single(tokenizer, e, maxTokens);
      }
      inputs.add(input(i, e));
    }
    return embedded(inputs, dimensions, unwanted);
  }

  /**
   * Embeds texts that are token ids already, special ones included.
   *
   * @param texts ids of each text
   * @param dimensions numbers of a vector; empty for all
   * @throws BadInput if a text is empty, too long or has an id outside the vocabulary: the message
   *     names its index
   * @throws InterruptedException if the waiting thread was interrupted
   */
  public Embeddings embedTokens(List<int[]> texts, OptionalInt dimensions)
      throws InterruptedException {
    return embedTokens(texts, dimensions, () -> false);
  }

  /**
   * Embeds token ids as {@link #embedTokens(List, OptionalInt)} does, until nobody wants them any
   * more.
   *
   * @param unwanted asked every few milliseconds
   * @throws CancellationException soon after {@code unwanted} holds
   */
  public Embeddings embedTokens(List<int[]> texts, OptionalInt dimensions, BooleanSupplier unwanted)
      throws InterruptedException {
    checkDimensions(dimensions);
    List<Encoder.Input> inputs = new ArrayList<>(texts.size());
    for (int i = 0; i < texts.size(); i++) {
      int[] ids = texts.get(i);
      if (ids.length > maxTokens) throw tooLong(i, ids.length, maxTokens);
      for (int id : ids) {
        if (id < 0 || id >= vocabSize) {
          throw new BadInput(
              "input " + i + ": token id " + id + " is not in the vocabulary of " + vocabSize);
        }
      }
      inputs.add(input(i, new Encoding(ids, new int[ids.length])));
    }
    return embedded(inputs, dimensions, unwanted);
  }

  static void checkWanted(BooleanSupplier unwanted) {
    if (unwanted.getAsBoolean()) throw new CancellationException("nobody waits any more");
  }

  private Embeddings embedded(
      List<Encoder.Input> inputs, OptionalInt dimensions, BooleanSupplier unwanted)
      throws InterruptedException {
    List<float[]> vectors = new ArrayList<>(inputs.size());
    for (float[] v : encoder.encode(inputs, pooling, unwanted)) {
      float[] some = dimensions.isEmpty() ? v : Arrays.copyOf(v, dimensions.getAsInt());
      if (normalise) scale(some);
      for (float x : some) if (Float.isNaN(x)) throw new NotNumbers("embeddings");
      vectors.add(some);
    }
    return new Embeddings(
        List.copyOf(vectors), inputs.stream().mapToInt(i -> i.ids().length).toArray());
  }

  private static Encoder.Input input(int index, Encoding e) {
    if (e.ids().length == 0) {
      throw new BadInput(
          "input " + index + ": the text is empty, and this model adds no token to it");
    }
    return new Encoder.Input(e.ids(), e.typeIds());
  }

  private void checkDimensions(OptionalInt dimensions) {
    if (dimensions.isPresent()
        && (dimensions.getAsInt() < 1 || dimensions.getAsInt() > dimensions())) {
      throw new BadInput(
          "dimensions: expected 1 to "
              + dimensions()
              + " for this model, found "
              + dimensions.getAsInt());
    }
  }

  static BadInput tooLong(int index, int tokens, int most) {
    return new BadInput(
        "input "
            + index
            + ": the text has "
            + tokens
            + " tokens, the model reads at most "
            + most
            + "; shorten it, or split it into several");
  }

  private static void scale(float[] v) {
    double squares = 0;
    for (float x : v) squares += (double) x * x;
    // A vector of zeros keeps its zeros, as in PyTorch's normalize.
    double norm = Math.max(Math.sqrt(squares), 1e-12);
    for (int i = 0; i < v.length; i++) v[i] = (float) (v[i] / norm);
  }

  /** Ends the encoder's thread; callers that wait get an error. */
  @Override
  public void close() {
    encoder.close();
  }
}
