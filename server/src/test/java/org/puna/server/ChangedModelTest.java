package org.puna.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.model.Checkpoint;
import org.puna.server.serving.ModelSpec;
import org.puna.tensor.Graph;
import org.puna.tensor.Op;
import org.puna.tensor.Value;

/** A model whose forward pass is not its files' alone, beside the plain one. */
class ChangedModelTest {
  @TempDir private Path folder;

  /** The least likely token becomes the likeliest. */
  private static Graph negated(Checkpoint c, int length) {
    Graph plain = c.architecture().forward(c.config(), c.weights(), length);
    Value logits = plain.output();
    int free = plain.ops().stream().mapToInt(op -> op.out().id()).max().orElseThrow() + 1;
    Value out = new Value(free, logits.rows(), logits.perToken(), logits.cols());
    List<Op> ops = new ArrayList<>(plain.ops());
    ops.add(new Op.Scale(out, logits, -1));
    return new Graph(ops, out, plain.layers());
  }

  @Test
  void generatesByItsForwardPassAndDoesNotEmbed() throws Exception {
    Path file = TestServer.model(folder);
    ModelSpec plain = new ModelSpec(TestServer.MODEL, file, false);
    ModelSpec changed =
        new ModelSpec("changed", file, false, Optional.of(ChangedModelTest::negated));
    try (TestServer server =
        TestServer.start(
            List.of(plain, changed.withPinned(true)),
            ServerOptions.local(0),
            TestServer.serving(2, 2, 1L << 30))) {
      assertThat(text(server, "changed")).isNotEqualTo(text(server, TestServer.MODEL));
      HttpResponse<String> r = server.ask("/v1/embeddings", "{'model':'changed','input':'a'}");
      assertThat(r.statusCode()).isEqualTo(400);
      assertThat(r.body()).contains("has adapters");
    }
  }

  private static String text(TestServer server, String model) throws Exception {
    HttpResponse<String> r =
        server.ask(
            "/v1/completions",
            "{'model':'" + model + "','prompt':[5,9,30],'max_tokens':5,'temperature':0}");
    assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
    return server.json(r.body()).path("choices").path(0).path("text").asString();
  }
}
