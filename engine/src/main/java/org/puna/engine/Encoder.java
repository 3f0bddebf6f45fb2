package org.puna.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.puna.model.Pooling;
import org.puna.tensor.Backend;
import org.puna.tensor.Batch;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.Program;

/**
 * A loaded model that turns whole sequences into one vector each: embeddings, or the scores of a
 * classification head. One platform thread batches the sequences of all callers, as many as fill a
 * step, each beside the others without padding; {@link #encode} may be called by any number of
 * threads.
 */
public final class Encoder implements AutoCloseable {
  /** Tokens of a step where a sequence does not ask for more. */
  public static final int DEFAULT_STEP = 512;

  /** Positions in a page of the cache: few, since most sequences are short. */
  private static final int PAGE_TOKENS = 16;

  /** Sequences of a step at most, each of which may leave a page half empty. */
  private static final int STEP_SEQUENCES = 64;

  /** Time between two looks whether a caller still wants its vectors. */
  private static final long LOOK_NANOS = 10_000_000;

  private final Backend backend;
  private final Graph graph;
  private final int contextLength;
  private final int stepTokens;
  private final boolean pieces;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Task> queue = new ArrayDeque<>();
  private final Thread thread;
  private boolean closed;
  private @Nullable Throwable failure;

  /**
   * A sequence to encode.
   *
   * @param ids token ids, at least one
   * @param segments the segment of each, 0 but for the second of two texts
   */
  public record Input(int[] ids, int[] segments) {
    /** Checks the lengths. */
    public Input {
      if (ids.length == 0 || ids.length != segments.length) {
        throw new IllegalArgumentException(
            "encoder: " + ids.length + " tokens with " + segments.length + " segments");
      }
    }
  }

  /** Sequences of one caller. */
  private static final class Job {
    final float[][] results;
    int left;
    volatile boolean cancelled;
    @Nullable Throwable failure;

    Job(int n) {
      results = new float[n][];
      left = n;
    }
  }

  /** One sequence of a job. */
  private record Task(Job job, int index, Input input, Pooling pooling) {
    int tokens() {
      return input.ids().length;
    }
  }

  /**
   * Compiles the graph and starts the thread.
   *
   * @param backend runs the graph; stays the caller's
   * @param graph a forward pass from token ids to the vectors of the rows asked for
   * @param contextLength tokens of a sequence at most
   * @param stepTokens tokens of a step; a sequence whose positions see all others is one step
   *     however long it is
   */
  public Encoder(Backend backend, Graph graph, int contextLength, int stepTokens) {
    this.backend = backend;
    this.graph = graph;
    this.contextLength = contextLength;
    this.stepTokens = Math.min(stepTokens, contextLength);
    pieces = graph.layers().stream().allMatch(s -> s.causal());
    thread = Thread.ofPlatform().daemon().name("puna-encoder").unstarted(this::work);
    thread.start();
  }

  /** Returns the numbers of a vector. */
  public int columns() {
    return graph.output().cols();
  }

  /** Returns the tokens of a sequence at most. */
  public int contextLength() {
    return contextLength;
  }

  /**
   * Encodes sequences and waits for all of them.
   *
   * @return a vector for each, in order
   * @throws IllegalArgumentException if a sequence is longer than the context
   * @throws IllegalStateException if the encoder is closed or has failed
   * @throws InterruptedException if the waiting thread was interrupted; what has not begun is
   *     forgotten
   */
  public List<float[]> encode(List<Input> inputs, Pooling pooling) throws InterruptedException {
    return encode(inputs, pooling, () -> false);
  }

  /**
   * Encodes sequences and waits for all of them, or until nobody wants them any more.
   *
   * @param unwanted asked every few milliseconds by the thread that waits
   * @return a vector for each, in order
   * @throws CancellationException soon after {@code unwanted} holds; what has not begun is
   *     forgotten, so that the next caller waits for one step at most
   * @throws IllegalArgumentException if a sequence is longer than the context
   * @throws IllegalStateException if the encoder is closed or has failed
   * @throws InterruptedException if the waiting thread was interrupted; what has not begun is
   *     forgotten
   */
  public List<float[]> encode(List<Input> inputs, Pooling pooling, BooleanSupplier unwanted)
      throws InterruptedException {
    for (Input i : inputs) {
      if (i.ids().length > contextLength) {
        throw new IllegalArgumentException(
            i.ids().length + " tokens do not fit in a context of " + contextLength);
      }
    }
    Job job = new Job(inputs.size());
    lock.lock();
    try {
      for (int i = 0; i < inputs.size(); i++) {
        queue.add(new Task(job, i, inputs.get(i), pooling));
      }
      changed.signalAll();
      while (job.left > 0 && job.failure == null) {
        if (closed) throw new IllegalStateException("the encoder is closed");
        if (failure != null) throw new IllegalStateException("the encoder has failed", failure);
        if (unwanted.getAsBoolean()) throw new CancellationException("nobody waits any more");
        changed.awaitNanos(LOOK_NANOS);
      }
    } finally {
      job.cancelled = job.left > 0;
      lock.unlock();
    }
    Throwable f = job.failure;
    if (f instanceof RuntimeException e) throw e;
    if (f instanceof Error e) throw e;
    return List.of(job.results);
  }

  private void work() {
    Runner runner = null;
    try {
      while (true) {
        List<Task> step = next();
        if (step.isEmpty()) return;
        int tokens = step.stream().mapToInt(Task::tokens).sum();
        try {
          if (runner == null || runner.room < tokens && !pieces) {
            if (runner != null) runner.close();
            runner = null;
            runner = new Runner(Math.max(stepTokens, tokens));
          }
          runner.run(step);
          finish(step, null);
        } catch (RuntimeException | OutOfMemoryError e) {
          finish(step, e);
        }
      }
    } catch (InterruptedException e) {
      // Closed.
    } catch (Error e) {
      lock.lock();
      try {
        failure = e;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      throw e;
    } finally {
      if (runner != null) runner.close();
    }
  }

  /** Waits for work and takes as much as fills a step; nothing once the encoder is closed. */
  private List<Task> next() throws InterruptedException {
    lock.lock();
    try {
      List<Task> out = new ArrayList<>();
      while (!closed) {
        int tokens = 0;
        while (!queue.isEmpty() && out.size() < STEP_SEQUENCES) {
          Task t = queue.peek();
          boolean dropped = t.job.cancelled || t.job.failure != null;
          if (!dropped && !out.isEmpty() && tokens + t.tokens() > stepTokens) break;
          queue.remove();
          if (dropped) continue;
          out.add(t);
          tokens += t.tokens();
        }
        if (!out.isEmpty()) return out;
        changed.await();
      }
      return List.of();
    } finally {
      lock.unlock();
    }
  }

  private void finish(List<Task> step, @Nullable Throwable thrown) {
    lock.lock();
    try {
      for (Task t : step) {
        t.job.left--;
        if (thrown != null) t.job.failure = thrown;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** A compiled program with its memory, of the encoder's thread. */
  private final class Runner implements AutoCloseable {
    final int room;
    private final Program program;
    private final KvCache cache;
    private final Batch batch;
    private final float[] row = new float[columns()];

    Runner(int room) {
      this.room = room;
      program = backend.compile(graph, room, room);
      int most = pieces ? contextLength : room;
      int pages = Math.ceilDiv(Math.max(most, room), PAGE_TOKENS) + STEP_SEQUENCES;
      cache = backend.cache(graph, pages, PAGE_TOKENS);
      batch = new Batch(room, room);
    }

    void run(List<Task> step) {
      if (step.size() == 1 && step.getFirst().tokens() > room) {
        inPieces(step.getFirst());
        return;
      }
      batch.clear();
      int[] firsts = new int[step.size()];
      int page = 0;
      for (int i = 0; i < firsts.length; i++) {
        Input in = step.get(i).input;
        int[] pages = pages(page, in.ids().length);
        page += pages.length;
        firsts[i] = batch.add(in.ids(), in.segments(), pages, wanted(step.get(i).pooling));
      }
      program.run(batch, cache);
      for (int i = 0; i < firsts.length; i++) {
        Task t = step.get(i);
        Pool pool = new Pool(t.pooling, row.length);
        int rows = wanted(t.pooling) == Batch.Wanted.ALL ? t.tokens() : 1;
        for (int r = 0; r < rows; r++) add(pool, firsts[i] + r);
        t.job.results[t.index] = pool.vector();
      }
    }

    /** A sequence longer than a step, whose positions see the earlier ones only. */
    private void inPieces(Task t) {
      int[] ids = t.input.ids();
      int[] pages = pages(0, ids.length);
      Pool pool = new Pool(t.pooling, row.length);
      for (int from = 0; from < ids.length && !t.job.cancelled; from += room) {
        int to = Math.min(ids.length, from + room);
        int rows =
            switch (t.pooling) {
              case CLS -> from == 0 ? to - from : 0;
              case LAST -> to == ids.length ? 1 : 0;
              case MEAN, MAX, MEAN_SQRT, WEIGHTED_MEAN -> to - from;
            };
        batch.clear();
        batch.add(ids, from, to, from, pages, rows);
        program.run(batch, cache);
        for (int r = 0; r < rows; r++) {
          if (t.pooling != Pooling.CLS || r == 0) add(pool, r);
        }
      }
      t.job.results[t.index] = pool.vector();
    }

    private void add(Pool pool, int output) {
      program.read(output, row, 0);
      pool.add(row);
    }

    private static int[] pages(int first, int tokens) {
      int[] out = new int[Math.ceilDiv(tokens, PAGE_TOKENS)];
      for (int i = 0; i < out.length; i++) out[i] = first + i;
      return out;
    }

    private static Batch.Wanted wanted(Pooling pooling) {
      return switch (pooling) {
        case CLS -> Batch.Wanted.FIRST;
        case LAST -> Batch.Wanted.LAST;
        case MEAN, MAX, MEAN_SQRT, WEIGHTED_MEAN -> Batch.Wanted.ALL;
      };
    }

    @Override
    public void close() {
      program.close();
      cache.close();
    }
  }

  /** Ends the thread and frees memory; callers that wait get an error. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        // The backend may be closed after this returns, so that the step must have ended.
        interrupted = true;
      }
    }
    if (interrupted) Thread.currentThread().interrupt();
  }
}
