package org.puna.fleet.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.fleet.Catalogue;
import org.puna.fleet.estimate.CalibrationFile;
import org.puna.fleet.estimate.Estimate;
import org.puna.fleet.estimate.IterationModel;
import org.puna.fleet.estimate.Layout;
import org.puna.fleet.estimate.Machine;
import org.puna.fleet.estimate.Tuner;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelShapes;
import org.puna.model.config.ModelSize;

class PlannerTest {
  private static final Catalogue CHIPS = Catalogue.shipped();
  private static final Assumptions DEFAULTS = Assumptions.defaults();

  /** What a plan for a budget may leave of it. */
  private static final double LEFT = 0.02;

  private final IterationModel model = new IterationModel(CalibrationFile.cluster(CHIPS));
  private final Planner planner = new Planner(model);
  private final Machine h100 = Machine.of(CHIPS.get("H100", "test"));

  @ParameterizedTest
  @CsvSource({"50e6, 4096", "20e6, 4096", "10e6, 1024"})
  void aBudgetIsSpentAndNotPassed(double usd, int gpus) {
    Map<String, Plan> plans =
        planner.forBudget(usd, h100, gpus, m -> Tuner.Ask.of(m, 4096, 1024), DEFAULTS);
    assertThat(plans).hasSize(2);
    plans.forEach((law, p) -> {
      assertThat(p.rentUsd()).as(law).isBetween((1 - LEFT) * usd, usd);
      assertThat(p.estimate().run().seq()).isEqualTo(4096);
      assertThat(p.estimate().run().batch()).isEqualTo(1024);
    });
  }

  @Test
  void stateThatNoMachineHoldsHasNoPlan() {
    // 12 TB of state of DeepSeek-V3, 5.1 TB of memory.
    Tuner.Ask ask = Tuner.Ask.of(ModelShapes.parse("deepseek-v3"), 4096, 1024);
    assertThatThrownBy(() -> planner.plan(ask, 14.8e12, h100, 64, DEFAULTS, 1))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no layout of 64 H100-80GB-SXM fits");
  }

  /** Days are asked of any number of GPUs, also of fewer than a server has. */
  @ParameterizedTest
  @CsvSource({"10e9, 4, 1000, 1", "1e9, 64, 1000, 1", "10e9, 3, 1.55, 3", "100e9, 64, 3, 16"})
  void daysAreMetWithTheFewestGpus(double tokens, int gpus, double days, int most) {
    Tuner.Ask ask = Tuner.Ask.of(ModelShapes.parse("llama-3.2-1b"), 8192, 512);
    Plan p = planner.within(ask, tokens, h100, gpus, DEFAULTS, days);
    assertThat(p.days()).isLessThanOrEqualTo(days);
    assertThat(p.estimate().gpus()).isLessThanOrEqualTo(most);
  }

  @Test
  void stepsOfASearchEndAtAllGpus() {
    Planner.Steps steps = new Planner.Steps(8, 20);
    assertThat(LongStream.rangeClosed(1, steps.last()).map(steps::gpus))
        .containsExactly(1L, 2L, 4L, 8L, 16L, 20L);
    assertThat(new Planner.Steps(8, 3).last()).isEqualTo(3);
    assertThat(new Planner.Steps(8, 8).last()).isEqualTo(4);
    assertThat(new Planner.Steps(1, 5).last()).isEqualTo(5);
    assertThat(new Planner.Steps(8, 1).last()).isEqualTo(1);
  }

  @Test
  void theFormulaOfUtilisationIsTheOneInUse() {
    ModelConfig m = ModelShapes.parse("llama-3.1-8b");
    int seq = 131_072;
    Tuner tuner = new Tuner(model);
    Estimate e = tuner.best(Tuner.Ask.of(m, seq, 8), new Layout(8, 16, 1, 8, 1, 1), h100);
    ModelSize.Parameters p = ModelSize.parameters(m);
    // 6·N + 6·L·H·Q·T over the BF16 peak, as MFU_FORMULA says.
    double perToken = 6.0 * (p.total() - p.embedding()) + 6.0 * 32 * 4096 * seq;
    double mfu = e.run().tokens() / e.seconds() * perToken / (e.gpus() * 989e12);
    assertThat(e.mfu()).isCloseTo(mfu, within(1e-4 * mfu));
    assertThat(Plan.formulas()).containsEntry("MFU", Estimate.MFU_FORMULA);
  }

  @Test
  void anAssumedPowerIsNamed() {
    assertThat(DEFAULTS.on(CHIPS.get("TPU-v4", "test")).sources().get("power of a GPU"))
        .startsWith("700 W: assumed")
        .contains("TPU-v4");
    assertThat(DEFAULTS.on(h100.chip()).sources()).doesNotContainKey("power of a GPU");
  }

  private static ServingPlan.Ask ask(String shape, double users) {
    return new ServingPlan.Ask(ModelShapes.parse(shape), users, 20, 2048, 4096, 512, 2, 2);
  }

  @Test
  void gpusBeyondTheKeyValueHeadsRepeatThem() {
    String wide = "layers=80,hidden=8192,heads=64,ffn=28672,vocab=128256,context=8192,kv_heads=";
    ServingPlan one = ServingPlan.of(ask(wide + 1, 1e5), h100);
    ServingPlan eight = ServingPlan.of(ask(wide + 8, 1e5), h100);
    assertThat(one.gpusPerReplica()).isGreaterThan(1);
    double ofUser = one.cacheGb() / one.batch() * 8 / one.gpusPerReplica();
    assertThat(ofUser).isCloseTo(eight.cacheGb() / eight.batch(), within(1e-9));
  }

  @Test
  void weightsThatDoNotFitAreNamed() {
    assertThatThrownBy(() -> ServingPlan.of(ask("llama-3.1-405b", 5), h100))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("811.7 GB of weights")
        .hasMessageContaining("do not fit")
        .hasMessageContaining("--weight-bits");
    assertThat(OptionalInt.of(ServingPlan.of(ask("llama-3-8b", 5), h100).gpusPerReplica()))
        .hasValue(1);
  }
}
