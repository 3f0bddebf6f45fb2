package org.puna.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.puna.model.GenerationDefaults;
import org.puna.model.config.BadInput;

class SamplerTest {
  /**
   * Draws of a frequency test; its standard error is at most 0.5 / √DRAWS = 0.0035, so 0.02 is over
   * five of them.
   */
  private static final int DRAWS = 20_000;

  private static final double FREQUENCY_TOLERANCE = 0.02;

  private static Sampling sampling(
      double temperature, int topK, double topP, double minP, double typicalP) {
    return new Sampling(temperature, topK, topP, minP, typicalP, 1, 0, 0, Map.of(), 11);
  }

  /** Logits of the probabilities 0.5, 0.25, 0.15, 0.07, 0.03 at ids 3, 0, 4, 1, 2. */
  private static float[] logits() {
    double[] p = {0.25, 0.07, 0.03, 0.5, 0.15};
    float[] x = new float[p.length];
    for (int i = 0; i < p.length; i++) x[i] = (float) Math.log(p[i]);
    return x;
  }

  private static Map<Integer, Double> frequencies(Sampling s) {
    Sampler sampler = new Sampler(s, Optional.empty(), new int[0]);
    Map<Integer, Double> f = new TreeMap<>();
    for (int i = 0; i < DRAWS; i++) f.merge(sampler.sample(logits(), 1), 1.0 / DRAWS, Double::sum);
    return f;
  }

  private static void assertFrequencies(Sampling s, Map<Integer, Double> expected) {
    Map<Integer, Double> f = frequencies(s);
    assertThat(f.keySet()).isEqualTo(new TreeMap<>(expected).keySet());
    expected.forEach((id, p) ->
        assertThat(f.get(id)).as("token %d", id).isCloseTo(p, within(FREQUENCY_TOLERANCE)));
  }

  @Test
  void plainDrawingFollowsTheModel() {
    assertFrequencies(sampling(1, 0, 1, 0, 1), Map.of(0, 0.25, 1, 0.07, 2, 0.03, 3, 0.5, 4, 0.15));
  }

  @Test
  void noneOfTheLikeliestAreNone() {
    Candidates c = new Candidates();
    c.top(logits(), 0);
    assertThat(c.ids()).isEmpty();
  }

  @Test
  void topKKeepsTheLikeliest() {
    assertFrequencies(sampling(1, 2, 1, 0, 1), Map.of(3, 2 / 3.0, 0, 1 / 3.0));
  }

  @Test
  void topPKeepsTheSmallestSetOfThatProbability() {
    assertFrequencies(
        sampling(1, 0, 0.8, 0, 1), Map.of(3, 0.5 / 0.9, 0, 0.25 / 0.9, 4, 0.15 / 0.9));
    assertFrequencies(sampling(1, 0, 0.1, 0, 1), Map.of(3, 1.0));
  }

  @Test
  void minPIsRelativeToTheLikeliest() {
    assertFrequencies(sampling(1, 0, 1, 0.4, 1), Map.of(3, 2 / 3.0, 0, 1 / 3.0));
  }

  @Test
  void typicalPKeepsTokensNearTheEntropy() {
    // Entropy 1.287 nats; surprises 1.386 (id 0), 2.66, 3.51, 0.693 (id 3), 1.897 (id 4).
    assertFrequencies(sampling(1, 0, 1, 0, 0.2), Map.of(0, 1.0));
    assertFrequencies(sampling(1, 0, 1, 0, 0.7), Map.of(0, 0.25 / 0.75, 3, 0.5 / 0.75));
  }

  @Test
  void temperatureSharpensAfterTruncation() {
    double a = Math.sqrt(0.5);
    double b = Math.sqrt(0.25);
    assertFrequencies(sampling(2, 2, 1, 0, 1), Map.of(3, a / (a + b), 0, b / (a + b)));
  }

  @Test
  void greedyTakesTheLargestAndTheSmallestIdOfEqualOnes() {
    Sampler s = new Sampler(Sampling.greedy(), Optional.empty(), new int[0]);
    assertThat(s.sample(logits(), 1)).isEqualTo(3);
    assertThat(s.sample(new float[] {1, 4, 4, 2}, 1)).isEqualTo(1);
    assertThat(s.sample(new float[] {Float.NaN, -1, Float.NaN}, 1)).isEqualTo(1);
  }

  @Test
  void logitsThatAreNotNumbersAreNotDrawnFrom() {
    for (Sampling s : List.of(Sampling.greedy(), Sampling.plain(1), sampling(1, 2, 0.5, 0, 1))) {
      Sampler free = new Sampler(s, Optional.empty(), new int[0]);
      float[] none = {Float.NaN, Float.NaN, Float.NaN};
      assertThatThrownBy(() -> free.sample(none.clone(), 1))
          .isInstanceOf(NotNumbers.class)
          .hasMessage("the model's logits are not numbers; is the file damaged?");
      Sampler bound = new Sampler(s, Optional.of(new OnlyTwo()), new int[0]);
      assertThatThrownBy(() -> bound.sample(none.clone(), 1)).isInstanceOf(NotNumbers.class);
      assertThat(free.sample(new float[] {Float.NaN, 7, Float.NaN}, 1)).isEqualTo(1);
    }
  }

  /** Allows the token 2 alone. */
  private static final class OnlyTwo implements Constraint {
    @Override
    public long[] allowed(int remaining) {
      return new long[] {4};
    }

    @Override
    public void accept(int token) {
      assertThat(token).isEqualTo(2);
    }

    @Override
    public boolean finished() {
      return false;
    }
  }

  @Test
  void theSameSeedDrawsTheSame() {
    Random random = new Random(3);
    Sampler a = new Sampler(sampling(0.8, 40, 0.9, 0.01, 1), Optional.empty(), new int[0]);
    Sampler b = new Sampler(sampling(0.8, 40, 0.9, 0.01, 1), Optional.empty(), new int[0]);
    for (int i = 0; i < 200; i++) {
      float[] x = new float[1000];
      for (int j = 0; j < x.length; j++) x[j] = (float) random.nextGaussian() * 3;
      assertThat(a.sample(x.clone(), 1)).isEqualTo(b.sample(x.clone(), 1));
    }
  }

  @Test
  void aWideNucleusOverALargeVocabularyIsExact() {
    // 5,000 equal tokens: a nucleus of 0.5 must keep 2,500 of them, far beyond the first guess.
    Sampler s = new Sampler(sampling(1, 0, 0.5, 0, 1), Optional.empty(), new int[0]);
    int largest = 0;
    for (int i = 0; i < 500; i++) largest = Math.max(largest, s.sample(new float[5000], 1));
    assertThat(largest).isBetween(2300, 2500);
  }

  @Test
  void penaltiesAndBiasMoveTokens() {
    Sampling s = new Sampling(0, 0, 1, 0, 1, 1, 0, 10, Map.of(), 0);
    Sampler frequency = new Sampler(s, Optional.empty(), new int[] {3});
    assertThat(frequency.sample(logits(), 1)).isEqualTo(3);
    assertThat(frequency.sample(logits(), 1)).isEqualTo(0);
    assertThat(frequency.sample(logits(), 1)).isEqualTo(4);
    Sampling r = new Sampling(0, 0, 1, 0, 1, 50, 0, 0, Map.of(), 0);
    assertThat(new Sampler(r, Optional.empty(), new int[] {3}).sample(logits(), 1)).isEqualTo(0);
    Sampling bias = new Sampling(0, 0, 1, 0, 1, 1, 0, 0, Map.of(2, 100.0, 9999, 1.0), 0);
    assertThat(new Sampler(bias, Optional.empty(), new int[0]).sample(logits(), 1)).isEqualTo(2);
  }

  @Test
  void rangesAreChecked() {
    assertThatThrownBy(() -> sampling(-1, 0, 1, 0, 1)).isInstanceOf(BadInput.class);
    assertThatThrownBy(() -> sampling(1, -1, 1, 0, 1)).isInstanceOf(BadInput.class);
    assertThatThrownBy(() -> sampling(1, 0, Double.NaN, 0, 1)).isInstanceOf(BadInput.class);
    assertThatThrownBy(() -> sampling(1, 0, 1.5, 0, 1)).isInstanceOf(BadInput.class);
  }

  @Test
  void whatTheMakerAdvisesGoesBeforeTheFallback() {
    Sampling fallback = new Sampling(0.8, 40, 0.95, 0, 1, 1, 0.5, 0, Map.of(3, 1.0), 7);
    GenerationDefaults silent = advice(Optional.empty(), OptionalDouble.empty());
    assertThat(fallback.advised(silent)).isEqualTo(fallback);
    GenerationDefaults greedy = advice(Optional.of(false), OptionalDouble.empty());
    assertThat(fallback.advised(greedy).temperature()).isZero();
    GenerationDefaults warm = advice(Optional.of(false), OptionalDouble.of(0.6));
    assertThat(fallback.advised(warm).temperature()).isEqualTo(0.6);
    GenerationDefaults all =
        new GenerationDefaults(
            Optional.of(true),
            OptionalDouble.empty(),
            OptionalInt.of(-1),
            OptionalDouble.of(0.5),
            OptionalDouble.of(0.1),
            OptionalDouble.of(1.3),
            Set.of());
    assertThat(fallback.advised(all))
        .isEqualTo(new Sampling(0.8, 0, 0.5, 0.1, 1, 1.3, 0.5, 0, Map.of(3, 1.0), 7));
  }

  private static GenerationDefaults advice(Optional<Boolean> sample, OptionalDouble temperature) {
    return new GenerationDefaults(
        sample,
        temperature,
        OptionalInt.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        Set.of());
  }
}
