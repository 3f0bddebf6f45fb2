package org.puna.engine;

import org.puna.model.config.BadInput;
import org.puna.tensor.Backend;
import org.puna.tensor.Batch;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.KvType;
import org.puna.tensor.Program;
import org.puna.tensor.Repacked;

/**
 * Runs one sequence through a model and hands out the logits at every position: for scoring,
 * comparison and measuring. Used by one thread.
 */
public final class Evaluator implements AutoCloseable {
  private final Program program;
  private final KvCache cache;
  private final Batch batch;
  private final int[] pages;
  private final int contextLength;
  private final int chunkTokens;
  private final int vocabSize;
  private final float[] logits;
  private final Repacked repacked;
  private int position;

  /** Receives the logits of one position. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Takes the logits of one position.
     *
     * @param position index in the sequence
     * @param logits one for each token id; reused after the call
     */
    void accept(int position, float[] logits);
  }

  /**
   * Compiles the graph.
   *
   * @param backend runs the graph; stays the caller's
   * @param contextLength positions at most
   * @param chunkTokens tokens of one step at most
   */
  public Evaluator(Backend backend, Graph graph, int contextLength, int chunkTokens) {
    this(backend, graph, contextLength, chunkTokens, KvType.F32);
  }

  /**
   * Compiles the graph.
   *
   * @param backend runs the graph; stays the caller's
   * @param contextLength positions at most
   * @param chunkTokens tokens of one step at most
   * @param kv how the cache stores keys and values
   * @throws BadInput if this model's cannot be stored so
   */
  public Evaluator(Backend backend, Graph graph, int contextLength, int chunkTokens, KvType kv) {
    this.contextLength = contextLength;
    this.chunkTokens = Math.min(chunkTokens, contextLength);
    vocabSize = graph.output().cols();
    int count = Math.ceilDiv(contextLength, EngineOptions.PAGE_TOKENS);
    cache = EngineOptions.cache(backend, graph, count, kv);
    program = backend.compile(graph, this.chunkTokens, this.chunkTokens);
    batch = new Batch(this.chunkTokens, this.chunkTokens);
    pages = new int[count];
    for (int i = 0; i < count; i++) pages[i] = i;
    logits = new float[vocabSize];
    repacked = backend.repack(graph, Engine.STEPS_BEFORE_COPIES);
  }

  /**
   * Appends tokens to the sequence.
   *
   * @param ids token ids
   * @param sink receives the logits at each of their positions
   * @throws IllegalArgumentException if they do not fit in the context
   */
  public void feed(int[] ids, Sink sink) {
    feed(ids, ids.length, sink);
  }

  /**
   * Appends tokens to the sequence.
   *
   * @param outputs how many of the last positions' logits to compute
   * @param sink receives them
   * @throws IllegalArgumentException if they do not fit in the context
   */
  public void feed(int[] ids, int outputs, Sink sink) {
    if (ids.length > contextLength - position) {
      throw new IllegalArgumentException(
          ids.length
              + " tokens do not fit after "
              + position
              + " in a context of "
              + contextLength);
    }
    for (int from = 0; from < ids.length; from += chunkTokens) {
      int to = Math.min(ids.length, from + chunkTokens);
      int wanted = Math.clamp(outputs - (ids.length - to), 0, to - from);
      batch.clear();
      batch.add(ids, from, to, position, pages, wanted);
      program.run(batch, cache);
      for (int i = 0; i < wanted; i++) {
        program.read(i, logits, 0);
        sink.accept(position + (to - from) - wanted + i, logits);
      }
      position += to - from;
    }
  }

  /** Starts a new sequence. */
  public void reset() {
    position = 0;
  }

  /** Returns the tokens so far. */
  public int position() {
    return position;
  }

  /** Returns the token ids that the model knows. */
  public int vocabSize() {
    return vocabSize;
  }

  @Override
  public void close() {
    repacked.close();
    program.close();
    cache.close();
  }
}
