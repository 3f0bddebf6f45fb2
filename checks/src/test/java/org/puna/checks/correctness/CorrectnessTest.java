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

      Fixtures are few. Where a Python with PyTorch and transformers is at hand (`PUNA_PYTHON`, else `python3`; `.ci/python FOLDER`
      brings one), `TransformersTest` makes 24 models of random shapes, options and weights, three of each family of decoders, and
      holds Puna against the libraries: logits at once and in pieces, greedy tokens, six steps of training (loss within 1e-4, length of
      the gradient within 0.1%). It also has transformers read a release, and compares the merges of the tokenizers library.
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
