package org.puna.fleet.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.fleet.Catalogue;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelShapes;

class CalibratorTest {
  /** A fit of noiseless rows ends at the pull towards the start, not at the last digit. */
  private static final double FITTED = 0.01;

  private static final Catalogue CHIPS = Catalogue.shipped();
  private static final Conditions A100 =
      new Conditions(Machine.of(CHIPS.get("A100", "test")), Recompute.FULL);

  @Test
  void recoversAMachineThatIsSlowerThanTheStart() {
    Calibration truth =
        new Calibration(
            "truth",
            "",
            A100,
            Map.of(Constant.GEMM_EFFICIENCY, 0.8, Constant.HOST_PASS, 3e-3),
            Calibration.Residuals.NONE);
    List<Measurement> rows = new ArrayList<>();
    for (int tp : new int[] {1, 2, 4, 8}) {
      for (int micro : new int[] {1, 2, 4, 8}) {
        for (int pp : new int[] {1, 2}) rows.add(synthetic(truth, tp, micro, pp));
      }
    }
    Calibrator calibrator = new Calibrator(A100, Calibration.uncalibrated(A100));
    Calibration fitted = calibrator.fit("fitted", "synthetic", rows);
    assertThat(fitted.fit().meanAbsolute()).isLessThan(FITTED);
    assertThat(fitted.fit().unseenMeanAbsolute()).isLessThan(2 * FITTED);
  }

  @Test
  void oneDisturbedRowBarelyMovesTheOthers() {
    Calibration truth = Calibration.uncalibrated(A100);
    List<Measurement> rows = new ArrayList<>();
    for (int tp : new int[] {1, 2, 4, 8}) {
      for (int micro : new int[] {1, 2, 4, 8}) rows.add(synthetic(truth, tp, micro, 1));
    }
    Measurement m = rows.removeFirst();
    rows.add(
        new Measurement(
            m.where(),
            m.model(),
            m.seq(),
            m.batch(),
            m.microBatch(),
            m.layout(),
            2 * m.millis(),
            OptionalDouble.empty(),
            0));
    Calibrator calibrator = new Calibrator(A100, truth);
    Calibration fitted = calibrator.fit("fitted", "one row twice as slow", rows);
    assertThat(fitted.fit().medianAbsolute()).isLessThan(FITTED);
    assertThat(fitted.fit().worst()).isCloseTo(0.5, within(0.1));
  }

  private static Measurement synthetic(Calibration truth, int tp, int micro, int pp) {
    Measurement m =
        new Measurement(
            "row",
            ModelShapes.parse("arch=gpt,layers=8,hidden=2048,heads=16,context=1024"),
            1024,
            64,
            micro,
            new Layout(tp, 1, pp, 2, 1, 1),
            1,
            OptionalDouble.empty(),
            0);
    double millis = Calibrator.predictMillis(m, truth, A100);
    return new Measurement(
        m.where(),
        m.model(),
        m.seq(),
        m.batch(),
        m.microBatch(),
        m.layout(),
        millis,
        OptionalDouble.empty(),
        0);
  }

  @Test
  void savesAndFindsByName(@TempDir Path folder) {
    Calibration c =
        new Calibration(
            "mine",
            "my cluster",
            A100,
            Map.of(Constant.LINK_EFFICIENCY, 0.5),
            new ShapeResiduals(List.of(new ShapeResiduals.Shape(8, 4096, 128, 2048, 2, -0.25))),
            new Calibration.Residuals(3, 0.1, 0.05, 0.2, 0.12, 0.3));
    CalibrationFile.save(c, folder);
    Calibration read = CalibrationFile.named("mine", folder, CHIPS);
    assertThat(read).usingRecursiveComparison().ignoringFields("conditions").isEqualTo(c);
    assertThat(read.conditions().recompute()).isEqualTo(Recompute.FULL);
    assertThatThrownBy(() -> CalibrationFile.named("other", folder, CHIPS))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("run puna fleet calibrate");
    assertThatThrownBy(() -> CalibrationFile.named("../x", folder, CHIPS))
        .isInstanceOf(BadInput.class);
    assertThat(CalibrationFile.named("node", folder, CHIPS).fit().rows()).isEqualTo(960);
  }

  @Test
  void tablesNameTheLineOfAMistake() {
    String header =
        "# GPUs,global batch,micro batch,hidden size,attention heads,# layers,sequence length,"
            + "tensor parallelism,data parallelism,pipeline parallelism,iteration time (ms)\n";
    String good = "2,16,8,1024,16,24,1024,1,1,2,372.16\n";
    assertThat(Measurement.read(new StringReader(header + good), "m.csv")).hasSize(1);
    assertThatThrownBy(() ->
            Measurement.read(
                new StringReader(header + good + "2,16,8,1024,16,24,1024,1,1,2,-5\n"), "m.csv"))
        .hasMessageStartingWith("m.csv:3: the iteration time must be positive");
    assertThatThrownBy(() ->
            Measurement.read(
                new StringReader(header + "8,16,8,1024,16,24,1024,1,1,2,5\n"), "m.csv"))
        .hasMessageStartingWith("m.csv:2: layout");
    assertThatThrownBy(() -> Measurement.read(new StringReader("a,b\n1,2\n"), "m.csv"))
        .hasMessageContaining("\"# gpus\" is missing");
  }
}
