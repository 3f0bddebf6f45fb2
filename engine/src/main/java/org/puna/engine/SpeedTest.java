package org.puna.engine;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;

/**
 * Measures one model as llama-bench does: {@code pp} reads a prompt of random tokens from an empty
 * context, {@code tg} generates tokens one by one from an empty context. Sampling is not part of
 * it.
 */
public final class SpeedTest {
  private final Evaluator evaluator;
  private final SplittableRandom random = new SplittableRandom(1);

  /**
   * Measures through an evaluator.
   *
   * @param evaluator its context must hold what is asked for
   */
  public SpeedTest(Evaluator evaluator) {
    this.evaluator = evaluator;
  }

  /**
   * Rates of several repetitions.
   *
   * @param tokensPerSecond one for each repetition
   */
  public record Rates(double[] tokensPerSecond) {
    /** Copies the rates. */
    public Rates {
      tokensPerSecond = tokensPerSecond.clone();
    }

    @Override
    public double[] tokensPerSecond() {
      return tokensPerSecond.clone();
    }

    /** Returns the mean rate. */
    public double mean() {
      return Arrays.stream(tokensPerSecond).average().orElse(0);
    }

    /** Returns the middle rate. */
    public double median() {
      double[] sorted = tokensPerSecond.clone();
      Arrays.sort(sorted);
      int n = sorted.length;
      return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    }

    /** Returns the sample standard deviation, 0 for a single repetition. */
    public double deviation() {
      int n = tokensPerSecond.length;
      if (n < 2) return 0;
      double m = mean();
      double sum = 0;
      for (double x : tokensPerSecond) sum += (x - m) * (x - m);
      return Math.sqrt(sum / (n - 1));
    }
  }

  /**
   * Reads a prompt.
   *
   * @param tokens length of the prompt
   * @param repetitions runs that count, after one that warms up
   * @param done receives the number of finished runs, the warm-up included
   */
  public Rates prefill(int tokens, int repetitions, IntConsumer done) {
    return repeat(tokens, repetitions, done, () -> read(tokens));
  }

  /**
   * Generates tokens.
   *
   * @param tokens tokens to generate
   * @param repetitions runs that count, after one that warms up
   * @param done receives the number of finished runs, the warm-up included
   */
  public Rates decode(int tokens, int repetitions, IntConsumer done) {
    return repeat(
        tokens,
        repetitions,
        done,
        () -> {
          for (int i = 0; i < tokens; i++) read(1);
        });
  }

  private Rates repeat(int tokens, int repetitions, IntConsumer done, Runnable work) {
    double[] rates = new double[repetitions];
    for (int r = -1; r < repetitions; r++) {
      evaluator.reset();
      long start = System.nanoTime();
      work.run();
      if (r >= 0) rates[r] = tokens / ((System.nanoTime() - start) * 1e-9);
      done.accept(r + 2);
    }
    return new Rates(rates);
  }

  private void read(int tokens) {
    int[] ids = new int[tokens];
    for (int i = 0; i < tokens; i++) ids[i] = random.nextInt(evaluator.vocabSize());
    evaluator.feed(ids, 1, (_, _) -> {});
  }
}
