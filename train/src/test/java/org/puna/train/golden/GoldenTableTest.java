package org.puna.train.golden;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.puna.train.tape.Recompute;

/**
 * The tables of deviations in {@code docs/training.md} are what the runs say; with {@code
 * -Dpuna.write-docs=true} they are written.
 */
class GoldenTableTest {
  /** What a run deviates by, and its name in the table. */
  private record Row(String name, Deviation deviation) {}

  @Test
  void theTablesAreTrue() throws IOException {
    List<Row> rows = new ArrayList<>();
    for (Recompute r : Recompute.values()) {
      try (GoldenRuns runs = GoldenRunsTest.vector(r)) {
        String kept = r.name().toLowerCase(Locale.ROOT);
        rows.add(new Row("pretraining, recomputing " + kept, runs.pretraining()));
      }
    }
    try (GoldenRuns runs = GoldenRunsTest.scalar()) {
      rows.add(new Row("pretraining, scalar kernels", runs.pretraining()));
    }
    try (GoldenRuns runs = GoldenRunsTest.vector(Recompute.CHEAP)) {
      List<Deviation> both = runs.adapters();
      rows.add(new Row("LoRA, 8 adapter tensors", both.getFirst()));
      rows.add(new Row("LoRA, merged", both.getLast()));
      rows.add(new Row("distillation", runs.distillation()));
      rows.add(new Row("preference (DPO)", runs.preference()));
    }
    for (Row r : rows) GoldenRunsTest.near(r.deviation, r.deviation.steps());
    WrittenPart.check("training.md", "golden", page(rows));
  }

  private static String page(List<Row> rows) {
    StringBuilder out =
        new StringBuilder(
            """
            | run | steps | loss | gradient norm | step-0 gradients | final weights, largest | final weights, RMS |
            |---|---:|---:|---:|---:|---:|---:|
            """);
    out.append("| *tolerance* | | ");
    for (double t :
        new double[] {
          GoldenRunsTest.LOSS,
          GoldenRunsTest.NORM,
          GoldenRunsTest.GRADIENT,
          GoldenRunsTest.WEIGHT,
          GoldenRunsTest.WEIGHT_RMS
        }) {
      out.append(new BigDecimal(Double.toString(t)).toPlainString()).append(" | ");
    }
    out.setLength(out.length() - 1);
    out.append('\n');
    for (Row r : rows) {
      Deviation d = r.deviation;
      boolean steps = d.steps() > 0;
      out.append("| ").append(r.name).append(" | ").append(steps ? d.steps() : "");
      for (OptionalDouble x :
          List.of(
              steps ? OptionalDouble.of(d.loss()) : OptionalDouble.empty(),
              d.norm(),
              d.gradient(),
              d.weight(Deviation.Weight::largest),
              d.weight(Deviation.Weight::rms))) {
        out.append(" | ").append(shown(x));
      }
      out.append(" |\n");
    }
    return out.append('\n').append(tensors(rows.getFirst().deviation)).toString();
  }

  private static String tensors(Deviation d) {
    StringBuilder out =
        new StringBuilder(
            """
            Tensor by tensor, the first of these runs:

            | tensor | step-0 gradient | final weights, largest | final weights, RMS |
            |---|---:|---:|---:|
            """);
    assertThat(d.weights().keySet()).isEqualTo(d.gradients().keySet());
    d.gradients()
        .forEach((name, gradient) -> {
          Deviation.Weight w = d.weights().get(name);
          assertThat(w).isNotNull();
          out.append("| `").append(name).append('`');
          for (double x : new double[] {gradient, w.largest(), w.rms()}) {
            out.append(" | ").append(shown(OptionalDouble.of(x)));
          }
          out.append(" |\n");
        });
    return out.toString();
  }

  private static String shown(OptionalDouble x) {
    return x.isEmpty() ? "" : String.format(Locale.ROOT, "%.1e", x.getAsDouble());
  }
}
