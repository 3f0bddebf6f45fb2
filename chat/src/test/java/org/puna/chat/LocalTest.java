package org.puna.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.puna.engine.Sampling;
import org.puna.fixtures.Fixtures;
import org.puna.model.config.BadInput;

/** Models as a program opens and closes them. */
@Timeout(120)
class LocalTest {
  @Test
  void aModelMayBeClosedTwiceAndSaysThatItIsClosed() {
    LocalModel model = LocalModel.open(Fixtures.path("gguf/tiny-f32.gguf"), 64, 1);
    model.close();
    model.close();
    CompletionRequest request = new CompletionRequest("a", Sampling.greedy()).withMaxTokens(1);
    assertThatThrownBy(() -> model.chat().complete(request))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the engine is closed");
  }

  @Test
  void anOpeningThatIsInterruptedSaysSo() {
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> LocalModel.open(Fixtures.path("gguf/tiny-f32.gguf")))
          .isInstanceOf(BadInput.class)
          .hasMessageEndingWith("not read, because the thread was interrupted");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void anEncoderEmbedsAndIsClosedTwice() throws InterruptedException {
    LocalEncoder model = LocalEncoder.open(Fixtures.path("models/bert-embed"));
    Embedder embedder = model.embedder();
    assertThat(model.embedder()).isSameAs(embedder);
    assertThat(embedder.embed(List.of("a", "b")).vectors()).hasSize(2);
    assertThatThrownBy(model::reranker).isInstanceOf(BadInput.class);
    model.close();
    model.close();
    assertThatThrownBy(model::embedder).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> embedder.embed(List.of("a")))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anEncoderRanks() throws InterruptedException {
    try (LocalEncoder model = LocalEncoder.open(Fixtures.path("models/bert-rerank"))) {
      assertThat(model.reranker().rank("a question", List.of("one", "two")).best()).hasSize(2);
    }
  }
}
