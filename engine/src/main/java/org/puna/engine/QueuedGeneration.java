package org.puna.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A bounded queue between the scheduler, which never waits for it, and one reader, who does. */
final class QueuedGeneration implements Generation {
  private static final int CAPACITY = 256;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final Deque<GenerationEvent> events = new ArrayDeque<>();
  private final Runnable wakeScheduler;
  private boolean ended;
  private boolean read;
  private volatile boolean cancelled;

  QueuedGeneration(Runnable wakeScheduler) {
    this.wakeScheduler = wakeScheduler;
  }

  /** Returns whether the queue has room for a token, with a place left for the end. */
  boolean ready() {
    lock.lock();
    try {
      return events.size() < CAPACITY - 1;
    } finally {
      lock.unlock();
    }
  }

  boolean cancelled() {
    return cancelled;
  }

  /** Adds an event; nothing after the last one. */
  void put(GenerationEvent event) {
    lock.lock();
    try {
      if (ended) return;
      ended = isLast(event);
      events.add(event);
      arrived.signal();
    } finally {
      lock.unlock();
    }
  }

  private static boolean isLast(GenerationEvent event) {
    return switch (event) {
      case GenerationEvent.Prompt _, GenerationEvent.Token _ -> false;
      case GenerationEvent.Finished _, GenerationEvent.Failed _ -> true;
    };
  }

  @Override
  public GenerationEvent next() throws InterruptedException {
    boolean wake;
    GenerationEvent event;
    lock.lockInterruptibly();
    try {
      if (read) throw new IllegalStateException("the generation has ended");
      while (events.isEmpty()) arrived.await();
      wake = events.size() >= CAPACITY - 1;
      event = events.removeFirst();
      read = isLast(event);
    } finally {
      lock.unlock();
    }
    if (wake) wakeScheduler.run();
    return event;
  }

  @Override
  public void close() {
    cancelled = true;
    wakeScheduler.run();
  }
}
