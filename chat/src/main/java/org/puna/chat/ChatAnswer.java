package org.puna.chat;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.model.tokenizer.StreamDecoder;
import org.puna.model.tokenizer.TokenKind;
import org.puna.model.tokenizer.Tokenizer;

/**
 * A running answer as events. Read it with one thread until {@link ChatEvent.Done} or {@link
 * ChatEvent.Failed}; closing it cancels.
 */
public final class ChatAnswer implements AutoCloseable {
  private final Generation generation;
  private final Tokenizer tokenizer;
  private final StreamDecoder decoder;
  private final StopStrings stops;
  private final AnswerParser parser;
  private final Queue<ChatEvent> ready = new ArrayDeque<>();

  ChatAnswer(Generation generation, Tokenizer tokenizer, List<String> stops, AnswerParser parser) {
    this.generation = generation;
    this.tokenizer = tokenizer;
    this.decoder = tokenizer.stream(false);
    this.stops = new StopStrings(stops);
    this.parser = parser;
  }

  /**
   * Waits for the next event.
   *
   * @throws InterruptedException if the waiting thread is interrupted
   * @throws IllegalStateException after the last event
   */
  public ChatEvent next() throws InterruptedException {
    while (ready.isEmpty()) {
      switch (generation.next()) {
        case GenerationEvent.Token(int id, Optional<?> _) -> token(id);
        case GenerationEvent.Finished f -> finish(f);
        case GenerationEvent.Failed(String message) -> ready.add(new ChatEvent.Failed(message));
      }
    }
    return ready.remove();
  }

  private void token(int id) {
    text(decoder.add(id));
    if (tokenizer.kind(id) == TokenKind.CONTROL && stops.found().isEmpty()) {
      parser.text(stops.finish(), ready::add);
      parser.mark(tokenizer.token(id), ready::add);
    }
  }

  private void text(String piece) {
    boolean running = stops.found().isEmpty();
    parser.text(stops.add(piece), ready::add);
    if (running && stops.found().isPresent()) generation.close();
  }

  private void finish(GenerationEvent.Finished end) {
    text(decoder.finish());
    parser.text(stops.finish(), ready::add);
    boolean called = parser.finish(ready::add);
    ready.add(new ChatEvent.Usage(end.usage()));
    ready.add(new ChatEvent.Done(reason(end.reason(), called), stops.found()));
  }

  private ChatEvent.FinishReason reason(GenerationEvent.Reason reason, boolean called) {
    if (stops.found().isPresent()) return ChatEvent.FinishReason.STOP;
    return switch (reason) {
      case STOP -> called ? ChatEvent.FinishReason.TOOL_CALLS : ChatEvent.FinishReason.STOP;
      case LENGTH -> ChatEvent.FinishReason.LENGTH;
      case CANCELLED -> ChatEvent.FinishReason.CANCELLED;
    };
  }

  @Override
  public void close() {
    generation.close();
  }
}
