package org.puna.tensor.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of platform threads that works on one task at a time. The calling thread is a
 * member. Between tasks members spin for a moment and then sleep, so that the many small tasks of a
 * decode step start without a system call and an idle model costs nothing.
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

  private final Thread[] workers;
  private final AtomicInteger nextPiece = new AtomicInteger();
  private final AtomicInteger working = new AtomicInteger();
  private final AtomicInteger generation = new AtomicInteger();
  private volatile boolean closed;
  private @Nullable Task task;
  private int pieces;
  private volatile @Nullable Throwable failure;

  /**
   * Starts the members.
   *
   * @param size members, the caller included, at least 1
   */
  public Team(int size) {
    if (size < 1) throw new IllegalArgumentException("team: size " + size);
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
   * Runs all pieces of a task and returns when they are done. Pieces are handed out in order to
   * whoever is free.
   *
   * @throws RuntimeException what a piece threw, after all members have stopped
   */
  public void run(int count, Task work) {
    if (count <= 0) return;
    if (count == 1 || workers.length == 0) {
      for (int i = 0; i < count; i++) work.run(i, 0);
      return;
    }
    task = work;
    pieces = count;
    failure = null;
    nextPiece.set(0);
    working.set(workers.length);
    generation.incrementAndGet();
    for (Thread w : workers) LockSupport.unpark(w);
    take(work, count, 0);
    for (int spin = 0; working.get() > 0; spin++) {
      if (spin < SPINS) Thread.onSpinWait();
      else LockSupport.parkNanos(this, 20_000);
    }
    task = null;
    Throwable f = failure;
    if (f instanceof RuntimeException e) throw e;
    if (f instanceof Error e) throw e;
  }

  private void take(Task work, int count, int member) {
    try {
      for (int i = nextPiece.getAndIncrement(); i < count; i = nextPiece.getAndIncrement()) {
        work.run(i, member);
      }
    } catch (RuntimeException | Error e) {
      failure = e;
      nextPiece.set(count);
    }
  }

  private void serve(int member) {
    int seen = 0;
    while (true) {
      int spin = 0;
      while (generation.get() == seen && !closed) {
        if (spin++ < SPINS) Thread.onSpinWait();
        else LockSupport.park(this);
      }
      if (closed) return;
      seen = generation.get();
      Task work = task;
      if (work != null) take(work, pieces, member);
      working.decrementAndGet();
    }
  }

  /** Stops the members. */
  @Override
  public void close() {
    closed = true;
    for (Thread w : workers) LockSupport.unpark(w);
  }
}
