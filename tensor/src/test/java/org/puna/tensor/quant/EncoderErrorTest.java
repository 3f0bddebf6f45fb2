package org.puna.tensor.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Round-trip errors of the encoders on a fixed sample: the root mean square as a share of that of
 * the numbers. The bounds are what the search reached when it was written, plus two percent; a
 * format without a search is listed beside them for comparison.
 */
class EncoderErrorTest {
  private static final int NUMBERS = 256 * 200;
  private static final long SEED = 20260101;

  @ParameterizedTest
  @CsvSource({
    "Q2_K, 0.2669, 0.2936",
    "Q3_K, 0.1461, 0.1930",
    "Q4_0, 0.0874, 0.1341",
    "Q4_K, 0.0712, 0.0893",
    "Q5_K, 0.0351, 0.0442",
    "Q6_K, 0.0172, 0.0245",
    "Q8_0, 0.0055, 0.0085",
    "IQ4_NL, 0.0750, 0.1013",
    "IQ4_XS, 0.0756, 0.1029",
    "MXFP4, 0.1160, 0.1451",
  })
  void roundTripError(String name, double normalBound, double heavyBound) {
    BlockFormat f = BlockFormats.byName(name).orElseThrow();
    double normal = error(f, sample(false));
    double heavy = error(f, sample(true));
    System.getLogger("quant")
        .log(
            System.Logger.Level.INFO,
            String.format("%s: error normal %.5f, heavy-tailed %.5f", name, normal, heavy));
    assertThat(normal).isLessThan(normalBound);
    assertThat(heavy).isLessThan(heavyBound);
  }

  private static double error(BlockFormat f, float[] x) {
    float[] back = BlockFormatsTest.roundTrip(f, x);
    double error = 0;
    double size = 0;
    for (int i = 0; i < x.length; i++) {
      error += (back[i] - x[i]) * (double) (back[i] - x[i]);
      size += x[i] * (double) x[i];
    }
    return Math.sqrt(error / size);
  }

  /** Normal numbers, or normal numbers of which one in fifty is six times as large. */
  private static float[] sample(boolean heavy) {
    Random random = new Random(SEED);
    float[] x = new float[NUMBERS];
    for (int i = 0; i < x.length; i++) {
      x[i] = 0.02f * (float) random.nextGaussian();
      if (heavy && random.nextInt(50) == 0) x[i] *= 6;
    }
    return x;
  }
}
