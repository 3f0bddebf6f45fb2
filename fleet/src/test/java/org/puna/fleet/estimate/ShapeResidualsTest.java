package org.puna.fleet.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.puna.fleet.Catalogue;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.ModelShapes;

class ShapeResidualsTest {
  /**
   * What is left of a residual that several rows share: the noise that they are believed to have.
   */
  private static final double LEFT = 0.02;

  private static final double NOTHING = 1e-6;

  private static final Conditions A100 =
      new Conditions(Machine.of(Catalogue.shipped().get("A100", "test")), Recompute.FULL);

  private static TrainingRun run(int tp, int width, int micro) {
    return new TrainingRun(
        ModelShapes.parse(
            "arch=gpt,layers=8,hidden=" + width + ",heads=" + width / 128 + ",context=1024"),
        1024,
        64,
        micro,
        new Layout(tp, 1, 1, 2, 1, 1),
        Machine.Precision.BF16,
        Recompute.FULL,
        0,
        TrainingRun.Software.MEGATRON_2021);
  }

  private static ShapeResiduals slowBy(double log, TrainingRun... runs) {
    return ShapeResiduals.of(
        List.of(runs),
        Collections.nCopies(runs.length, log).stream().mapToDouble(r -> r).toArray());
  }

  @Test
  void repeatedMeasurementsAreBelieved() {
    ShapeResiduals r = slowBy(0.1, run(4, 4096, 2), run(4, 4096, 2), run(4, 4096, 2));
    assertThat(r.logRatio(run(4, 4096, 2))).isCloseTo(0.1, within(LEFT));
  }

  @Test
  void anotherMicroBatchIsTheSameLayerAndAnotherModelFar() {
    ShapeResiduals r = slowBy(0.1, run(4, 4096, 2), run(4, 4096, 2));
    double here = r.logRatio(run(4, 4096, 2));
    assertThat(r.logRatio(run(4, 4096, 32))).isEqualTo(here);
    assertThat(r.logRatio(run(4, 16_384, 2))).isCloseTo(0, within(NOTHING));
    assertThat(r.logRatio(run(1, 4096, 2))).isLessThan(LEFT * here);
  }

  @Test
  void aMicroBatchIsRememberedByItselfOnlyWithManyRows() {
    List<TrainingRun> runs = new ArrayList<>();
    for (int i = 0; i < 3 * ShapeResiduals.LEAST_ROWS; i++) runs.add(run(4, 4096, 1));
    double[] ratios = new double[runs.size() + ShapeResiduals.LEAST_ROWS];
    for (int i = 1; i < ShapeResiduals.LEAST_ROWS; i++) runs.add(run(4, 4096, 2));
    Arrays.fill(ratios, runs.size() - ShapeResiduals.LEAST_ROWS + 1, ratios.length, 0.1);
    ShapeResiduals few = ShapeResiduals.of(runs, Arrays.copyOf(ratios, runs.size()));
    assertThat(few.logRatio(run(4, 4096, 2))).isEqualTo(few.logRatio(run(4, 4096, 4)));
    runs.add(run(4, 4096, 2));
    ShapeResiduals many = ShapeResiduals.of(runs, ratios);
    assertThat(many.logRatio(run(4, 4096, 2))).isCloseTo(0.1, within(LEFT));
    assertThat(many.logRatio(run(4, 4096, 1))).isCloseTo(0, within(LEFT));
    assertThat(many.logRatio(run(4, 4096, 4))).isCloseTo(0, within(LEFT));
  }

  @Test
  void oneDisturbedRowDoesNotBendItsNeighbours() {
    List<TrainingRun> runs = new ArrayList<>();
    for (int micro : new int[] {1, 2, 4, 8}) runs.add(run(8, 4096, micro));
    ShapeResiduals r = ShapeResiduals.of(runs, new double[] {0, 0, 0, 0.7});
    for (TrainingRun run : runs) assertThat(r.logRatio(run)).isCloseTo(0, within(2 * LEFT));
  }

  @Test
  void onlyTheMeasuredMachineIsCorrected() {
    Calibration constants = Calibration.uncalibrated(A100);
    Calibration remembers =
        new Calibration(
            "remembers",
            "",
            A100,
            constants.values(),
            slowBy(0.1, run(4, 4096, 2), run(4, 4096, 2)),
            Calibration.Residuals.NONE);
    Machine here = A100.machine();
    Machine elsewhere = here.withScaleOut(50, "test");
    TrainingRun run = run(4, 4096, 2);
    IterationModel with = new IterationModel(remembers);
    IterationModel without = new IterationModel(constants);
    assertThat(with.seconds(run, here)).isGreaterThan(1.05 * without.seconds(run, here));
    assertThat(with.seconds(run, elsewhere)).isEqualTo(without.seconds(run, elsewhere));
    Estimate e = with.estimate(run, here);
    assertThat(e.breakdown()).containsKey("beyond the model, as measured");
  }

  @Test
  void pipelineAndReplicasAreNoMatterOfShape() {
    ShapeResiduals r = slowBy(0.1, run(4, 4096, 2), run(4, 4096, 2));
    TrainingRun run = run(4, 4096, 2);
    TrainingRun other =
        new TrainingRun(
            run.model(),
            run.seq(),
            run.batch(),
            run.microBatch(),
            new Layout(4, 1, 2, 8, 1, 1),
            run.precision(),
            run.recompute(),
            run.zero(),
            run.software());
    assertThat(r.shapes()).hasSize(1);
    assertThat(r.logRatio(other)).isEqualTo(r.logRatio(run));
  }

  @Test
  void longTablesAreCut() {
    List<TrainingRun> runs = new ArrayList<>();
    for (int i = 0; i <= ShapeResiduals.MOST; i++) runs.add(run(1, 128 * (i + 1), 1));
    ShapeResiduals r = ShapeResiduals.of(runs, new double[runs.size()]);
    assertThat(r.shapes()).hasSize(ShapeResiduals.MOST);
  }
}
