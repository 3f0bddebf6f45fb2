package org.puna.tensor.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of platform threads that works on one task at a time. The calling thread is a
 * member. Between tasks members spin for a moment and then sleep, so that the many small tasks of a
 * decode step start without a system call and an idle model costs nothing. A task ends when its
 * pieces are done, not when every member has seen it: on a busy machine the caller does the work of
 * a member that does not get to run.
 *
 * <p>Each member begins with its own run of pieces, the same part of every task, so that rows that
 * it has written are in its core's cache when it reads them in the next; then it helps the others,
 * from the end of theirs.
 *
 * <p>One task runs at a time: {@link #run} must not be called by two threads at once, nor from
 * within a task.
 */
public final class Team implements AutoCloseable {
  /** Work that is split into numbered pieces. */
  @FunctionalInterface
  public interface Task {
    /**
     * Does one piece.
     *
     * @param piece from 0 to the number of pieces, exclusive
     * @param member the doing member, from 0 to {@link Team#size()}, exclusive: an index for
     *     scratch memory
     */
    void run(int piece, int member);
  }

  /** Spins this often before sleeping: about a hundred microseconds. */
  private static final int SPINS = 20_000;

  /** Bits of a piece number in a word of {@link #parts}. */
  private static final int BITS = 20;

  private static final int MAX_PIECES = (1 << BITS) - 1;

  /** Words between those of two members: each has a line of the cache to itself. */
  private static final int APART = 16;

  private final Thread[] workers;

  /**
   * For each member the task's number, the end of its pieces and the next of them in one word, so
   * that a member that comes late with an old word cannot take a piece of a newer task.
   */
  private final AtomicLongArray parts;

  private long number;
  private final AtomicInteger done = new AtomicInteger();
  private volatile @Nullable Task task;
  private volatile @Nullable Throwable failure;
  private volatile boolean closed;

  /**
   * Starts the members.
   *
   * @param size members, the caller included, at least 1
   */
  public Team(int size) {
    if (size < 1) throw new IllegalArgumentException("team: size " + size);
    parts = new AtomicLongArray(size * APART);
    workers = new Thread[size - 1];
    for (int i = 0; i < workers.length; i++) {
      int member = i + 1;
      workers[i] =
          Thread.ofPlatform().daemon().name("puna-cpu-" + member).unstarted(() -> serve(member));
    }
    for (Thread w : workers) w.start();
  }

  /** Returns the number of members. */
  public int size() {
    return workers.length + 1;
  }

  /**
   * Runs all pieces of a task and returns when they are done.
   *
   * @throws RuntimeException what a piece threw, after all pieces that were begun have ended
   */
  public void run(int count, Task work) {
    if (count <= 0) return;
    if (count == 1 || workers.length == 0) {
      for (int i = 0; i < count; i++) work.run(i, 0);
      return;
    }
    if (count > MAX_PIECES) {
      run(MAX_PIECES, work);
      run(count - MAX_PIECES, (piece, member) -> work.run(MAX_PIECES + piece, member));
      return;
    }
    failure = null;
    done.set(0);
    task = work;
    number++;
    int size = size();
    for (int m = 0; m < size; m++) {
      long from = (long) count * m / size;
      long end = (long) count * (m + 1) / size;
      parts.set(m * APART, number << 2 * BITS | end << BITS | from);
    }
    for (Thread w : workers) LockSupport.unpark(w);
    while (takePiece(0)) {
      // the next one
    }
    for (int spin = 0; done.get() < count; spin++) {
      if (spin < SPINS) Thread.onSpinWait();
      else LockSupport.parkNanos(this, 20_000);
    }
    task = null;
    Throwable f = failure;
    if (f instanceof RuntimeException e) throw e;
    if (f instanceof Error e) throw e;
  }

  private static int next(long part) {
    return (int) (part & MAX_PIECES);
  }

  private static int end(long part) {
    return (int) (part >>> BITS & MAX_PIECES);
  }

  /**
   * Does the next piece of the member's own or, backwards, the last of another's; false if none is
   * left.
   */
  private boolean takePiece(int member) {
    int size = size();
    for (int i = 0; i < size; i++) {
      int at = (member + i) % size * APART;
      long part = parts.get(at);
      if (next(part) >= end(part)) continue;
      boolean own = i == 0;
      if (!parts.compareAndSet(at, part, own ? part + 1 : part - (1L << BITS))) return true;
      runPiece(own ? next(part) : end(part) - 1, member);
      return true;
    }
    return false;
  }

  /** Does a piece of the running task. After a failure the rest are only counted. */
  private void runPiece(int piece, int member) {
    // The task cannot change before this piece is counted as done.
    Task work = task;
    try {
      if (work != null && failure == null) work.run(piece, member);
    } catch (RuntimeException | Error e) {
      failure = e;
    } finally {
      done.incrementAndGet();
    }
  }

  private void serve(int member) {
    int spin = 0;
    while (!closed) {
      if (takePiece(member)) spin = 0;
      else if (spin++ < SPINS) Thread.onSpinWait();
      else LockSupport.park(this);
    }
  }

  /** Stops the members. */
  @Override
  public void close() {
    closed = true;
    for (Thread w : workers) LockSupport.unpark(w);
  }
}
