package org.puna.langchain4j;

import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.common.AbstractEmbeddingModelIT;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterAll;
import org.puna.chat.Embedder;
import org.puna.engine.Encoders;
import org.puna.fixtures.Fixtures;
import org.puna.model.Checkpoint;
import org.puna.tensor.Backend;
import org.puna.tensor.backends.Backends;

/** LangChain4j's tests of embedding models, on a small encoder. */
class PunaEmbeddingModelTest extends AbstractEmbeddingModelIT {
  private final Checkpoint checkpoint = Checkpoint.open(Fixtures.path("models/bert-embed"));
  private final Backend backend = Backends.open("auto", 2);
  private final Embedder embedder = Embedder.of(new Encoders(checkpoint, backend));

  /** One that reads less than any text has. */
  private final Embedder strict =
      Embedder.of(
          new Encoders(checkpoint, backend),
          new Embedder.Options(Optional.empty(), Optional.empty(), OptionalInt.of(1), false));

  @AfterAll
  void close() {
    strict.close();
    embedder.close();
    backend.close();
    checkpoint.close();
  }

  private static EmbeddingModel model(Embedder embedder, EmbeddingModelListener... listeners) {
    return PunaEmbeddingModel.builder()
        .model(embedder)
        .modelName("bert-embed")
        .queryPrefix("query: ")
        .documentPrefix("passage: ")
        .listeners(List.of(listeners))
        .build();
  }

  @Override
  protected List<EmbeddingModel> models() {
    return List.of(model(embedder));
  }

  @Override
  protected EmbeddingModel modelWith(EmbeddingModelListener listener) {
    return model(embedder, listener);
  }

  @Override
  protected EmbeddingModel failingModelWith(EmbeddingModelListener listener) {
    return model(strict, listener);
  }

  @Override
  protected int dimensionsParameter() {
    return 16; // The fixture's vectors are shorter than the tests' 256.
  }

  @Override
  protected boolean supportsImageInput() {
    return false; // No architecture here sees images.
  }
}
