package org.puna.chat;

import java.time.Clock;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntFunction;
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
  private final AnswerConstraints constraints;
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
    this.constraints = new AnswerConstraints(tokenizer, template, this.endTokens);
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
   * @throws BadInput if the conversation is longer than the context, a message has what the model
   *     cannot read, or the format or a tool that must be called cannot be compiled
   * @throws org.puna.engine.EngineBusy if the engine takes no more requests for now
   */
  public ChatAnswer chat(ChatRequest request) {
    return chat(request, 1).getFirst();
  }

  /**
   * Starts several answers to a conversation, which read it once together. The first draws with the
   * request's seed, the next with the seed after it, and so on.
   *
   * @param n answers, at least 1
   * @throws org.puna.model.chat.TemplateError if the template refuses the conversation
   * @throws BadInput as {@link #chat(ChatRequest)}
   * @throws org.puna.engine.EngineBusy if the engine takes not all of them for now
   */
  public List<ChatAnswer> chat(ChatRequest request, int n) {
    String prompt = render(request);
    int[] ids = layout.encode(prompt);
    List<String> stops = new ArrayList<>(request.stops());
    stops.addAll(layout.stops());
    return several(
        n,
        i ->
            new ChatAnswer(
                submit(
                    ids,
                    request.sampling(),
                    i,
                    request.maxTokens(),
                    constraints.of(request, prompt),
                    request.topLogprobs(),
                    request.timeout(),
                    false,
                    request.ending()),
                tokenizer,
                new StopStrings(stops, request.ending().minTokens()),
                new AnswerParser(request.shownTools(), prompt),
                request.topLogprobs() >= 0,
                ids.length));
  }

  /**
   * Goes on with a text; close it to cancel. The tokenizer puts the beginning of text before it
   * where the file says so.
   *
   * @throws BadInput if the prompt is longer than the context, or the format cannot be compiled
   * @throws org.puna.engine.EngineBusy if the engine takes no more requests for now
   */
  public TextGeneration complete(CompletionRequest request) {
    return complete(request, 1).getFirst();
  }

  /**
   * Returns the tokens of a text to go on with: the beginning of text first, where the file says
   * so, but not twice where the text spells it.
   *
   * @param parseSpecial whether spellings of control tokens become those tokens
   */
  public static int[] encode(Tokenizer tokenizer, String text, boolean parseSpecial) {
    int[] ids = tokenizer.encodeWithSpecials(text, parseSpecial);
    OptionalInt bos = tokenizer.bos();
    boolean twice =
        parseSpecial
            && bos.isPresent()
            && ids.length > 1
            && ids[0] == bos.getAsInt()
            && ids[1] == bos.getAsInt()
            && text.startsWith(tokenizer.token(ids[0]));
    return twice ? Arrays.copyOfRange(ids, 1, ids.length) : ids;
  }

  /**
   * Goes on with a text in several ways, which read it once together; seeds as in {@link
   * #chat(ChatRequest, int)}.
   *
   * @param n continuations, at least 1
   * @throws BadInput as {@link #complete(CompletionRequest)}
   * @throws org.puna.engine.EngineBusy if the engine takes not all of them for now
   */
  public List<TextGeneration> complete(CompletionRequest request, int n) {
    String text = request.prompt();
    int[] ids = encode(tokenizer, text, request.parseSpecial());
    boolean begun = ids.length > 0 && isBos(ids[0]) && !text.startsWith(tokenizer.token(ids[0]));
    return complete(ids, request, n, request.parseSpecial(), begun ? 1 : 0);
  }

  /**
   * Goes on {@code n} times with tokens, in place of the request's own prompt. Where that is
   * reported, control tokens in it appear as they are spelled.
   *
   * @param ids what to go on with, at least one
   * @throws BadInput if they are more than the context holds, or one is not in the vocabulary
   */
  public List<TextGeneration> complete(int[] ids, CompletionRequest request, int n) {
    return complete(ids, request, n, true, 0);
  }

  private List<TextGeneration> complete(
      int[] ids, CompletionRequest request, int n, boolean specialInPrompt, int added) {
    for (int id : ids) {
      if (id < 0 || id >= tokenizer.vocabSize()) {
        throw new BadInput(
            "token id " + id + " is not in the vocabulary of " + tokenizer.vocabSize() + " tokens");
      }
    }
    return several(
        n,
        i ->
            new TextGeneration(
                submit(
                    ids,
                    request.sampling(),
                    i,
                    request.maxTokens(),
                    constraints.of(request.format()),
                    request.topLogprobs(),
                    request.timeout(),
                    request.promptLogprobs(),
                    request.ending()),
                tokenizer,
                ids,
                new StopStrings(request.stops(), request.ending().minTokens()),
                false,
                specialInPrompt,
                added));
  }

  /**
   * Returns what keeps an answer to a format, at its start, for callers that submit to the engine
   * themselves.
   *
   * @param prompt the text before the answer, which may have begun the model's thoughts
   * @return nothing where anything may come
   * @throws BadInput if the format cannot be compiled
   */
  public Optional<Constraint> constraint(ResponseFormat format, String prompt) {
    return constraints.of(format, prompt);
  }

  private boolean isBos(int id) {
    OptionalInt bos = tokenizer.bos();
    return bos.isPresent() && bos.getAsInt() == id;
  }

  /** Starts all or none. */
  private static <T extends AutoCloseable> List<T> several(int n, IntFunction<T> start) {
    if (n < 1) throw new BadInput("n: expected at least 1 answer, found " + n);
    List<T> out = new ArrayList<>();
    try {
      for (int i = 0; i < n; i++) out.add(start.apply(i));
    } catch (RuntimeException e) {
      for (T t : out) close(t, e);
      throw e;
    }
    return out;
  }

  private static void close(AutoCloseable t, RuntimeException cause) {
    try {
      t.close();
    } catch (Exception e) {
      cause.addSuppressed(e);
    }
  }

  private Generation submit(
      int[] prompt,
      Sampling sampling,
      int index,
      OptionalInt maxTokens,
      Optional<Constraint> constraint,
      int topLogprobs,
      Optional<Duration> timeout,
      boolean promptLogprobs,
      Ending ending) {
    int most = maxTokens.orElse(Math.max(1, source.contextLength() - prompt.length + 1));
    return source.submit(
        new Request(
            prompt,
            index == 0 ? sampling : sampling.withSeed(sampling.seed() + index),
            constraint,
            most,
            ending.ignoreEnd() ? Set.of() : endTokens,
            topLogprobs,
            timeout,
            promptLogprobs,
            ending.minTokens()));
  }
}
