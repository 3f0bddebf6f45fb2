package org.puna.langchain4j;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import org.puna.chat.ChatModel;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.engine.GenerationEvent.Reason;
import org.puna.engine.Request;
import org.puna.fixtures.ByteTokenizer;
import org.puna.model.config.BadInput;

/**
 * A model that is clever enough for LangChain4j's tests: it knows their questions. It hears them
 * rendered and encoded, and what it says obeys the constraint, or the test fails.
 */
final class Oracle implements ChatModel.Source {
  private final ByteTokenizer tokenizer;
  private final Duration pause;
  private final Map<String, String> answers = new LinkedHashMap<>();
  private final Map<String, String> bound = new LinkedHashMap<>();

  /**
   * An oracle that knows nothing yet.
   *
   * @param pause before each token
   */
  Oracle(ByteTokenizer tokenizer, Duration pause) {
    this.tokenizer = tokenizer;
    this.pause = pause;
  }

  /** Answers prompts that match an expression; the first that does counts. */
  Oracle when(String regex, String answer) {
    answers.put("(?s).*(?:" + regex + ").*", answer);
    return this;
  }

  /** As {@link #when}, where the answer must have a format or be a call. */
  Oracle whenBound(String regex, String answer) {
    bound.put("(?s).*(?:" + regex + ").*", answer);
    return this;
  }

  @Override
  public int contextLength() {
    return 100_000;
  }

  private static String answer(Map<String, String> answers, String prompt) {
    return answers.entrySet().stream()
        .filter(e -> prompt.matches(e.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow(() -> new BadInput("no answer to " + prompt));
  }

  @Override
  public Generation submit(Request request) {
    Queue<Integer> left = new ArrayDeque<>();
    String prompt = tokenizer.decode(request.prompt(), true);
    String answer = answer(request.constraint().isPresent() ? bound : answers, prompt);
    for (int id : tokenizer.encode(answer, true)) left.add(id);
    return new Generation() {
      private volatile boolean closed;
      private int said;

      @Override
      public GenerationEvent next() throws InterruptedException {
        Thread.sleep(pause);
        if (closed) return end(Reason.CANCELLED);
        Integer id = left.poll();
        if (id == null) return end(Reason.STOP);
        if (said == request.maxTokens()) return end(Reason.LENGTH);
        request
            .constraint()
            .ifPresent(c -> {
              if ((c.allowed(request.maxTokens() - said)[id >> 6] >>> id & 1) == 0) {
                throw new AssertionError("the constraint refuses token " + id + " after " + said);
              }
              c.accept(id);
            });
        said++;
        return new GenerationEvent.Token(id, Optional.empty());
      }

      private GenerationEvent end(Reason reason) {
        return new GenerationEvent.Finished(
            reason, new GenerationEvent.Usage(request.prompt().length, 0, said, 1, 1));
      }

      @Override
      public void close() {
        closed = true;
      }
    };
  }
}
