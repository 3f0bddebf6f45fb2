package org.puna.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.fixtures.ByteTokenizer;

/** A model with more rows than its tokenizer has tokens. */
class KnownTokensTest {
  private static final ByteTokenizer TOKENIZER = new ByteTokenizer("<s>", "</s>");
  private static final int NAMELESS = TOKENIZER.vocabSize();

  private static final class Told implements Generation {
    private final Queue<GenerationEvent> events;
    private boolean closed;

    Told(GenerationEvent... events) {
      this.events = new ArrayDeque<>(List.of(events));
    }

    @Override
    public GenerationEvent next() {
      return events.remove();
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static GenerationEvent.Token token(int id, int... likeliest) {
    float[] top = new float[likeliest.length];
    for (int i = 0; i < top.length; i++) top[i] = -1 - i;
    return new GenerationEvent.Token(
        id, Optional.of(new GenerationEvent.Logprobs(-0.5f, likeliest, top)));
  }

  @Test
  void namelessRowsVanishFromAnswersAndFromTheLikeliest() throws Exception {
    GenerationEvent.Token plain = new GenerationEvent.Token('b', Optional.empty());
    GenerationEvent end = new GenerationEvent.Failed("over");
    Told told =
        new Told(
            new GenerationEvent.Token(NAMELESS, Optional.empty()),
            token('a', NAMELESS, 'a', NAMELESS + 7, 'c'),
            token(NAMELESS + 1, 'a'),
            plain,
            end);
    try (Generation known = new KnownTokens(told, TOKENIZER)) {
      GenerationEvent.Token a = (GenerationEvent.Token) known.next();
      assertThat(a.id()).isEqualTo('a');
      GenerationEvent.Logprobs l = a.logprobs().orElseThrow();
      assertThat(l.chosen()).isEqualTo(-0.5f);
      assertThat(l.topIds()).containsExactly('a', 'c');
      assertThat(l.top()).containsExactly(-2, -4);
      assertThat(known.next()).isSameAs(plain);
      assertThat(known.next()).isSameAs(end);
    }
    assertThat(told.closed).isTrue();
  }
}
