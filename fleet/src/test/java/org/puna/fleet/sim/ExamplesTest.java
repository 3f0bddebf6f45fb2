package org.puna.fleet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Reader;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.puna.fleet.Catalogue;
import org.puna.fleet.Inventory;
import org.puna.fleet.InventoryReader;

/** The examples that the documentation runs. */
class ExamplesTest {
  private static final Path FOLDER = Path.of("examples");

  @Test
  void theExampleTraceRunsToItsEnd() throws Exception {
    Inventory inventory =
        InventoryReader.read(FOLDER.resolve("two-sites.yaml"), Catalogue.shipped());
    FleetSpec fleet = FleetSpec.of(inventory, 32, 0.01, Jobs.START);
    assertThat(fleet.pools().get(1).readyMillis()).isEqualTo(31 * Jobs.DAY);
    List<TeamPolicy> teams;
    try (Reader text = Trace.open(FOLDER.resolve("teams.csv"), "teams")) {
      teams = TeamPolicy.read(text, "teams.csv");
    }
    try (Reader text = Trace.open(FOLDER.resolve("jobs.csv"), "jobs")) {
      Trace trace = Trace.read(text, "jobs.csv", fleet, Optional.empty(), teams);
      SimConfig config = SimConfig.defaults(1, trace.start(), 365 * Jobs.DAY);
      SimResult r = Simulation.run(fleet, trace.jobs(), config, Progress.NONE, Audit::check);
      assertThat(r.report().jobs().finished()).isEqualTo(trace.jobs().size());
    }
  }
}
