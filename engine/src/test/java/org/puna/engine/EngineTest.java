package org.puna.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.puna.engine.GenerationEvent.Finished;
import org.puna.engine.GenerationEvent.Reason;
import org.puna.engine.GenerationEvent.Token;
import org.puna.model.config.BadInput;

@Timeout(60)
class EngineTest {
  private final CountingBackend backend = new CountingBackend();

  private Engine engine(int context, int sequences, int chunk, int cacheTokens) {
    return new Engine(
        backend,
        CountingBackend.graph(),
        new EngineOptions(context, sequences, chunk, cacheTokens));
  }

  private static Request request(int[] prompt, int maxTokens, Integer... ends) {
    return new Request(prompt, Sampling.greedy(), maxTokens, Set.of(ends));
  }

  private record Answer(List<Integer> tokens, GenerationEvent end) {
    Reason reason() {
      return ((Finished) end).reason();
    }
  }

  private static Answer read(Generation g) throws InterruptedException {
    List<Integer> tokens = new ArrayList<>();
    while (true) {
      GenerationEvent e = g.next();
      if (!(e instanceof Token t)) return new Answer(tokens, e);
      tokens.add(t.id());
    }
  }

  /** What the fake model answers when asked token by token. */
  private static List<Integer> expected(int[] prompt, int n) {
    List<Integer> all = new ArrayList<>(Arrays.stream(prompt).boxed().toList());
    for (int i = 0; i < n; i++) all.add(CountingBackend.next(all));
    return all.subList(prompt.length, all.size());
  }

  private static int[] prompt(int length, long seed) {
    return new Random(seed).ints(length, 0, CountingBackend.VOCAB).toArray();
  }

  @Test
  void promptsOfAnyLengthInAnyChunkAnswerTheSame() throws Exception {
    for (int chunk : new int[] {1, 7, 32, 100}) {
      try (Engine e = engine(400, 1, chunk, 400)) {
        for (int length : new int[] {1, 2, 31, 32, 33, 64, 65, 200}) {
          int[] p = prompt(length, length);
          Answer a = read(e.submit(request(p, 40)));
          assertThat(a.tokens()).isEqualTo(expected(p, 40));
          assertThat(a.reason()).isEqualTo(Reason.LENGTH);
        }
      }
    }
  }

  @Test
  void anEndTokenEndsAndIsNotPartOfTheAnswer() throws Exception {
    int[] p = prompt(20, 4);
    List<Integer> full = expected(p, 30);
    int end = full.get(9);
    try (Engine e = engine(100, 1, 64, 100)) {
      Answer a = read(e.submit(request(p, 30, end)));
      assertThat(a.tokens()).isEqualTo(full.subList(0, full.indexOf(end)));
      assertThat(a.reason()).isEqualTo(Reason.STOP);
      assertThat(((Finished) a.end()).usage().answerTokens()).isEqualTo(full.indexOf(end));
    }
  }

  @Test
  void aFullContextEndsWithLength() throws Exception {
    try (Engine e = engine(50, 1, 64, 50)) {
      int[] p = prompt(40, 1);
      Answer a = read(e.submit(request(p, 1000)));
      assertThat(a.tokens()).isEqualTo(expected(p, 11));
      assertThat(a.reason()).isEqualTo(Reason.LENGTH);
      int[] full = prompt(50, 2);
      assertThat(read(e.submit(request(full, 1000))).tokens()).isEqualTo(expected(full, 1));
      assertThatThrownBy(() -> e.submit(request(prompt(51, 3), 1)))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("51 tokens");
    }
  }

  @Test
  void aSecondPromptWithTheSameBeginningIsComputedOnlyWhereItIsNew() throws Exception {
    try (Engine e = engine(2000, 2, 256, 4000)) {
      int[] system = prompt(1000, 5);
      int[] first = IntStream.concat(Arrays.stream(system), Arrays.stream(prompt(30, 6))).toArray();
      int[] second =
          IntStream.concat(Arrays.stream(system), Arrays.stream(prompt(30, 7))).toArray();
      assertThat(read(e.submit(request(first, 5))).tokens()).isEqualTo(expected(first, 5));
      int before = backend.computedTokens.get();
      Answer a = read(e.submit(request(second, 5)));
      assertThat(a.tokens()).isEqualTo(expected(second, 5));
      int pageTokens = 32;
      int sharedTokens = 1000 / pageTokens * pageTokens;
      assertThat(((Finished) a.end()).usage().sharedTokens()).isEqualTo(sharedTokens);
      assertThat(backend.computedTokens.get() - before).isEqualTo(1030 - sharedTokens + 4);
      // The very same prompt computes at least its last token.
      assertThat(read(e.submit(request(first, 5))).tokens()).isEqualTo(expected(first, 5));
    }
  }

  @Test
  void manySequencesWithTooFewPagesAllAnswerRight() throws Exception {
    try (Engine e = engine(200, 8, 64, 300);
        var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        int[] p = prompt(1 + i * 37 % 150, i % 7);
        answers.add(clients.submit(() -> read(e.submit(request(p, 45)))));
      }
      for (int i = 0; i < 60; i++) {
        int[] p = prompt(1 + i * 37 % 150, i % 7);
        assertThat(answers.get(i).get().tokens()).as("answer %d", i).isEqualTo(expected(p, 45));
      }
      assertThat(backend.stepSizes).anyMatch(n -> n > 1);
      awaitIdle(e);
      assertThat(e.load().heldPages()).isZero();
    }
  }

  @Test
  void closingCancelsWithinAStepAndFreesPages() throws Exception {
    try (Engine e = engine(100_000, 2, 64, 100_000)) {
      backend.stepNanos = 1_000_000;
      Generation g = e.submit(request(prompt(10, 1), 90_000));
      assertThat(g.next()).isInstanceOf(Token.class);
      g.close();
      Answer a = read(g);
      assertThat(a.reason()).isEqualTo(Reason.CANCELLED);
      awaitIdle(e);
      assertThat(e.load().heldPages()).isZero();
    }
  }

  @Test
  void aReaderThatDoesNotReadHoldsUpNobodyElse() throws Exception {
    try (Engine e = engine(5000, 2, 64, 10_000)) {
      int[] p = prompt(3, 8);
      Generation idle = e.submit(request(p, 1000));
      int[] q = prompt(3, 9);
      assertThat(read(e.submit(request(q, 1000))).tokens()).isEqualTo(expected(q, 1000));
      assertThat(read(idle).tokens()).isEqualTo(expected(p, 1000));
    }
  }

  @Test
  void aFailedStepEndsItsSequencesAndLaterOnesWork() throws Exception {
    try (Engine e = engine(100, 2, 64, 200)) {
      backend.failAtStep = 3;
      Answer a = read(e.submit(request(prompt(5, 1), 50)));
      assertThat(a.end()).isInstanceOf(GenerationEvent.Failed.class);
      int[] p = prompt(5, 2);
      assertThat(read(e.submit(request(p, 20))).tokens()).isEqualTo(expected(p, 20));
    }
  }

  @Test
  void closingTheEngineEndsWhatRunsAndRefusesMore() throws Exception {
    Engine e = engine(100_000, 1, 64, 100_000);
    backend.stepNanos = 1_000_000;
    Generation running = e.submit(request(prompt(10, 1), 90_000));
    Generation waiting = e.submit(request(prompt(10, 2), 90_000));
    running.next();
    e.close();
    assertThat(read(running).reason()).isEqualTo(Reason.CANCELLED);
    assertThat(read(waiting).reason()).isEqualTo(Reason.CANCELLED);
    assertThatThrownBy(() -> e.submit(request(prompt(1, 1), 1)))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(running::next).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aConstraintKeepsToItsTokens() throws Exception {
    try (Engine e = engine(100, 1, 64, 100)) {
      long[] even = new long[2];
      for (int i = 0; i < CountingBackend.VOCAB; i += 2) even[i / 64] |= 1L << i;
      Constraint c =
          new Constraint() {
            @Override
            public long[] allowed(int remaining) {
              assertThat(remaining).isPositive();
              return even;
            }

            @Override
            public void accept(int token) {
              assertThat(token % 2).isZero();
            }

            @Override
            public boolean finished() {
              return false;
            }
          };
      Request r = new Request(prompt(5, 1), Sampling.plain(7), Optional.of(c), 30, Set.of(), 3);
      Generation g = e.submit(r);
      for (int i = 0; i < 30; i++) {
        Token t = (Token) g.next();
        assertThat(t.id() % 2).isZero();
        assertThat(t.logprobs().orElseThrow().topIds()).hasSize(3);
      }
    }
  }

  @Test
  void tokensOutsideTheVocabularyAreRefused() {
    try (Engine e = engine(100, 1, 64, 100)) {
      assertThatThrownBy(() -> e.submit(request(new int[] {1, 97}, 1)))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("97");
    }
  }

  private static void awaitIdle(Engine e) throws InterruptedException {
    for (int i = 0; i < 2000 && (e.load().running() > 0 || e.load().heldPages() > 0); i++) {
      Thread.sleep(5);
    }
  }
}
