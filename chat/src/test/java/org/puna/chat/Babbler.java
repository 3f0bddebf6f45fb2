package org.puna.chat;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import org.puna.engine.Constraint;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.engine.GenerationEvent.Reason;
import org.puna.engine.Request;
import org.puna.engine.Sampler;

/**
 * A model that knows nothing: logits drawn at random, an engine's sampler, and nothing else. What
 * it says under a constraint is up to the constraint.
 */
final class Babbler implements ChatModel.Source {
  private final int vocabSize;
  private final int contextLength;

  Babbler(int vocabSize, int contextLength) {
    this.vocabSize = vocabSize;
    this.contextLength = contextLength;
  }

  @Override
  public int contextLength() {
    return contextLength;
  }

  @Override
  public Generation submit(Request r) {
    Random random = new Random(r.sampling().seed());
    Sampler sampler = new Sampler(r.sampling(), r.constraint(), r.prompt());
    Queue<GenerationEvent> forced = new ArrayDeque<>();
    return new Generation() {
      private int said;
      private boolean closed;

      @Override
      public GenerationEvent next() {
        if (!forced.isEmpty()) return forced.remove();
        if (closed) return end(Reason.CANCELLED);
        if (r.constraint().map(Constraint::finished).orElse(false)) return end(Reason.STOP);
        if (said == r.maxTokens()) return end(Reason.LENGTH);
        float[] logits = new float[vocabSize];
        for (int i = 0; i < vocabSize; i++) logits[i] = 3 * (float) random.nextGaussian();
        int id = sampler.sample(logits, r.maxTokens() - said);
        if (r.endTokens().contains(id)) return end(Reason.STOP);
        said++;
        if (r.constraint().isPresent() && said < r.maxTokens()) {
          for (int f : r.constraint().get().forced(r.maxTokens() - said)) {
            r.constraint().get().accept(f);
            forced.add(new GenerationEvent.Token(f, Optional.empty()));
            said++;
          }
        }
        return new GenerationEvent.Token(id, Optional.empty());
      }

      private GenerationEvent end(Reason reason) {
        return new GenerationEvent.Finished(
            reason, new GenerationEvent.Usage(r.prompt().length, 0, said, 1, 1));
      }

      @Override
      public void close() {
        closed = true;
      }
    };
  }
}
