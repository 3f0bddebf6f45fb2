package org.puna.checks.correctness;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.puna.checks.Documents;
import org.puna.checks.Published;

/** Computes the page of deviations anew and compares it with the committed one. */
class CorrectnessTest {
  private static final String HEAD =
      """
      # Correctness

      Every fixture that another implementation answered, and how far Puna is from it. A test (`CorrectnessTest` in the module
      `checks`) computes this page and compares it with the committed one; `mvn -q -pl checks -am verify -Dpuna.write-docs=true`
      writes it. Measured deviations depend a little on the machine's vector length and are compared by their size. How near
      training is to PyTorch's stands in [training.md](training.md#how-near-to-pytorch).
      """;

  @Test
  void thePageIsTrue() throws Exception {
    Published.fixture("thirdparty/models/stories260K.gguf");
    StringBuilder page = new StringBuilder(HEAD);
    List<Section> sections =
        List.of(
            new LogitsSection(),
            new EncoderSection(),
            new StorySection(),
            new QuantSection(),
            new TokenizerSection(),
            new TemplateSection());
    for (Section s : sections) {
      page.append('\n').append(s.markdown());
    }
    Documents.check("correctness.md", page.toString());
  }
}
