package org.puna.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.engine.GenerationEvent.Reason;
import org.puna.engine.Request;
import org.puna.fixtures.ByteTokenizer;

/** A model that says what it was told to say, token by token, whatever it is asked. */
final class Script implements ChatModel.Source {
  private static final int CONTEXT = 10_000;

  private final ByteTokenizer tokenizer;
  private final String answer;
  final List<Request> requests = new ArrayList<>();
  boolean closed;

  Script(ByteTokenizer tokenizer, String answer) {
    this.tokenizer = tokenizer;
    this.answer = answer;
  }

  @Override
  public int contextLength() {
    return CONTEXT;
  }

  @Override
  public Generation submit(Request request) {
    requests.add(request);
    Queue<Integer> left = new ArrayDeque<>();
    for (int id : tokenizer.encode(answer, true)) left.add(id);
    return new Generation() {
      private int said;

      @Override
      public GenerationEvent next() {
        if (closed) return end(Reason.CANCELLED);
        Integer id = left.poll();
        if (id == null || request.endTokens().contains(id)) return end(Reason.STOP);
        if (said == request.maxTokens()) return end(Reason.LENGTH);
        said++;
        return new GenerationEvent.Token(id, logprobs(request.topLogprobs()));
      }

      private Optional<GenerationEvent.Logprobs> logprobs(int top) {
        if (top < 0) return Optional.empty();
        int[] ids = new int[top];
        float[] values = new float[top];
        for (int i = 0; i < top; i++) {
          ids[i] = 'a' + i;
          values[i] = -1 - i;
        }
        return Optional.of(new GenerationEvent.Logprobs(-0.5f, ids, values));
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
