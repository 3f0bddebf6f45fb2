package org.puna.engine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.puna.engine.GenerationEvent.Reason;
import org.puna.model.config.BadInput;
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

  /** Seconds that a refused caller is asked to wait at most. */
  private static final long LONGEST_RETRY = 120;

  /** Numbers of {@link Engine.Load} that change. */
  private static final int PUBLISHED = 14;

  private final IntFunction<Program> compile;
  private volatile Program program;
  private final KvCache cache;
  private final EngineOptions options;
  private final PagePool pool;
  private Batch batch;
  private int extraOutputs;
  private final float[] logits;
  private final ConcurrentLinkedQueue<Sequence> submitted = new ConcurrentLinkedQueue<>();
  private final Deque<Sequence> waiting = new ArrayDeque<>();
  private final List<Sequence> running = new ArrayList<>();
  private final List<Sequence> stepped = new ArrayList<>();
  private final Thread thread;
  private final Counters counters = new Counters();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final Object idle = new Object();
  private volatile boolean closed;
  private volatile boolean draining;
  private volatile double meanSeconds;
  private volatile Optional<String> failure = Optional.empty();
  private final Published published = new Published(PUBLISHED);
  private final Predicate<Sequence> over = this::dropIfOver;

  /**
   * Starts the thread.
   *
   * @param compile the model for so many results of a step; what it returns is closed here
   */
  Scheduler(IntFunction<Program> compile, KvCache cache, EngineOptions options, int vocabSize) {
    this.compile = compile;
    program = compile.apply(options.maxSequences());
    this.cache = cache;
    this.options = options;
    pool = new PagePool(cache.pages(), cache.pageTokens());
    batch = new Batch(options.chunkTokens(), options.maxSequences());
    logits = new float[vocabSize];
    publish();
    thread = Thread.ofPlatform().daemon().name("puna-scheduler").start(this::serve);
  }

  void submit(Sequence s) {
    if (closed) throw new IllegalStateException("the engine is closed");
    if (draining) {
      throw new EngineBusy("the engine is about to stop", true, Duration.ofSeconds(1));
    }
    long places = (long) options.maxSequences() + options.maxWaiting();
    if (inFlight.incrementAndGet() > places) {
      inFlight.decrementAndGet();
      throw new EngineBusy(
          options.maxWaiting() + " requests are waiting already; try again later",
          false,
          retryAfter());
    }
    submitted.add(s);
    wake();
    // close() may have drained the queue between the check and the add.
    if (closed && submitted.remove(s)) finish(s, Reason.CANCELLED);
  }

  /** The time in which half of a full queue goes by, within reason. */
  private Duration retryAfter() {
    double rounds = (double) options.maxWaiting() / options.maxSequences() / 2;
    return Duration.ofSeconds(Math.clamp(Math.round(meanSeconds * rounds), 1, LONGEST_RETRY));
  }

  boolean drain(Duration grace) throws InterruptedException {
    draining = true;
    long start = System.nanoTime();
    synchronized (idle) {
      while (inFlight.get() > 0) {
        long left = grace.toNanos() - (System.nanoTime() - start);
        if (left <= 0) return false;
        idle.wait(Math.max(1, left / 1_000_000));
      }
    }
    return true;
  }

  void wake() {
    LockSupport.unpark(thread);
  }

  Engine.Load load() {
    long[] n = published.read();
    return new Engine.Load(
        (int) n[0],
        (int) n[1],
        (int) n[2],
        n[3],
        program.bytes(),
        n[5],
        failure,
        cache.pages(),
        (int) n[4],
        (int) n[6],
        (int) n[7],
        n[8],
        n[9],
        n[10],
        n[11],
        n[12],
        n[13]);
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
      publish();
      if (!busy && !closed) rest();
    }
    running.forEach(s -> finish(s, Reason.CANCELLED));
    waiting.forEach(s -> finish(s, Reason.CANCELLED));
    for (Sequence s = submitted.poll(); s != null; s = submitted.poll()) {
      finish(s, Reason.CANCELLED);
    }
  }

  /** Sleeps until something is submitted, read or closed, or the next deadline. */
  private void rest() {
    long left = Long.MAX_VALUE;
    for (Sequence s : running) left = Math.min(left, s.leftNanos());
    for (Sequence s : waiting) left = Math.min(left, s.leftNanos());
    if (left == Long.MAX_VALUE) LockSupport.park(this);
    else if (left > 0) LockSupport.parkNanos(this, left);
  }

  private void publish() {
    meanSeconds = counters.meanSeconds();
    published.begin();
    published.set(0, running.size());
    published.set(1, waiting.size() + (submitted.isEmpty() ? 0 : submitted.size()));
    published.set(2, pool.held());
    published.set(3, cache.bytes());
    published.set(4, pool.idle());
    published.set(5, counters.steps);
    published.set(6, counters.stepTokens);
    published.set(7, counters.stepSequences);
    published.set(8, counters.stepNanos);
    published.set(9, counters.promptTokens);
    published.set(10, counters.sharedTokens);
    published.set(11, counters.answerTokens);
    published.set(12, counters.forcedTokens);
    published.set(13, counters.finished);
    published.end();
  }

  /** Drops sequences that are over and takes waiting ones while there are places and pages. */
  private void admit() {
    for (Sequence s = submitted.poll(); s != null; s = submitted.poll()) waiting.addLast(s);
    running.removeIf(over);
    if (waiting.isEmpty()) return;
    waiting.removeIf(over);
    Iterator<Sequence> next = waiting.iterator();
    while (running.size() < options.maxSequences() && next.hasNext()) {
      Sequence s = next.next();
      if (s.request.promptLogprobs() && !widened()) {
        next.remove();
        end(s, new GenerationEvent.Failed("the engine has no memory to score a prompt with"));
        continue;
      }
      // What another is computing right now is not computed again: s comes when it is there.
      if (running.stream().anyMatch(r -> s.gainsFrom(r, pool.pageTokens()) || s.scoredBy(r))) {
        continue;
      }
      s.shareFrom(pool);
      running.stream()
          .max(Comparator.comparingInt(r -> Math.min(s.common(r), r.cached())))
          .ifPresent(r -> s.copyFrom(r, pool, cache));
      if (!s.reserve(pool, Math.min(s.pending(), options.chunkTokens()))) {
        s.releaseAll(pool);
        break;
      }
      next.remove();
      running.add(s);
      if (s.admit()) counters.admitted(s);
    }
  }

  private boolean dropIfOver(Sequence s) {
    boolean cancelled = s.client.cancelled();
    if (!cancelled && s.leftNanos() > 0) return false;
    s.releaseAll(pool);
    finish(s, cancelled ? Reason.CANCELLED : Reason.DEADLINE);
    return true;
  }

  /**
   * Makes room for the results of prompts that are scored, when the first one comes: most models
   * never see one, and logits are large.
   *
   * @return whether there is room
   */
  private boolean widened() {
    int most = options.scoredOutputs() - options.maxSequences();
    if (extraOutputs == most) return true;
    try {
      Program wide = compile.apply(options.scoredOutputs());
      program.close();
      program = wide;
    } catch (OutOfMemoryError | IllegalArgumentException e) {
      LOG.log(System.Logger.Level.WARNING, "no room to score prompts", e);
      return false;
    }
    batch = new Batch(options.chunkTokens(), options.scoredOutputs());
    extraOutputs = most;
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
    int extra = extraOutputs;
    for (int i = 0; i < running.size() && promptRoom > 0; i++) {
      Sequence s = running.get(i);
      if (s.pending() > 1 && (!s.answering() || s.client.ready())) {
        int n = s.next(promptRoom, extra);
        if (join(s, n)) {
          promptRoom -= n;
          extra -= Math.max(0, s.outputs(n) - 1);
        }
      }
    }
    if (stepped.isEmpty()) return false;
    long start = System.nanoTime();
    program.run(batch, cache);
    counters.step(batch.tokens(), stepped.size(), System.nanoTime() - start);
    int output = 0;
    for (int i = 0; i < stepped.size(); i++) {
      Sequence s = stepped.get(i);
      int n = batch.part(i).rows();
      int end = output + s.outputs(n);
      boolean going = !s.request.promptLogprobs() || score(s, n, output, end);
      if (going) {
        s.computed(pool, n);
        if (s.pending() == 0) advance(s, end - 1);
      }
      output = end;
    }
    return true;
  }

  /**
   * Takes the log-probabilities of a prompt from the results of its last {@code n} tokens; false,
   * ending the sequence, where they are not numbers.
   */
  private boolean score(Sequence s, int n, int from, int to) {
    for (int output = from; output < to; output++) {
      int token = s.toScore(s.cached() + n - (to - output));
      if (token < 0) return true;
      program.read(output, logits, 0);
      GenerationEvent.Logprobs found = new Logprobs(logits, s.request.topLogprobs()).of(token);
      if (Float.isNaN(found.chosen())) {
        endWith(s, new NotNumbers("logits"));
        return false;
      }
      s.score(found);
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
    batch.add(s.tokens(), s.cached(), s.cached() + n, s.cached(), s.pages(), s.outputs(n));
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
    if (s.answered() == 0 && s.request.promptLogprobs()) {
      s.client.put(new GenerationEvent.Prompt(s.scores()));
      waiting.forEach(w -> w.takeScores(s));
      submitted.forEach(w -> w.takeScores(s));
    }
    if (s.request.maxTokens() == 0) {
      leave(s);
      finish(s, Reason.LENGTH);
      return;
    }
    program.read(output, logits, 0);
    Optional<Logprobs> before =
        s.request.topLogprobs() < 0
            ? Optional.empty()
            : Optional.of(new Logprobs(logits.clone(), s.request.topLogprobs()));
    s.postponeEnd(logits);
    int token;
    try {
      token = s.sampler.sample(logits, remaining(s));
    } catch (BadInput | NotNumbers e) {
      // A constraint that shows only now that it cannot be followed, or a damaged model.
      endWith(s, e);
      return;
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "a generation's sampler failed", e);
      leave(s);
      end(s, new GenerationEvent.Failed("sampling failed: " + e.getMessage()));
      return;
    }
    counters.answerTokens++;
    s.append(token);
    var drawn = new GenerationEvent.Token(token, before.map(b -> b.of(token)));
    if (s.ends(token)) {
      leave(s);
      Optional<GenerationEvent.Token> told =
          before.isEmpty() ? Optional.empty() : Optional.of(drawn);
      end(s, new GenerationEvent.Finished(Reason.STOP, s.usage(true), told));
      return;
    }
    s.client.put(drawn);
    if (!endIfWhole(s) && before.isEmpty()) force(s);
  }

  /** Takes tokens that can only be so; where log-probabilities are wanted the model is asked. */
  private void force(Sequence s) {
    for (int token : s.sampler.forced(remaining(s))) {
      s.append(token);
      counters.answerTokens++;
      counters.forcedTokens++;
      s.client.put(new GenerationEvent.Token(token, Optional.empty()));
    }
    endIfWhole(s);
  }

  private void endWith(Sequence s, RuntimeException fault) {
    leave(s);
    end(s, new GenerationEvent.Failed(String.valueOf(fault.getMessage()), Optional.of(fault)));
  }

  private boolean endIfWhole(Sequence s) {
    boolean whole = s.sampler.finished();
    if (!whole && remaining(s) > 0) return false;
    leave(s);
    finish(s, whole ? Reason.STOP : Reason.LENGTH);
    return true;
  }

  private int remaining(Sequence s) {
    return Math.min(s.request.maxTokens() - s.answered(), options.contextLength() + 1 - s.length());
  }

  private void leave(Sequence s) {
    running.remove(s);
    s.releaseAll(pool);
  }

  private void finish(Sequence s, Reason reason) {
    end(s, new GenerationEvent.Finished(reason, s.usage(false)));
  }

  private void end(Sequence s, GenerationEvent last) {
    counters.ended(s);
    // The place is free before the reader hears of it, so that a reader who comes again finds it.
    if (inFlight.decrementAndGet() == 0) {
      synchronized (idle) {
        idle.notifyAll();
      }
    }
    s.client.put(last);
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
      end(s, new GenerationEvent.Failed(message));
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
    program.close();
  }
}
