package org.puna.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.puna.engine.GenerationEvent.Reason;
import org.puna.tensor.Batch;
import org.puna.tensor.KvCache;
import org.puna.tensor.Program;

/**
 * Runs all live sequences of one model, step by step, on one thread. In each step every sequence
 * that is answering gets its next token, and prompts fill what room is left, so that sequences join
 * and leave at any step. A sequence whose reader is slow sits out; when pages run short, the
 * youngest gives its pages back and is computed again later.
 *
 * @see "Yu et al. 2022, Orca: iteration-level scheduling; Agrawal et al. 2023, Sarathi: chunked
 *     prefills"
 */
final class Scheduler implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Scheduler.class.getName());

  /**
   * Prompt tokens of a step while others are answering: about as long as a few of their tokens
   * take.
   */
  private static final int SHARED_STEP_PROMPT = 128;

  private final Program program;
  private final KvCache cache;
  private final EngineOptions options;
  private final PagePool pool;
  private final Batch batch;
  private final float[] logits;
  private final ConcurrentLinkedQueue<Sequence> submitted = new ConcurrentLinkedQueue<>();
  private final Deque<Sequence> waiting = new ArrayDeque<>();
  private final List<Sequence> running = new ArrayList<>();
  private final List<Sequence> stepped = new ArrayList<>();
  private final Thread thread;
  private volatile boolean closed;
  private volatile Engine.Load load = new Engine.Load(0, 0, 0, 0, 0, 0, Optional.empty());
  private Optional<String> failure = Optional.empty();
  private long steps;

  Scheduler(Program program, KvCache cache, EngineOptions options, int vocabSize) {
    this.program = program;
    this.cache = cache;
    this.options = options;
    pool = new PagePool(cache.pages(), cache.pageTokens());
    batch = new Batch(options.chunkTokens(), options.maxSequences());
    logits = new float[vocabSize];
    thread = Thread.ofPlatform().daemon().name("puna-scheduler").start(this::serve);
  }

  void submit(Sequence s) {
    if (closed) throw new IllegalStateException("the engine is closed");
    submitted.add(s);
    wake();
    // close() may have drained the queue between the check and the add.
    if (closed && submitted.remove(s)) finish(s, Reason.CANCELLED, false);
  }

  void wake() {
    LockSupport.unpark(thread);
  }

  Engine.Load load() {
    return load;
  }

  private void serve() {
    while (!closed) {
      boolean busy = true;
      try {
        admit();
        busy = step();
      } catch (RuntimeException | Error e) {
        fail(e);
      }
      report();
      if (!busy && !closed) LockSupport.park(this);
    }
    running.forEach(s -> finish(s, Reason.CANCELLED, false));
    waiting.forEach(s -> finish(s, Reason.CANCELLED, false));
    for (Sequence s = submitted.poll(); s != null; s = submitted.poll()) {
      finish(s, Reason.CANCELLED, false);
    }
  }

  private void report() {
    load =
        new Engine.Load(
            running.size(),
            waiting.size() + submitted.size(),
            pool.held(),
            cache.bytes(),
            program.bytes(),
            steps,
            failure);
  }

  /** Drops cancelled sequences and takes waiting ones while there are places and pages. */
  private void admit() {
    for (Sequence s = submitted.poll(); s != null; s = submitted.poll()) waiting.addLast(s);
    running.removeIf(this::dropIfCancelled);
    waiting.removeIf(this::dropIfCancelled);
    while (running.size() < options.maxSequences() && !waiting.isEmpty()) {
      Sequence s = waiting.peekFirst();
      s.shareFrom(pool);
      if (!s.reserve(pool, Math.min(s.pending(), options.chunkTokens()))) {
        s.releaseAll(pool);
        break;
      }
      running.add(waiting.removeFirst());
    }
  }

  private boolean dropIfCancelled(Sequence s) {
    if (!s.client.cancelled()) return false;
    s.releaseAll(pool);
    finish(s, Reason.CANCELLED, false);
    return true;
  }

  /** Computes one step; false if there is nothing to do. */
  private boolean step() {
    batch.clear();
    stepped.clear();
    boolean answering = false;
    for (int i = 0; i < running.size(); i++) {
      Sequence s = running.get(i);
      if (s.pending() == 1 && s.client.ready()) answering |= join(s, 1);
    }
    int promptRoom = answering ? Math.min(batch.room(), SHARED_STEP_PROMPT) : batch.room();
    for (int i = 0; i < running.size() && promptRoom > 0; i++) {
      Sequence s = running.get(i);
      if (s.pending() > 1) {
        int n = Math.min(s.pending(), promptRoom);
        if (join(s, n)) promptRoom -= n;
      }
    }
    if (stepped.isEmpty()) return false;
    program.run(batch, cache);
    steps++;
    int output = 0;
    for (int i = 0; i < stepped.size(); i++) {
      Sequence s = stepped.get(i);
      s.computed(pool, batch.part(i).rows());
      if (s.pending() == 0) advance(s, output++);
    }
    return true;
  }

  /**
   * Adds {@code n} tokens of a sequence to the step; makes room for them by sending the youngest
   * away.
   */
  private boolean join(Sequence s, int n) {
    while (!s.reserve(pool, n)) {
      Sequence youngest = youngestBeside(s);
      if (youngest == null) return false;
      running.remove(youngest);
      youngest.releaseAll(pool);
      waiting.addFirst(youngest);
    }
    boolean wanted = n == s.pending();
    batch.add(s.tokens(), s.cached(), s.cached() + n, s.cached(), s.pages(), wanted ? 1 : 0);
    stepped.add(s);
    return true;
  }

  /**
   * The last admitted sequence that is not in this step yet, and not {@code s}; null if there is
   * none.
   */
  private @Nullable Sequence youngestBeside(Sequence s) {
    for (int i = running.size() - 1; i >= 0; i--) {
      Sequence other = running.get(i);
      if (!other.equals(s) && !stepped.contains(other)) return other;
    }
    return null;
  }

  private void advance(Sequence s, int output) {
    program.read(output, logits, 0);
    Optional<Logprobs> before =
        s.request.topLogprobs() < 0
            ? Optional.empty()
            : Optional.of(new Logprobs(logits, s.request.topLogprobs()));
    int token;
    try {
      token = s.sampler.sample(logits, remaining(s));
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "a generation's sampler failed", e);
      leave(s);
      s.client.put(new GenerationEvent.Failed("sampling failed: " + e.getMessage()));
      return;
    }
    s.append(token);
    if (s.request.endTokens().contains(token)) {
      leave(s);
      finish(s, Reason.STOP, true);
      return;
    }
    s.client.put(new GenerationEvent.Token(token, before.map(b -> b.of(token))));
    if (s.sampler.finished()) {
      leave(s);
      finish(s, Reason.STOP, false);
    } else if (s.answered() >= s.request.maxTokens() || s.length() > options.contextLength()) {
      leave(s);
      finish(s, Reason.LENGTH, false);
    }
  }

  private int remaining(Sequence s) {
    return Math.min(s.request.maxTokens() - s.answered(), options.contextLength() + 1 - s.length());
  }

  private void leave(Sequence s) {
    running.remove(s);
    s.releaseAll(pool);
  }

  private static void finish(Sequence s, Reason reason, boolean endTokenCame) {
    s.client.put(new GenerationEvent.Finished(reason, s.usage(endTokenCame)));
  }

  /**
   * A step that throws leaves the cache of its sequences unknown: all of them end, later ones may
   * go on.
   */
  private void fail(Throwable e) {
    LOG.log(System.Logger.Level.ERROR, "a step failed", e);
    String message = "the engine failed: " + e;
    for (Sequence s : running) {
      s.releaseAll(pool);
      s.client.put(new GenerationEvent.Failed(message));
    }
    running.clear();
    failure = Optional.of(message);
  }

  @Override
  public void close() {
    closed = true;
    wake();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) Thread.currentThread().interrupt();
  }
}
