package org.puna.chat;

import java.time.Clock;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.puna.engine.Constraint;
import org.puna.engine.Engine;
import org.puna.engine.Generation;
import org.puna.engine.Request;
import org.puna.engine.Sampling;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;

/**
 * A model that converses: engine, tokenizer and chat template together. It renders and encodes a
 * conversation, submits it, and reads the answer as {@link ChatEvent}s. Safe for many threads.
 *
 * <p>A model without a template is addressed in ChatML where its vocabulary has {@code
 * <|im_start|>} and {@code <|im_end|>}, else in plain lines: {@code User: …}, {@code Assistant:}.
 */
public final class ChatModel {
  private final Source source;
  private final Tokenizer tokenizer;
  private final Layout layout;
  private final Set<Integer> endTokens;
  private final Clock clock;

  /** Where tokens come from: an engine, or a fake one in tests. */
  public interface Source {
    /** Starts a generation. */
    Generation submit(Request request);

    /** Returns the positions of one sequence at most. */
    int contextLength();

    /** Returns an engine as a source. */
    static Source of(Engine engine) {
      return new Source() {
        @Override
        public Generation submit(Request request) {
          return engine.submit(request);
        }

        @Override
        public int contextLength() {
          return engine.options().contextLength();
        }
      };
    }
  }

  /**
   * A model.
   *
   * @param template the model's own chat template, where it has one
   * @param endTokens ids that end an answer, besides those that the tokenizer knows
   * @param clock what {@code strftime_now} in a template tells
   * @throws BadInput if the template's syntax is wrong
   */
  public ChatModel(
      Source source,
      Tokenizer tokenizer,
      Optional<String> template,
      Set<Integer> endTokens,
      Clock clock) {
    this.source = source;
    this.tokenizer = tokenizer;
    this.layout = new Layout(template, tokenizer);
    Set<Integer> ends = new HashSet<>(endTokens);
    for (int id : tokenizer.endOfGeneration()) ends.add(id);
    this.endTokens = Set.copyOf(ends);
    this.clock = clock;
  }

  /** Returns a checkpoint's model on an engine that was made from it. */
  public static ChatModel of(Checkpoint checkpoint, Engine engine, Clock clock) {
    return new ChatModel(
        Source.of(engine),
        checkpoint.tokenizer(),
        checkpoint.chatTemplate(),
        checkpoint.generation().endIds(),
        clock);
  }

  /** Returns the tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Returns the text that a conversation is laid out as, up to where the answer starts.
   *
   * @throws org.puna.model.chat.TemplateError if the template refuses the conversation
   * @throws BadInput if a message has what the model cannot read
   */
  public String render(ChatRequest request) {
    return layout.render(request, LocalDateTime.now(clock));
  }

  /** Returns the tokens of the prompt that {@link #chat} would submit. */
  public int[] encode(ChatRequest request) {
    return layout.encode(render(request));
  }

  /**
   * Starts the answer to a conversation; close it to cancel.
   *
   * @throws org.puna.model.chat.TemplateError if the template refuses the conversation
   * @throws BadInput if the conversation is longer than the context, or a message has what the
   *     model cannot read
   */
  public ChatAnswer chat(ChatRequest request) {
    String prompt = render(request);
    List<String> stops = new ArrayList<>(request.stops());
    stops.addAll(layout.stops());
    AnswerParser parser = new AnswerParser(request.tools(), prompt);
    Generation generation =
        submit(
            layout.encode(prompt), request.sampling(), request.maxTokens(), request.constraint());
    return new ChatAnswer(generation, tokenizer, stops, parser);
  }

  /**
   * Goes on with a text; close it to cancel. The tokenizer puts the beginning of text before it
   * where the file says so.
   *
   * @throws BadInput if the prompt is longer than the context
   */
  public TextGeneration complete(CompletionRequest request) {
    int[] prompt = tokenizer.encodeWithSpecials(request.prompt(), request.parseSpecial());
    Generation generation =
        submit(prompt, request.sampling(), request.maxTokens(), request.constraint());
    return new TextGeneration(generation, tokenizer, request.stops(), false);
  }

  private Generation submit(
      int[] prompt, Sampling sampling, OptionalInt maxTokens, Optional<Constraint> constraint) {
    int most = maxTokens.orElse(Math.max(1, source.contextLength() - prompt.length + 1));
    return source.submit(new Request(prompt, sampling, constraint, most, endTokens, -1));
  }
}
