package org.puna.fleet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.puna.model.config.BadInput;

class TraceFuzzTest {
  private static final String[] CELLS = {
    "",
    "0",
    "1",
    "8",
    "-1",
    "1e300",
    "NaN",
    "any",
    "X",
    "X|X",
    "yes",
    "2025-01-01",
    "9999-12-31",
    "2025-01-01T25:00",
    "2025-01-01T00:00+99:99",
    "\"",
    "\u0660",
    "a,b",
    "1.5",
    "99999999999"
  };

  @Property(tries = 2000)
  void everyFileIsJobsOrOneLine(@ForAll long seed) {
    SplittableRandom r = new SplittableRandom(seed);
    StringBuilder text = new StringBuilder("submit,gpus,chip,hours,priority,checkpoint_minutes\n");
    for (int row = r.nextInt(4); row >= 0; row--) {
      for (int c = 0; c < 6; c++) {
        text.append(c == 0 ? "" : ",").append(CELLS[r.nextInt(CELLS.length)]);
      }
      text.append('\n');
    }
    try {
      Trace t =
          Trace.read(
              new StringReader(text.toString()),
              "f.csv",
              Jobs.fleet(64, 8, 4, 2),
              Optional.empty(),
              List.of());
      SimResult result =
          Simulation.run(Jobs.fleet(64, 8, 4, 2), t.jobs(), Jobs.calm(Jobs.DAY), Progress.NONE);
      assertThat(result.outcomes()).hasSameSizeAs(t.jobs());
    } catch (BadInput e) {
      assertThat(e.getMessage()).startsWith("f.csv").doesNotContain("\n");
    }
  }
}
