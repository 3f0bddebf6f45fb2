package org.puna.fleet.formula;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.model.config.ModelShapes;

/** Each formula against a number that was printed by others. */
class PublishedNumbersTest {
  private static final double DAY = 86_400;

  @Test
  void gpt3Takes34DaysOn1024A100() {
    // Narayanan et al. 2021, section 5.1: 175B, 300B tokens, 140 TFLOP/s: 34 days; 1T: 84 days.
    double gpt3 = TrainingTime.seconds(175e9, 300e9, 1024, 140e12, true) / DAY;
    double trillion = TrainingTime.seconds(1008e9, 450e9, 3072, 163e12, true) / DAY;
    assertThat(gpt3).isCloseTo(34, within(0.5));
    assertThat(trillion).isCloseTo(84, within(0.5));
  }

  @ParameterizedTest
  @CsvSource({"16384, 1.8", "131072, 0.23"})
  void meanTimeBetweenFailuresOfMetasClusters(int gpus, double hours) {
    // Kokolis et al. 2024: 6.5 failures per thousand server-days of eight GPUs.
    double perGpuHour = 6.5 / 1000 / 24 / 8;
    assertThat(Interruptions.meanHoursBetween(gpus, perGpuHour)).isCloseTo(hours, within(0.05));
  }

  @Test
  void llama3HasAnInterruptionEveryThreeHours() {
    double mean = Interruptions.meanHoursBetween(16_384, Interruptions.LLAMA3_PER_GPU_HOUR);
    assertThat(mean).isCloseTo(3.09, within(0.01));
    assertThat(Interruptions.expected(16_384, 54 * 24, Interruptions.LLAMA3_PER_GPU_HOUR))
        .isCloseTo(419, within(1e-6));
  }

  @Test
  void dalysIntervalIsTheMinimumOfHisModel() {
    // Daly 2006 states less than a tenth of a percent above the true minimum for δ < M/2.
    double m = 3.09 * 3600;
    for (double checkpoint : new double[] {10, 60, 600}) {
      double best = 0;
      for (double t = 60; t < m; t += 1) {
        best = Math.max(best, CheckpointInterval.effective(t, checkpoint, 300, m));
      }
      double daly =
          CheckpointInterval.effective(CheckpointInterval.daly(checkpoint, m), checkpoint, 300, m);
      assertThat(daly).isGreaterThan(best * 0.999);
    }
    // The Llama 3 paper reports more than 90% effective training time.
    assertThat(CheckpointInterval.effective(CheckpointInterval.daly(10, m), 10, 600, m))
        .isGreaterThan(0.9);
  }

  @ParameterizedTest
  @CsvSource({"184320, 31.22", "368640, 62.44", "1720320, 291.42"})
  void carbonOfLlama2(double gpuHours, double tonnes) {
    // Llama 2 paper, table 2: at 400 W; its three rows share one carbon intensity.
    double kwh = Energy.kiloWattHours(gpuHours, 400, 1, 1);
    assertThat(Energy.tonnes(kwh, 0.42345)).isCloseTo(tonnes, within(0.05));
  }

  @Test
  void utilisationOfPalm() {
    // PaLM paper, section 4.1: 238.3K tokens/s on 6,144 TPU v4: 46.2%.
    double mfu =
        ModelFlopsUtilization.of(ModelShapes.parse("palm-540b"), 2048, 238_300, 6144, 275e12);
    assertThat(mfu).isCloseTo(0.462, within(0.001));
  }

  @Test
  void bubbleOfTheWeakScalingExperiment() {
    // Narayanan et al. 2021, section 5.3.1: (p − 1)/m shrinks as the batch grows; 8 stages, 128
    // micro-batches lose 5.5%, eightfold interleaving an eighth of it.
    assertThat(PipelineBubble.fraction(8, 128, 1)).isCloseTo(0.0547, within(1e-4));
    assertThat(PipelineBubble.fraction(8, 128, 8)).isCloseTo(0.00684, within(1e-5));
  }

  @Test
  void optimaOfChinchillaAndLlama3() {
    // Chinchilla: Gopher's 5.76e23 FLOPs are best spent on 67B (approach 1) and 1.5T tokens.
    ComputeOptimal.Optimum c = ComputeOptimal.chinchilla(5.76e23);
    assertThat(c.parameters() / 1e9).isCloseTo(67, within(4.0));
    assertThat(c.tokens() / 1e12).isCloseTo(1.4, within(0.1));
    // Llama 3 paper: 3.8e25 FLOPs: 402B parameters on 16.55T tokens. 6·402e9·16.55e12 is 3.99e25,
    // so the paper's pair is itself 5% off its budget.
    ComputeOptimal.Optimum l = ComputeOptimal.llama3(3.8e25);
    assertThat(l.tokens() / 1e12).isCloseTo(16.55, within(0.2));
    assertThat(l.parameters() / 1e9).isCloseTo(402, within(25.0));
  }

  @Test
  void decodingStepOfAFiftyTwoBillionModel() {
    // Chen 2022, Transformer Inference Arithmetic: 52B in 16 bits on 4 A100 of 1.5 TB/s: 17 ms.
    double s = DecodeRoofline.seconds(104e9, 0, 104e9, 4 * 1.5e12, 4 * 312e12);
    assertThat(s * 1000).isCloseTo(17, within(0.5));
  }
}
