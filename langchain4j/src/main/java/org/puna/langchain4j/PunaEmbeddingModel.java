package org.puna.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.embedding.request.EmbeddingParameter;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.request.EmbeddingRequestParameters;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.embedding.response.EmbeddingResponseMetadata;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.output.TokenUsage;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.puna.chat.Embedder;
import org.puna.chat.LocalEncoder;

/**
 * An embedder of this process as LangChain4j's {@link EmbeddingModel}. Any number of threads may
 * ask; their texts share steps.
 */
public final class PunaEmbeddingModel implements EmbeddingModel {
  private final Embedder embedder;
  private final String modelName;
  private final String queryPrefix;
  private final String documentPrefix;
  private final List<EmbeddingModelListener> listeners;

  private PunaEmbeddingModel(Builder b, Embedder embedder) {
    this.embedder = embedder;
    modelName = b.modelName;
    queryPrefix = b.queryPrefix;
    documentPrefix = b.documentPrefix;
    listeners = b.listeners;
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public EmbeddingResponse doEmbed(EmbeddingRequest request) {
    EmbeddingRequestParameters p = request.parameters();
    String prefix = prefix(p.inputType());
    List<String> texts = request.inputs().stream().map(i -> prefix + i.text()).toList();
    Integer dimensions = p.dimensions();
    Embedder.Embeddings found =
        embed(texts, dimensions == null ? OptionalInt.empty() : OptionalInt.of(dimensions));
    return EmbeddingResponse.builder()
        .embeddings(found.vectors().stream().map(Embedding::from).toList())
        .metadata(
            EmbeddingResponseMetadata.builder()
                .modelName(modelName)
                .tokenUsage(new TokenUsage(found.totalTokens()))
                .build())
        .build();
  }

  @Override
  public Response<List<Embedding>> embedAll(List<TextSegment> segments) {
    EmbeddingResponse r =
        embed(
            EmbeddingRequest.builder()
                .inputs(segments.stream().map(t -> EmbeddingInput.from(t.text())).toList())
                .build());
    return Response.from(r.embeddings(), r.metadata().tokenUsage());
  }

  private Embedder.Embeddings embed(List<String> texts, OptionalInt dimensions) {
    try {
      return embedder.embed(texts, dimensions);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw AnswerReader.interrupted(e);
    } catch (RuntimeException e) {
      throw Failures.of(e);
    }
  }

  private String prefix(@Nullable EmbeddingInputType type) {
    if (type == null) return "";
    return switch (type) {
      case QUERY -> queryPrefix;
      case DOCUMENT -> documentPrefix;
    };
  }

  @Override
  public Set<EmbeddingParameter<?>> supportedParameters() {
    return Set.of(EmbeddingRequestParameters.DIMENSIONS, EmbeddingRequestParameters.INPUT_TYPE);
  }

  @Override
  public int dimension() {
    return embedder.dimensions();
  }

  @Override
  public String modelName() {
    return modelName;
  }

  @Override
  public List<EmbeddingModelListener> listeners() {
    return listeners;
  }

  /** Says what the model does. */
  public static final class Builder {
    private @Nullable Embedder embedder;
    private String modelName = "puna";
    private String queryPrefix = "";
    private String documentPrefix = "";
    private List<EmbeddingModelListener> listeners = List.of();

    private Builder() {}

    /** Sets the embedder to ask; it stays the caller's to close. */
    public Builder model(Embedder x) {
      embedder = x;
      return this;
    }

    /** Sets the model to ask; it stays the caller's to close. */
    public Builder model(LocalEncoder x) {
      return model(x.embedder());
    }

    /** Sets the name that responses give. */
    public Builder modelName(String x) {
      modelName = x;
      return this;
    }

    /** Sets what stands before a question, such as E5's {@code "query: "}; nothing by default. */
    public Builder queryPrefix(String x) {
      queryPrefix = x;
      return this;
    }

    /** Sets what stands before a document, such as E5's {@code "passage: "}; nothing by default. */
    public Builder documentPrefix(String x) {
      documentPrefix = x;
      return this;
    }

    /** Sets who is told of requests, responses and errors. */
    public Builder listeners(List<EmbeddingModelListener> x) {
      listeners = List.copyOf(x);
      return this;
    }

    /**
     * Returns the model.
     *
     * @throws IllegalStateException if it has no embedder to ask
     */
    public PunaEmbeddingModel build() {
      if (embedder == null) {
        throw new IllegalStateException("expected an embedder, found none; give one with model(…)");
      }
      return new PunaEmbeddingModel(this, embedder);
    }
  }
}
