package org.puna.chat;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.model.config.BadInput;
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
  private final int promptTokens;
  private final Optional<TokenTrail> trail;
  private final Queue<ChatEvent> ready = new ArrayDeque<>();

  ChatAnswer(
      Generation generation,
      Tokenizer tokenizer,
      StopStrings stops,
      AnswerParser parser,
      boolean logprobs,
      int promptTokens) {
    this.generation = new KnownTokens(generation, tokenizer);
    this.tokenizer = tokenizer;
    this.decoder = tokenizer.stream(false);
    this.stops = stops;
    this.parser = parser;
    this.promptTokens = promptTokens;
    this.trail = logprobs ? Optional.of(new TokenTrail(tokenizer)) : Optional.empty();
  }

  /** Returns the tokens of the prompt, which are known before the first event. */
  public int promptTokens() {
    return promptTokens;
  }

  /**
   * Waits for the next event.
   *
   * @throws InterruptedException if the waiting thread is interrupted
   * @throws BadInput if the format turns out to be more than can be followed; nothing comes after
   * @throws IllegalStateException after the last event
   */
  public ChatEvent next() throws InterruptedException {
    while (ready.isEmpty()) {
      switch (generation.next()) {
        case GenerationEvent.Prompt _ -> {}
        case GenerationEvent.Token t -> token(t);
        case GenerationEvent.Finished f -> finish(f);
        case GenerationEvent.Failed f -> {
          if (f.fault().isPresent()) throw f.fault().get();
          ready.add(new ChatEvent.Failed(f.message()));
        }
      }
    }
    return ready.remove();
  }

  private void token(GenerationEvent.Token t) {
    stops.token();
    int id = t.id();
    String piece = decoder.add(id);
    if (tokenizer.kind(id) != TokenKind.CONTROL) {
      trail.ifPresent(to -> t.logprobs().ifPresent(l -> to.add(id, piece, l)));
      text(piece);
      return;
    }
    // A piece here is the rest of a character that never ended.
    trail.ifPresent(to -> to.skip(piece.length()));
    text(piece);
    if (stops.found().isPresent()) return;
    parser.text(stops.finish(), this::emit);
    String mark = parser.takes(tokenizer.token(id)) ? tokenizer.token(id) : "";
    trail.ifPresent(to -> t.logprobs().ifPresent(l -> to.add(id, mark, l)));
    parser.text(mark, this::emit);
  }

  private void text(String piece) {
    boolean running = stops.found().isEmpty();
    parser.text(stops.add(piece), this::emit);
    if (running && stops.found().isPresent()) generation.close();
  }

  /** Passes on what the parser found, with its tokens. */
  private void emit(ChatEvent event, long from) {
    ready.add(
        event instanceof ChatEvent.Text(String text, List<TokenLogprob> _) && trail.isPresent()
            ? new ChatEvent.Text(text, trail.get().show(from, from + text.length()))
            : event);
  }

  private void finish(GenerationEvent.Finished end) {
    text(decoder.finish());
    parser.text(stops.finish(), this::emit);
    boolean called = parser.finish(this::emit);
    ready.add(new ChatEvent.Usage(end.usage()));
    ready.add(new ChatEvent.Done(reason(end.reason(), called), stops.found()));
  }

  private ChatEvent.FinishReason reason(GenerationEvent.Reason reason, boolean called) {
    if (stops.found().isPresent()) return ChatEvent.FinishReason.STOP;
    return switch (reason) {
      case STOP -> called ? ChatEvent.FinishReason.TOOL_CALLS : ChatEvent.FinishReason.STOP;
      case LENGTH -> ChatEvent.FinishReason.LENGTH;
      case CANCELLED -> ChatEvent.FinishReason.CANCELLED;
      case DEADLINE -> ChatEvent.FinishReason.DEADLINE;
    };
  }

  @Override
  public void close() {
    generation.close();
  }
}
