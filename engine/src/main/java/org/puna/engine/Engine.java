package org.puna.engine;

import java.time.Duration;
import java.util.Optional;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.Repacked;

/**
 * A loaded model that generates. One platform thread, the scheduler, batches all live sequences
 * step by step; {@link #submit} may be called by any number of threads and returns at once.
 */
public final class Engine implements AutoCloseable {
  /**
   * Steps of few tokens that come before the backend copies weights: a process then loses at most
   * as much time to copies as it lost without them.
   */
  static final int STEPS_BEFORE_COPIES = 128;

  private final EngineOptions options;
  private final int vocabSize;
  private final KvCache cache;
  private final Scheduler scheduler;
  private final Optional<Backend> owned;
  private Repacked repacked;
  private boolean closed;

  /**
   * Compiles the graph and starts the scheduler.
   *
   * @param backend runs the graph; stays the caller's
   * @param graph a forward pass from token ids to logits
   * @param options sizes
   */
  public Engine(Backend backend, Graph graph, EngineOptions options) {
    this(backend, graph, options, false);
  }

  private Engine(Backend backend, Graph graph, EngineOptions options, boolean owns) {
    this.owned = owns ? Optional.of(backend) : Optional.empty();
    this.options = options;
    this.vocabSize = graph.output().cols();
    this.cache = EngineOptions.cache(backend, graph, options.pages(), options.kv());
    this.scheduler =
        new Scheduler(
            outputs -> backend.compile(graph, options.chunkTokens(), outputs),
            cache,
            options,
            vocabSize);
    // Last: what fails before leaves nothing behind on the caller's backend.
    this.repacked = backend.repack(graph, STEPS_BEFORE_COPIES);
  }

  /**
   * Opens an engine for a checkpoint on the fastest backend that this JVM can run; closing the
   * engine closes the backend. Says through {@link System.Logger} which backend it is, as a warning
   * where this JVM lacks the Vector API.
   *
   * @param checkpoint stays the caller's
   * @param options sizes
   * @param threads threads to compute with, at least 1
   */
  public static Engine open(Checkpoint checkpoint, EngineOptions options, int threads) {
    Backend backend = Encoders.fastest(threads);
    try {
      Graph graph =
          checkpoint
              .architecture()
              .forward(checkpoint.config(), checkpoint.weights(), options.contextLength());
      return new Engine(backend, graph, options, true);
    } catch (RuntimeException | Error e) {
      backend.close();
      throw e;
    }
  }

  /**
   * Starts a generation.
   *
   * @throws PromptTooLong if the prompt leaves no room in the context
   * @throws BadInput if it has an id that is not in the vocabulary
   * @throws EngineBusy if the queue is full, or the engine is {@linkplain #drain drained}
   * @throws IllegalStateException if the engine is closed
   */
  public Generation submit(Request request) {
    int[] prompt = request.prompt();
    if (prompt.length > options.contextLength()) {
      throw new PromptTooLong(prompt.length, options.contextLength());
    }
    for (int id : prompt) {
      if (id < 0 || id >= vocabSize) {
        throw new BadInput(
            "token id " + id + " is not in the vocabulary of " + vocabSize + " tokens");
      }
    }
    QueuedGeneration generation = new QueuedGeneration(scheduler::wake);
    scheduler.submit(new Sequence(request, generation));
    return generation;
  }

  /** Returns the sizes that it was made with. */
  public EngineOptions options() {
    return options;
  }

  /**
   * Returns the bytes of copies of weights that the backend keeps for it, those that are not made
   * yet included.
   */
  public synchronized long repackedBytes() {
    return repacked.bytes();
  }

  /** Frees the copies of weights, for good: answers are the same and come more slowly. */
  public synchronized void dropRepacked() {
    repacked.close();
    repacked = Repacked.NONE;
  }

  /** Returns the token ids that it knows. */
  public int vocabSize() {
    return vocabSize;
  }

  /** Returns what it is doing. */
  public Load load() {
    return scheduler.load();
  }

  /**
   * What an engine is doing.
   *
   * @param running sequences in the batch
   * @param waiting sequences that wait for a place
   * @param heldPages cache pages of running sequences
   * @param cacheBytes memory that the cache has taken
   * @param bufferBytes memory of step buffers
   * @param steps steps so far
   * @param failure why the engine stopped working, if it did
   * @param totalPages cache pages in all
   * @param knownPages cache pages that nobody holds but that a later prompt may share
   * @param stepTokens tokens computed in the last step
   * @param stepSequences sequences in the last step
   * @param stepNanos time of all steps together
   * @param promptTokens tokens of all prompts that were started
   * @param sharedTokens of these, tokens that were found in the cache
   * @param answerTokens tokens of all answers
   * @param forcedTokens of these, tokens that a constraint forced, so that the model was not asked
   * @param finished generations that ended, however they did
   */
  public record Load(
      int running,
      int waiting,
      int heldPages,
      long cacheBytes,
      long bufferBytes,
      long steps,
      Optional<String> failure,
      int totalPages,
      int knownPages,
      int stepTokens,
      int stepSequences,
      long stepNanos,
      long promptTokens,
      long sharedTokens,
      long answerTokens,
      long forcedTokens,
      long finished) {}

  /**
   * Refuses new work and waits until what runs and waits has ended; {@link #close} comes after.
   *
   * @param grace how long to wait at most
   * @return whether everything ended in time
   * @throws InterruptedException if the waiting thread is interrupted
   */
  public boolean drain(Duration grace) throws InterruptedException {
    return scheduler.drain(grace);
  }

  /** Ends all generations as cancelled and frees memory; does nothing the second time. */
  @Override
  public synchronized void close() {
    if (closed) return;
    closed = true;
    scheduler.close();
    cache.close();
    repacked.close();
    owned.ifPresent(Backend::close);
  }
}
