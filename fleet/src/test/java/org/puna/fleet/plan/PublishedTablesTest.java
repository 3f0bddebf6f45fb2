package org.puna.fleet.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.puna.fleet.Catalogue;
import org.puna.fleet.estimate.CalibrationFile;
import org.puna.fleet.estimate.IterationModel;
import org.puna.model.config.BadInput;

class PublishedTablesTest {
  private static final Catalogue CHIPS = Catalogue.shipped();
  private static final String HEADER =
      "model,active_params_b,tokens_t,gpu,gpu_hours,gpus,global_batch_seqs,shape\n";

  private static List<PublishedTables.Row> runs(String rows) {
    IterationModel model = new IterationModel(CalibrationFile.cluster(CHIPS));
    return PublishedTables.runs(new StringReader(HEADER + rows), "runs.csv", CHIPS, model);
  }

  @Test
  void aShapeAndWhatElseIsGivenAreUsed() {
    String wide = "\"layers=8,hidden=8192,heads=64,ffn=22016,vocab=32000,context=2048\"";
    String narrow = "\"layers=8,hidden=4096,heads=32,ffn=11008,vocab=32000,context=2048\"";
    String run = "a model,3,0.1,A100-80GB-SXM,1000,64,1024,";
    List<PublishedTables.Row> rows = runs(run + wide + "\n" + run + narrow + "\n");
    assertThat(rows.getFirst().predicted()).isGreaterThan(2 * rows.getLast().predicted());
    assertThat(rows)
        .allSatisfy(r -> assertThat(r.detail()).endsWith("GPUs and batch of the table"));
  }

  @Test
  void aShapeThatIsNoneIsNamedWithItsLine() {
    assertThatThrownBy(() -> runs("a model,3,0.1,A100-80GB-SXM,1000,64,1024,\"layers=x\"\n"))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("runs.csv:2: shape: ");
  }
}
