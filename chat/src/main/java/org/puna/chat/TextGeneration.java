package org.puna.chat;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.StreamDecoder;
import org.puna.model.tokenizer.Tokenizer;

/**
 * A running generation as text: tokens become whole characters, stop strings end it also where they
 * lie across tokens. Read it with one thread; closing it cancels.
 */
public final class TextGeneration implements AutoCloseable {
  private final Generation generation;
  private final Tokenizer tokenizer;
  private final int[] before;
  private final boolean specialInPrompt;
  private final int added;
  private final StreamDecoder decoder;
  private final StopStrings stops;
  private final TokenTrail trail;
  private final Queue<TextEvent> ready = new ArrayDeque<>();
  private long shown;

  /**
   * Reads a generation as a text of its own; closing this closes it.
   *
   * @param stops texts that end the answer and are not part of it
   * @param showSpecial whether control tokens appear as they are spelled
   */
  public TextGeneration(
      Generation generation, Tokenizer tokenizer, List<String> stops, boolean showSpecial) {
    this(generation, tokenizer, new int[0], stops, showSpecial);
  }

  /**
   * Reads a generation as what continues a text: a leading space, or the rest of a character, is
   * part of it.
   *
   * @param before token ids of the text that is continued
   * @param stops texts that end the answer and are not part of it
   * @param showSpecial whether control tokens appear as they are spelled
   */
  public TextGeneration(
      Generation generation,
      Tokenizer tokenizer,
      int[] before,
      List<String> stops,
      boolean showSpecial) {
    this(generation, tokenizer, before, new StopStrings(stops), showSpecial, showSpecial, 0);
  }

  /**
   * Reads a generation as what continues a text that may be reported, too.
   *
   * @param specialInPrompt whether control tokens of the prompt appear as they are spelled
   * @param added how many of the prompt's first tokens are not of its text
   */
  TextGeneration(
      Generation generation,
      Tokenizer tokenizer,
      int[] before,
      StopStrings stops,
      boolean showSpecial,
      boolean specialInPrompt,
      int added) {
    this.generation = new KnownTokens(generation, tokenizer);
    this.tokenizer = tokenizer;
    this.before = before.clone();
    this.specialInPrompt = specialInPrompt;
    this.added = added;
    this.decoder = tokenizer.stream(showSpecial);
    this.trail = new TokenTrail(tokenizer);
    this.stops = stops;
    for (int id : before) {
      decoder.add(id);
    }
  }

  /**
   * Waits for the next event.
   *
   * @throws InterruptedException if the waiting thread is interrupted
   * @throws BadInput if the format turns out to be more than can be followed; nothing comes after
   * @throws IllegalStateException after the last event
   */
  public TextEvent next() throws InterruptedException {
    while (ready.isEmpty()) {
      switch (generation.next()) {
        case GenerationEvent.Prompt p ->
            ready.add(
                new TextEvent.Prompt(
                    TokenTrail.prompt(tokenizer, before, p.logprobs(), specialInPrompt, added)));
        case GenerationEvent.Token t -> token(t);
        case GenerationEvent.Finished f -> finish(f);
        case GenerationEvent.Failed f -> {
          if (f.fault().isPresent()) throw f.fault().get();
          ready.add(new TextEvent.Failed(f.message()));
        }
      }
    }
    return ready.remove();
  }

  private void token(GenerationEvent.Token t) {
    stops.token();
    String piece = decoder.add(t.id());
    t.logprobs().ifPresent(l -> trail.add(t.id(), piece, l));
    text(piece);
  }

  private void text(String piece) {
    boolean running = stops.found().isEmpty();
    show(stops.add(piece));
    if (running && stops.found().isPresent()) {
      generation.close();
    }
  }

  private void show(String text) {
    if (!text.isEmpty()) {
      ready.add(new TextEvent.Text(text, trail.show(shown, shown + text.length())));
      shown += text.length();
    }
  }

  private void finish(GenerationEvent.Finished end) {
    String held = decoder.finish();
    if (!held.isEmpty()) trail.end(held);
    text(held);
    show(stops.finish());
    GenerationEvent.Reason reason =
        stops.found().isPresent() ? GenerationEvent.Reason.STOP : end.reason();
    List<TokenLogprob> rest = List.of();
    if (stops.found().isEmpty()) {
      end.endToken().ifPresent(t -> t.logprobs().ifPresent(l -> trail.add(t.id(), "", l)));
      rest = trail.rest();
    }
    ready.add(new TextEvent.Done(reason, stops.found(), end.usage(), rest));
  }

  @Override
  public void close() {
    generation.close();
  }
}
