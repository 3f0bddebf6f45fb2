package org.puna.fleet.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.fleet.Catalogue;
import org.puna.fleet.estimate.Machine;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelShapes;
import org.puna.model.config.ModelSize;

class ServingPlanTest {
  private static final Catalogue CHIPS = Catalogue.shipped();

  private static ServingPlan plan(
      String model, String chip, double users, double rate, int prompt, int context, double bytes) {
    ModelConfig m = ModelShapes.parse(model);
    return ServingPlan.of(
        new ServingPlan.Ask(m, users, rate, prompt, context, 512, bytes, 2),
        Machine.of(CHIPS.get(chip, "test")));
  }

  @Test
  void longerContextsNeverNeedFewerGpus() {
    long before = 0;
    for (int context = 1000; context <= 4000; context += 50) {
      long gpus = plan("llama-3-8b", "H200", 100_000, 30, 500, context, 2).gpus();
      assertThat(gpus).as("context " + context).isGreaterThanOrEqualTo(before);
      before = gpus;
    }
  }

  /** Small batches leave experts unread: 1 − (1 − k/E)^B of them are visited. */
  @ParameterizedTest
  @CsvSource({"deepseek-v3, H200, 100, 60, 1, 32", "mixtral-8x7b, H100, 4, 20, 2, 2"})
  void smallBatchesReadSomeExperts(
      String model, String chip, double users, double rate, double bytes, long gpus) {
    assertThat(plan(model, chip, users, rate, 1, 1024, bytes).gpus()).isEqualTo(gpus);
  }

  @Test
  void expertsThatABatchReads() {
    ModelConfig m = ModelShapes.parse("mixtral-8x7b");
    double all = ModelSize.parameters(m).total();
    assertThat(ServingPlan.weightsRead(m, 1))
        .isCloseTo(ModelSize.activeParameters(m).total(), within(1.0));
    assertThat(ServingPlan.weightsRead(m, 4))
        .isCloseTo(all - ModelSize.expertParameters(m) * 0.75 * 0.75 * 0.75 * 0.75, within(1.0));
    assertThat(ServingPlan.weightsRead(m, 1000)).isCloseTo(all, within(1.0));
  }

  @Test
  void chunksOfLlama4KeepItsCacheSmall() {
    // 12 layers of 131,072 tokens and 36 of 8,192, twice eight heads of 128 in 16 bits.
    double user = 2.0 * 8 * 128 * 2 * (12 * 131_072 + 36 * 8192);
    ModelConfig scout = ModelShapes.parse("llama-4-scout");
    assertThat(ModelSize.kvBytes(scout, 131_072, 2)).isEqualTo(user);
    assertThat(scout.layers().get(3).span()).isEqualTo(new ModelConfig.Span.Full());
    assertThat(scout.layers().get(4).span()).isEqualTo(new ModelConfig.Span.Chunked(8192));
  }

  @Test
  void latentsStandOnEveryGpu() {
    ServingPlan p = plan("deepseek-v3", "H200", 8, 20, 1, 4096, 1);
    // 512 + 64 numbers a layer and position in 16 bits, on each of the GPUs.
    assertThat(p.cacheGb() / p.batch() / p.gpusPerReplica())
        .isCloseTo(61 * 576 * 2.0 * 4096 / 1e9, within(1e-9));
  }

  @Test
  void fewUsersAreAllThatIsDecoded() {
    ServingPlan one = plan("llama-3-8b", "H100", 1, 20, 2048, 4096, 2);
    assertThat(one.batch()).isEqualTo(1);
    assertThat(one.replicas()).isEqualTo(1);
    assertThat(one.tokensPerSecond()).isCloseTo(1e3 / one.stepMillis(), within(1e-9));
    assertThat(one.bound()).isEqualTo("memory bandwidth");
  }

  @Test
  void whatAStepSpendsMostOnIsNamed() {
    ServingPlan p = plan("llama-3-70b", "H100", 1000, 20, 2048, 4096, 2);
    assertThat(p.prefillShare()).isGreaterThan(0.5);
    assertThat(p.bound()).isEqualTo("arithmetic of prompts");
    assertThat(plan("llama-3-8b", "H100", 1e5, 1, 1, 100_000, 2).bound()).isEqualTo("memory size");
  }
}
