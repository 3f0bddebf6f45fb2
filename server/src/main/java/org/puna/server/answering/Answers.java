package org.puna.server.answering;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ChatAnswer;
import org.puna.chat.ChatEvent;
import org.puna.chat.TextEvent;
import org.puna.chat.TextGeneration;

/**
 * Several answers to one request, read as one sequence of events that each say whose they are. Read
 * by one thread; closing, by any thread, cancels them all.
 *
 * @param <E> what an answer consists of
 */
public final class Answers<E> implements AutoCloseable {
  /** Events that are read ahead of a slow client, over all answers. */
  private static final int AHEAD = 64;

  private final List<Source<E>> sources;
  private final @Nullable BlockingQueue<Supplier<Item<E>>> queue;
  private final int promptTokens;
  private volatile boolean closed;
  private int running;

  /**
   * One answer.
   *
   * @param <E> what it consists of
   */
  public interface Source<E> extends AutoCloseable {
    /** Waits for the next event. */
    E next() throws InterruptedException;

    /** Whether an event is the last of its answer. */
    boolean isLast(E event);

    @Override
    void close();
  }

  /**
   * An event of an answer.
   *
   * @param index which answer, from 0
   * @param event what it says
   * @param <E> what answers consist of
   */
  public record Item<E>(int index, E event) {}

  private Answers(List<Source<E>> sources, int promptTokens) {
    this.promptTokens = promptTokens;
    this.sources = List.copyOf(sources);
    this.running = sources.size();
    if (sources.size() == 1) {
      queue = null;
    } else {
      queue = new ArrayBlockingQueue<>(AHEAD);
      for (int i = 0; i < sources.size(); i++) {
        int index = i;
        Thread.ofVirtual().name("puna-answer-" + i).start(() -> read(index));
      }
    }
  }

  /** Returns answers of a conversation. */
  public static Answers<ChatEvent> ofChat(List<ChatAnswer> answers) {
    return new Answers<>(
        answers.stream().map(Answers::source).toList(), answers.getFirst().promptTokens());
  }

  /** Returns continuations of texts. */
  public static Answers<TextEvent> ofText(List<TextGeneration> texts) {
    return new Answers<>(texts.stream().map(Answers::source).toList(), 0);
  }

  private static Source<ChatEvent> source(ChatAnswer a) {
    return new Source<>() {
      @Override
      public ChatEvent next() throws InterruptedException {
        return a.next();
      }

      @Override
      public boolean isLast(ChatEvent e) {
        return e instanceof ChatEvent.Done || e instanceof ChatEvent.Failed;
      }

      @Override
      public void close() {
        a.close();
      }
    };
  }

  private static Source<TextEvent> source(TextGeneration t) {
    return new Source<>() {
      @Override
      public TextEvent next() throws InterruptedException {
        return t.next();
      }

      @Override
      public boolean isLast(TextEvent e) {
        return e instanceof TextEvent.Done || e instanceof TextEvent.Failed;
      }

      @Override
      public void close() {
        t.close();
      }
    };
  }

  private void read(int index) {
    Source<E> s = sources.get(index);
    try {
      while (!closed) {
        E event = s.next();
        boolean last = s.isLast(event);
        put(() -> new Item<>(index, event));
        if (last) return;
      }
    } catch (RuntimeException e) {
      failed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void put(Supplier<Item<E>> item) throws InterruptedException {
    java.util.Objects.requireNonNull(queue).put(item);
  }

  /** Lets the reader have what an answer threw. */
  private void failed(RuntimeException e) {
    try {
      put(() -> {
        throw e;
      });
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits for the next event of any answer; empty when all have ended.
   *
   * @throws InterruptedException if the waiting thread is interrupted
   */
  public Optional<Item<E>> next() throws InterruptedException {
    if (running == 0) return Optional.empty();
    Item<E> item = queue == null ? new Item<>(0, sources.getFirst().next()) : queue.take().get();
    if (sources.get(item.index()).isLast(item.event())) running--;
    return Optional.of(item);
  }

  /** Returns the tokens of a conversation's prompt; 0 for texts, which each have their own. */
  public int promptTokens() {
    return promptTokens;
  }

  /** Cancels what runs. The reader still gets the last event of each answer. */
  public void cancel() {
    sources.forEach(Source::close);
  }

  @Override
  public void close() {
    closed = true;
    cancel();
    if (queue != null) queue.clear();
  }
}
