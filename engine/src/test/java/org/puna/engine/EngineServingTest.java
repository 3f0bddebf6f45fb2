package org.puna.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.puna.engine.GenerationEvent.Finished;
import org.puna.engine.GenerationEvent.Reason;
import org.puna.engine.GenerationEvent.Token;

/** What a server asks of an engine: shared prompts, a bounded queue, deadlines, an orderly end. */
@Timeout(60)
class EngineServingTest {
  private static final long STEP_NANOS = 2_000_000;

  private final CountingBackend backend = new CountingBackend();

  private Engine engine(int context, int sequences, int chunk, int waiting) {
    return new Engine(
        backend,
        CountingBackend.graph(),
        new EngineOptions(context, sequences, chunk, sequences * context, waiting));
  }

  private static Request request(int[] prompt, int maxTokens) {
    return new Request(prompt, Sampling.greedy(), maxTokens, Set.of());
  }

  private static int[] prompt(int length, long seed) {
    return new Random(seed).ints(length, 0, CountingBackend.VOCAB).toArray();
  }

  private static List<Integer> expected(int[] prompt, int n) {
    List<Integer> all = new ArrayList<>(Arrays.stream(prompt).boxed().toList());
    for (int i = 0; i < n; i++) all.add(CountingBackend.next(all));
    return all.subList(prompt.length, all.size());
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

  /** What the engine says once it has noted that so many generations ended. */
  private static Engine.Load loadAfter(Engine e, int finished) throws InterruptedException {
    while (e.load().finished() < finished) Thread.sleep(1);
    return e.load();
  }

  @Test
  void fourAnswersReadTheirPromptOnce() throws Exception {
    for (int length : new int[] {20, 32, 100, 333}) {
      try (Engine e = engine(500, 4, 64, 8)) {
        int before = backend.computedTokens.get();
        int[] p = prompt(length, length);
        List<Generation> all = new ArrayList<>();
        backend.gate = new Semaphore(0);
        for (int i = 0; i < 4; i++) all.add(e.submit(request(p, 10)));
        backend.gate.release(1_000_000);
        for (Generation g : all) assertThat(read(g).tokens()).isEqualTo(expected(p, 10));
        // Each of the others computes the prompt's last token, whose logits it needs.
        assertThat(backend.computedTokens.get() - before).isEqualTo(length + 3 + 4 * 9);
        assertThat(loadAfter(e, 4).sharedTokens()).isEqualTo(3L * (length - 1));
      }
    }
  }

  @Test
  void cancellingTheFirstOfSeveralDoesNotHurtTheOthers() throws Exception {
    backend.gate = new Semaphore(2);
    try (Engine e = engine(1000, 4, 64, 8)) {
      int[] p = prompt(600, 1);
      List<Generation> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) all.add(e.submit(request(p, 10)));
      while (backend.computedTokens.get() < 100) Thread.onSpinWait();
      all.getFirst().close();
      backend.gate.release(1_000_000);
      assertThat(read(all.getFirst()).reason()).isEqualTo(Reason.CANCELLED);
      for (Generation g : all.subList(1, 4)) {
        assertThat(read(g).tokens()).isEqualTo(expected(p, 10));
      }
      assertThat(backend.computedTokens.get()).isLessThan(2 * 600);
    }
  }

  @Test
  void aPromptWaitsForTheBeginningThatAnotherIsReading() throws Exception {
    try (Engine e = engine(1000, 4, 64, 8)) {
      int[] system = prompt(500, 2);
      int[] a = Arrays.copyOf(system, 540);
      int[] b = Arrays.copyOf(system, 560);
      b[501] = 1;
      Generation first = e.submit(request(a, 5));
      Generation second = e.submit(request(b, 5));
      assertThat(read(first).tokens()).isEqualTo(expected(a, 5));
      Answer other = read(second);
      assertThat(other.tokens()).isEqualTo(expected(b, 5));
      assertThat(((Finished) other.end()).usage().sharedTokens()).isBetween(480, 501);
    }
  }

  @Test
  void aFullQueueRefusesAndTakesAgain() throws Exception {
    backend.stepNanos = STEP_NANOS;
    try (Engine e = engine(1000, 1, 64, 2)) {
      List<Generation> taken = new ArrayList<>();
      for (int i = 0; i < 3; i++) taken.add(e.submit(request(prompt(5, i), 900)));
      assertThatThrownBy(() -> e.submit(request(prompt(5, 9), 1)))
          .isInstanceOfSatisfying(
              EngineBusy.class,
              busy -> {
                assertThat(busy.stopping()).isFalse();
                assertThat(busy.retryAfter())
                    .isBetween(Duration.ofSeconds(1), Duration.ofMinutes(2));
              });
      taken.getFirst().close();
      read(taken.getFirst());
      Generation late = e.submit(request(prompt(5, 9), 1));
      taken.get(1).close();
      taken.get(2).close();
      assertThat(read(late).tokens()).hasSize(1);
    }
  }

  @Test
  void aDeadlineEndsWhatRunsAndWhatWaitsAndWhatNobodyReads() throws Exception {
    backend.stepNanos = STEP_NANOS;
    try (Engine e = engine(100_000, 1, 64, 8)) {
      Optional<Duration> soon = Optional.of(Duration.ofMillis(150));
      Request limited =
          new Request(
              prompt(5, 1), Sampling.greedy(), Optional.empty(), 90_000, Set.of(), -1, soon, false);
      Generation running = e.submit(limited);
      Generation waiting = e.submit(limited);
      assertThat(read(waiting).reason()).isEqualTo(Reason.DEADLINE);
      Answer a = read(running);
      assertThat(a.reason()).isEqualTo(Reason.DEADLINE);
      assertThat(a.tokens()).isEqualTo(expected(limited.prompt(), a.tokens().size())).isNotEmpty();
      backend.stepNanos = 0;
      Generation unread = e.submit(limited);
      loadAfter(e, 3);
      assertThat(read(unread).reason()).isEqualTo(Reason.DEADLINE);
    }
  }

  @Test
  void drainingFinishesWhatRunsAndRefusesMore() throws Exception {
    backend.stepNanos = STEP_NANOS;
    try (Engine e = engine(1000, 1, 64, 8)) {
      int[] p = prompt(5, 1);
      Generation running = e.submit(request(p, 20));
      Generation waiting = e.submit(request(p, 20));
      assertThat(e.drain(Duration.ofSeconds(30))).isTrue();
      assertThatThrownBy(() -> e.submit(request(p, 1)))
          .isInstanceOfSatisfying(EngineBusy.class, b -> assertThat(b.stopping()).isTrue());
      assertThat(read(running).tokens()).isEqualTo(expected(p, 20));
      assertThat(read(waiting).tokens()).isEqualTo(expected(p, 20));
    }
    try (Engine e = engine(100_000, 1, 64, 8)) {
      Generation endless = e.submit(request(prompt(5, 1), 90_000));
      assertThat(e.drain(Duration.ofMillis(50))).isFalse();
      endless.close();
    }
  }

  /** Forces the tokens 1, 2, 3 after each token that the model chose. */
  private static final class Forcing implements Constraint {
    private final long[] all = {-1, -1};

    @Override
    public long[] allowed(int remaining) {
      return all;
    }

    @Override
    public int[] forced(int remaining) {
      return remaining < 3 ? new int[0] : new int[] {1, 2, 3};
    }

    @Override
    public void accept(int token) {
      assertThat(token).isBetween(0, CountingBackend.VOCAB - 1);
    }

    @Override
    public boolean finished() {
      return false;
    }
  }

  @Test
  void forcedTokensAreReadTogetherAndTheModelIsNotAsked() throws Exception {
    try (Engine e = engine(200, 2, 64, 8)) {
      int[] p = prompt(10, 3);
      Request r = new Request(p, Sampling.greedy(), Optional.of(new Forcing()), 10, Set.of(), -1);
      Answer a = read(e.submit(r));
      List<Integer> all = new ArrayList<>(Arrays.stream(p).boxed().toList());
      while (all.size() < 20) {
        all.add(CountingBackend.next(all));
        if (20 - all.size() >= 3) all.addAll(List.of(1, 2, 3));
      }
      assertThat(a.tokens()).isEqualTo(all.subList(10, 20));
      assertThat(a.reason()).isEqualTo(Reason.LENGTH);
      assertThat(loadAfter(e, 1).forcedTokens()).isEqualTo(6);
      assertThat(e.load().steps()).isEqualTo(4);
    }
  }

  @Test
  void countersSayWhatWasDone() throws Exception {
    try (Engine e = engine(500, 2, 64, 8)) {
      int[] p = prompt(100, 3);
      read(e.submit(request(p, 10)));
      read(e.submit(request(p, 10)));
      Engine.Load load = loadAfter(e, 2);
      assertThat(load.promptTokens()).isEqualTo(200);
      assertThat(load.sharedTokens()).isEqualTo(96);
      assertThat(load.answerTokens()).isEqualTo(20);
      assertThat(load.finished()).isEqualTo(2);
      assertThat(load.totalPages()).isEqualTo(32);
      assertThat(load.knownPages()).isPositive();
      assertThat(load.stepTokens()).isEqualTo(1);
      assertThat(load.stepNanos()).isPositive();
    }
  }
}
