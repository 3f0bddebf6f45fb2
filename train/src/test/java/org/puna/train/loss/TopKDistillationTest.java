package org.puna.train.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.cpu.scalar.ScalarGradKernels;

class TopKDistillationTest {
  private static final int ROWS = 5;
  private static final int VOCAB = 23;

  /** Differences of float32 logits of about 1, a thousandth apart. */
  private static final double DIFFERENCE = 2e-4;

  /** Log-probabilities are kept in float32. */
  private static final double ROUNDING = 1e-5;

  private static Team team;
  private static GradKernels grads;

  @BeforeAll
  static void open() {
    team = new Team(2);
    grads = new ScalarGradKernels();
  }

  @AfterAll
  static void close() {
    grads.close();
    team.close();
  }

  private static float[] logits(long seed) {
    Random random = new Random(seed);
    float[] x = new float[ROWS * VOCAB];
    for (int i = 0; i < x.length; i++) x[i] = (float) (2 * random.nextGaussian());
    return x;
  }

  private static final int[] TARGETS = {3, 0, 22, 7, 7};
  private static final float[] WEIGHTS = {0.2f, 0.5f, -0.1f, 1, 0.3f};

  private static TopK kept(float[] teacher, int k, double temperature) {
    TopK to = TopK.room(k, ROWS);
    // In two pieces, as chunks of logits come.
    var taking = new TopKTaking(to, temperature);
    assertThat(taking.apply(team, grads, teacher.clone(), 0, 2, VOCAB)).isZero();
    float[] rest = java.util.Arrays.copyOfRange(teacher, 2 * VOCAB, teacher.length);
    taking.apply(team, grads, rest, 2, ROWS - 2, VOCAB);
    return to;
  }

  private static double loss(float[] logits, TopK told, double alpha, double temperature) {
    return new TopKDistillation(TARGETS, WEIGHTS, told, alpha, temperature)
        .apply(team, grads, logits, 0, ROWS, VOCAB);
  }

  @Test
  void theLikeliestAreTakenWithTheRest() {
    float[] x = logits(1);
    x[4] = x[9]; // two that are equally likely
    TopK t = kept(x, 6, 1.5);
    for (int r = 0; r < ROWS; r++) {
      double z = 0;
      for (int i = 0; i < VOCAB; i++) z += Math.exp(x[r * VOCAB + i] / 1.5);
      double least = Double.POSITIVE_INFINITY;
      double sum = Math.exp(t.rest()[r]);
      boolean[] named = new boolean[VOCAB];
      for (int i = 0; i < 6; i++) {
        int id = t.ids()[r * 6 + i];
        if (i > 0) assertThat(id).isGreaterThan(t.ids()[r * 6 + i - 1]);
        named[id] = true;
        least = Math.min(least, x[r * VOCAB + id]);
        double p = Math.exp(t.logProbs()[r * 6 + i]);
        assertThat(p).isCloseTo(Math.exp(x[r * VOCAB + id] / 1.5) / z, within(ROUNDING));
        sum += p;
      }
      assertThat(sum).isCloseTo(1, within(ROUNDING));
      for (int i = 0; i < VOCAB; i++) {
        if (!named[i]) assertThat((double) x[r * VOCAB + i]).isLessThanOrEqualTo(least);
      }
    }
    assertThat(kept(x, VOCAB, 1).rest()).containsOnly(Float.NEGATIVE_INFINITY);
  }

  @ParameterizedTest
  @CsvSource({"1, 0.5, 2", "6, 1, 1", "6, 0.3, 1.7", "22, 1, 0.8", "23, 0.5, 2", "6, 0, 2"})
  void theGradientIsThatOfTheLoss(int k, double alpha, double temperature) {
    TopK told = kept(logits(2), k, temperature);
    float[] x = logits(3);
    float[] slopes = x.clone();
    loss(slopes, told, alpha, temperature);
    double step = 1e-2;
    for (int i = 0; i < x.length; i++) {
      float[] up = x.clone();
      float[] down = x.clone();
      up[i] += (float) step;
      down[i] -= (float) step;
      double expected =
          (loss(up, told, alpha, temperature) - loss(down, told, alpha, temperature))
              / ((double) (x[i] + (float) step) - (x[i] - (float) step));
      assertThat((double) slopes[i]).isCloseTo(expected, within(DIFFERENCE));
    }
  }

  @Test
  void allTokensAreTheWholeDivergence() {
    float[] teacher = logits(4);
    float[] whole = logits(5);
    float[] kept = whole.clone();
    double expected =
        new Distillation(TARGETS, WEIGHTS, (_, _) -> teacher, 0.4, 2)
            .apply(team, grads, whole, 0, ROWS, VOCAB);
    double found = loss(kept, kept(teacher, VOCAB, 2), 0.4, 2);
    assertThat(found).isCloseTo(expected, within(ROUNDING));
    for (int i = 0; i < whole.length; i++) {
      assertThat((double) kept[i]).isCloseTo(whole[i], within(ROUNDING));
    }
  }

  /** Joining outcomes can only lose what tells two distributions apart. */
  @Test
  void fewerTokensAreNeverMoreThanAll() {
    float[] teacher = logits(6);
    float[] ones = new float[ROWS];
    java.util.Arrays.fill(ones, 1);
    double before = 0;
    for (int k = 1; k <= VOCAB; k++) {
      double found =
          new TopKDistillation(TARGETS, ones, kept(teacher, k, 1), 1, 1)
              .apply(team, grads, logits(7), 0, ROWS, VOCAB);
      assertThat(found).isGreaterThanOrEqualTo(before - ROUNDING);
      before = found;
    }
    assertThat(before).isPositive();
  }

  @Test
  void theTeacherItselfHasNothingToLearn() {
    float[] x = logits(8);
    TopK told = kept(x, 4, 2);
    assertThat(loss(x, told, 1, 2)).isCloseTo(0, within(ROUNDING));
    for (float slope : x) assertThat((double) slope).isCloseTo(0, within(ROUNDING));
  }
}
