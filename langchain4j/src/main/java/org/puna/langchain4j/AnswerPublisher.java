package org.puna.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialToolCall;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Flow.Publisher;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ChatAnswer;

/**
 * An answer for each subscriber, as events. What nobody has asked for yet is not read, so that the
 * engine waits, too.
 */
final class AnswerPublisher implements Publisher<ChatModelStreamingEvent> {
  private final ModelSettings settings;
  private final ChatRequest request;

  AnswerPublisher(ModelSettings settings, ChatRequest request) {
    this.settings = settings;
    this.request = request;
  }

  @Override
  public void subscribe(Subscriber<? super ChatModelStreamingEvent> subscriber) {
    Reading reading = new Reading(subscriber);
    subscriber.onSubscribe(reading);
    Thread.startVirtualThread(reading::run);
  }

  private final class Reading implements Subscription, AnswerReader.Sink {
    private final Subscriber<? super ChatModelStreamingEvent> subscriber;
    private long wanted;
    private boolean cancelled;
    private @Nullable RuntimeException refused;
    private @Nullable ChatAnswer answer;

    Reading(Subscriber<? super ChatModelStreamingEvent> subscriber) {
      this.subscriber = subscriber;
    }

    @Override
    public synchronized void request(long n) {
      if (n <= 0) {
        refused = new IllegalArgumentException("request: expected at least 1 event, found " + n);
      } else {
        wanted = wanted + n < 0 ? Long.MAX_VALUE : wanted + n;
      }
      notifyAll();
    }

    @Override
    public synchronized void cancel() {
      cancelled = true;
      if (answer != null) answer.close();
      notifyAll();
    }

    private synchronized boolean isCancelled() {
      return cancelled;
    }

    private synchronized void started(ChatAnswer a) {
      answer = a;
      if (cancelled) a.close();
    }

    void run() {
      try (ChatAnswer a = settings.start(request)) {
        started(a);
        ChatResponse response = new AnswerReader(settings.modelName()).read(a, this);
        send(new CompleteResponse(response));
        if (!isCancelled()) subscriber.onComplete();
      } catch (InterruptedException | RuntimeException e) {
        Exception failure = e instanceof RuntimeException r ? Failures.of(r) : e;
        if (!isCancelled()) subscriber.onError(failure);
      } catch (Error e) {
        // Nobody else would hear of it: the thread is the answer's own.
        if (!isCancelled()) subscriber.onError(e);
        throw e;
      }
    }

    /** Waits until an event is asked for, and sends it. */
    private void send(ChatModelStreamingEvent event) {
      synchronized (this) {
        while (wanted == 0 && !cancelled && refused == null) {
          try {
            wait();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AnswerReader.interrupted(e);
          }
        }
        if (refused != null) throw refused;
        if (cancelled) throw new CancellationException("the subscriber has cancelled");
        wanted--;
      }
      try {
        subscriber.onNext(event);
      } catch (RuntimeException e) {
        // A subscriber that throws has ended its subscription (Reactive Streams, rule 2.13).
        cancel();
        throw e;
      }
    }

    @Override
    public void thinking(String piece) {
      send(new PartialThinking(piece));
    }

    @Override
    public void text(String piece) {
      send(new PartialResponse(piece));
    }

    @Override
    public void call(PartialToolCall partial, CompleteToolCall complete) {
      send(partial);
      send(complete);
    }
  }
}
