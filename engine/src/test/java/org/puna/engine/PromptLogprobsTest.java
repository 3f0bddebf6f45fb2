package org.puna.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.puna.engine.GenerationEvent.Finished;
import org.puna.engine.GenerationEvent.Prompt;
import org.puna.engine.GenerationEvent.Reason;
import org.puna.engine.GenerationEvent.Token;
import org.puna.model.config.BadInput;

/** Log-probabilities of prompts from the fake model, whose logits are 5 for one token, else 0. */
@Timeout(60)
class PromptLogprobsTest {
  private static final double LOG_TOTAL = Math.log(Math.exp(5) + CountingBackend.VOCAB - 1);

  /** Of float32 near 5. */
  private static final double ROUNDING = 1e-6;

  private static final long STEP_NANOS = 2_000_000;

  private final CountingBackend backend = new CountingBackend();

  private Engine engine(int context, int sequences, int chunk, int cacheTokens) {
    return new Engine(
        backend,
        CountingBackend.graph(),
        new EngineOptions(context, sequences, chunk, cacheTokens));
  }

  private static Request plain(int[] prompt, int maxTokens) {
    return new Request(prompt, Sampling.greedy(), maxTokens, Set.of());
  }

  private static Request scored(int[] prompt, int maxTokens, Optional<Duration> timeout) {
    return new Request(
        prompt, Sampling.greedy(), Optional.empty(), maxTokens, Set.of(), 1, timeout, true);
  }

  private static int[] prompt(int length, long seed) {
    return new Random(seed).ints(length, 0, CountingBackend.VOCAB).toArray();
  }

  /** A prompt in which some tokens are the likeliest ones. */
  private static int[] foreseen(int length, long seed) {
    int[] ids = prompt(length, seed);
    for (int i = 3; i < length; i += 5) ids[i] = likeliest(ids, i);
    return ids;
  }

  private static int likeliest(int[] ids, int length) {
    return CountingBackend.next(Arrays.stream(ids, 0, length).boxed().toList());
  }

  private static List<GenerationEvent> read(Generation g) throws InterruptedException {
    List<GenerationEvent> all = new ArrayList<>();
    do all.add(g.next());
    while (!(all.getLast() instanceof Finished)
        && !(all.getLast() instanceof GenerationEvent.Failed));
    return all;
  }

  private static void check(int[] prompt, int answered, List<GenerationEvent> events) {
    assertThat(events).hasSize(answered + 2);
    List<GenerationEvent.Logprobs> scores = ((Prompt) events.getFirst()).logprobs();
    assertThat(scores).hasSize(prompt.length - 1);
    for (int i = 1; i < prompt.length; i++) {
      int best = likeliest(prompt, i);
      GenerationEvent.Logprobs l = scores.get(i - 1);
      assertThat(l.topIds()).as("place %d", i).containsExactly(best);
      double logit = prompt[i] == best ? 5 : 0;
      assertThat((double) l.chosen()).isCloseTo(logit - LOG_TOTAL, within(ROUNDING));
      assertThat((double) l.top()[0]).isCloseTo(5 - LOG_TOTAL, within(ROUNDING));
    }
    int[] all = Arrays.copyOf(prompt, prompt.length + answered);
    for (int i = 0; i < answered; i++) {
      all[prompt.length + i] = likeliest(all, prompt.length + i);
      assertThat(((Token) events.get(i + 1)).id()).isEqualTo(all[prompt.length + i]);
    }
    Finished end = (Finished) events.getLast();
    assertThat(end.reason()).isEqualTo(Reason.LENGTH);
    assertThat(end.usage().answerTokens()).isEqualTo(answered);
  }

  @Test
  void promptsOfAnyLengthInAnyChunkAreScoredAlike() throws Exception {
    for (int chunk : new int[] {1, 7, 32, 100}) {
      for (int answered : new int[] {0, 1, 3}) {
        try (Engine e = engine(400, 1, chunk, 400)) {
          for (int length : new int[] {1, 2, 31, 32, 33, 64, 65, 200}) {
            int[] p = foreseen(length, length);
            check(p, answered, read(e.submit(scored(p, answered, Optional.empty()))));
          }
        }
      }
    }
  }

  @Test
  void whatTheCacheKnowsIsScoredToo() throws Exception {
    try (Engine e = engine(400, 2, 64, 800)) {
      int[] p = foreseen(200, 1);
      read(e.submit(plain(p, 5)));
      for (int i = 0; i < 2; i++) {
        List<GenerationEvent> events = read(e.submit(scored(p, 2, Optional.empty())));
        check(p, 2, events);
        assertThat(((Finished) events.getLast()).usage().sharedTokens()).isZero();
      }
      Finished after = (Finished) read(e.submit(plain(p, 1))).getLast();
      assertThat(after.usage().sharedTokens()).isEqualTo(192);
    }
  }

  @Test
  void answersToTheSamePromptScoreItOnce() throws Exception {
    for (int answered : new int[] {0, 3}) {
      try (Engine e = engine(400, 4, 64, 2000)) {
        backend.gate = new Semaphore(0);
        int[] p = foreseen(200, 1 + answered);
        List<Generation> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) all.add(e.submit(scored(p, answered, Optional.empty())));
        backend.gate.release(1_000_000);
        List<Integer> shared = new ArrayList<>();
        for (Generation g : all) {
          List<GenerationEvent> events = read(g);
          check(p, answered, events);
          shared.add(((Finished) events.getLast()).usage().sharedTokens());
        }
        assertThat(shared.getFirst()).isZero();
        assertThat(shared.subList(1, 4)).allMatch(n -> n >= 192);
      }
    }
  }

  @Test
  void anotherScoresWhereTheFirstLeavesOrWasAskedForSomethingElse() throws Exception {
    try (Engine e = engine(400, 4, 64, 2000)) {
      backend.gate = new Semaphore(0);
      int[] p = foreseen(200, 9);
      Request more =
          new Request(
              p, Sampling.greedy(), Optional.empty(), 0, Set.of(), 2, Optional.empty(), true);
      Generation first = e.submit(scored(p, 3, Optional.empty()));
      Generation second = e.submit(scored(p, 3, Optional.empty()));
      Generation other = e.submit(more);
      first.close();
      backend.gate.release(1_000_000);
      check(p, 3, read(second));
      Prompt two = (Prompt) read(other).getFirst();
      assertThat(two.logprobs()).hasSize(199).allMatch(l -> l.topIds().length == 2);
    }
  }

  @Test
  void manyWithTooFewPagesBesideOthersAreScoredRight() throws Exception {
    try (Engine e = engine(200, 8, 64, 300);
        var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<GenerationEvent>>> answers = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        int[] p = foreseen(1 + i * 37 % 150, i % 7);
        Request r = i % 3 == 0 ? plain(p, 45) : scored(p, i % 2 * 45, Optional.empty());
        answers.add(clients.submit(() -> read(e.submit(r))));
      }
      for (int i = 0; i < 60; i++) {
        if (i % 3 == 0) continue;
        check(foreseen(1 + i * 37 % 150, i % 7), i % 2 * 45, answers.get(i).get());
      }
      assertThat(backend.stepSizes).anyMatch(n -> n > 1);
    }
  }

  @Test
  void aLongPromptIsScoredInStepsThatAnswersShare() throws Exception {
    EngineOptions options = new EngineOptions(3000, 2, 512, 6000);
    try (Engine e = new Engine(backend, CountingBackend.graph(), options)) {
      backend.gate = new Semaphore(1);
      int[] p = prompt(5, 1);
      Generation stream = e.submit(plain(p, 200));
      stream.next();
      Generation scoring = e.submit(scored(prompt(2000, 2), 0, Optional.empty()));
      backend.gate.release(1_000_000);
      check(prompt(2000, 2), 0, read(scoring));
      assertThat(read(stream)).hasSize(200);
      // The logits of the prompt are never there at once, and each step has the stream's token.
      assertThat(backend.stepSizes).allMatch(n -> n <= options.scoredOutputs());
      assertThat(backend.stepSizes).anyMatch(n -> n > 64);
      assertThat(backend.stepSizes.size()).isLessThanOrEqualTo(201);
    }
  }

  @Test
  void aPromptIsReadAloneWhereNothingIsToFollow() throws Exception {
    try (Engine e = engine(200, 1, 64, 200)) {
      int[] p = prompt(100, 3);
      Finished end = (Finished) read(e.submit(plain(p, 0))).getFirst();
      assertThat(end.reason()).isEqualTo(Reason.LENGTH);
      assertThat(end.usage().promptTokens()).isEqualTo(100);
      Finished next = (Finished) read(e.submit(plain(p, 1))).getLast();
      assertThat(next.usage().sharedTokens()).isEqualTo(96);
    }
  }

  @Test
  void scoringEndsWithItsReaderItsTimeAndItsEngine() throws Exception {
    backend.stepNanos = STEP_NANOS;
    int[] p = prompt(90_000, 4);
    Engine e = engine(100_000, 2, 64, 200_000);
    Generation cancelled = e.submit(scored(p, 0, Optional.empty()));
    while (e.load().steps() == 0) Thread.onSpinWait();
    cancelled.close();
    Generation late = e.submit(scored(p, 0, Optional.of(Duration.ofMillis(50))));
    assertThat(reasons(cancelled)).containsExactly(Reason.CANCELLED);
    assertThat(reasons(late)).containsExactly(Reason.DEADLINE);
    Generation last = e.submit(scored(p, 0, Optional.empty()));
    assertThat(e.drain(Duration.ofMillis(20))).isFalse();
    e.close();
    assertThat(reasons(last)).containsExactly(Reason.CANCELLED);
  }

  private static List<Reason> reasons(Generation g) throws InterruptedException {
    return read(g).stream().map(event -> ((Finished) event).reason()).toList();
  }

  @Test
  void theEndTokenIsToldWithLogprobsAlone() throws Exception {
    int[] p = prompt(20, 5);
    int end = likeliest(p, 20);
    try (Engine e = engine(100, 1, 64, 100)) {
      for (int top : IntStream.range(-1, 2).toArray()) {
        Request r = new Request(p, Sampling.greedy(), Optional.empty(), 5, Set.of(end), top);
        Optional<Token> told = ((Finished) read(e.submit(r)).getFirst()).endToken();
        assertThat(told.map(Token::id)).isEqualTo(top < 0 ? Optional.empty() : Optional.of(end));
        told.ifPresent(t ->
            assertThat((double) t.logprobs().orElseThrow().chosen())
                .isCloseTo(5 - LOG_TOTAL, within(ROUNDING)));
      }
    }
  }

  @Test
  void logitsThatDoNotFitFailTheirRequestAlone() throws Exception {
    backend.mostOutputs = 8;
    try (Engine e = engine(100, 2, 64, 200)) {
      int[] p = prompt(50, 6);
      for (int i = 0; i < 2; i++) {
        GenerationEvent end = read(e.submit(scored(p, 0, Optional.empty()))).getFirst();
        assertThat(((GenerationEvent.Failed) end).message()).contains("memory");
      }
      assertThat(read(e.submit(plain(p, 3)))).hasSize(4);
      backend.mostOutputs = 1000;
      check(p, 0, read(e.submit(scored(p, 0, Optional.empty()))));
    }
  }

  @Test
  void scoringNeedsToKnowHowManyToReport() {
    assertThatThrownBy(() ->
            new Request(
                prompt(3, 1),
                Sampling.greedy(),
                Optional.empty(),
                1,
                Set.of(),
                -1,
                Optional.empty(),
                true))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("found -1");
  }
}
