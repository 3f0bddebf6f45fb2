package org.puna.checks.correctness;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
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
      the gradient within 0.1%). It also has transformers read a release, and compares the merges of the tokenizers library. Where that
      Python has peft too (Debian has no package of it), peft makes adapters of random ranks, scales and targets for these models: six
      steps of training are compared likewise, then the logits of the merged model with those of peft's own adapter and of
      Puna's as peft reads it (within 1e-3). `EncodersTest` does the same for BERT, RoBERTa and XLM-RoBERTa, each with a tokenizer
      learned for it (WordPiece, byte-level BPE, Unigram): embeddings by the mean and by the first token (1e-5) and scores of pairs
      (1e-4), from the texts on.
      """;

  /** What needs no published file: words changed in the page alone are found on any machine. */
  @Test
  void thePageBeginsWithTheWordsHere() throws Exception {
    String page = Files.readString(Documents.root().resolve("docs/correctness.md"));
    assertThat(page).startsWith(HEAD);
  }

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
