package org.puna.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.puna.chat.ChatAnswer;

/**
 * A model of this process as LangChain4j's {@link ChatModel}. Any number of threads may ask; the
 * engine answers them together.
 */
public final class PunaChatModel implements ChatModel {
  private final ModelSettings settings;

  private PunaChatModel(ModelSettings settings) {
    this.settings = settings;
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public ChatResponse doChat(ChatRequest request) {
    try (ChatAnswer answer = settings.start(request)) {
      return new AnswerReader(settings.modelName()).read(answer, AnswerReader.Sink.NONE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw AnswerReader.interrupted(e);
    } catch (RuntimeException e) {
      throw Failures.of(e);
    }
  }

  @Override
  public CompletableFuture<ChatResponse> doChatAsync(ChatRequest request) {
    ChatAnswer answer;
    try {
      answer = settings.start(request);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(Failures.of(e));
    }
    CompletableFuture<ChatResponse> future =
        new CompletableFuture<>() {
          @Override
          public boolean cancel(boolean mayInterruptIfRunning) {
            // A cancelled answer stops costing at the next step.
            answer.close();
            return super.cancel(mayInterruptIfRunning);
          }
        };
    Thread.startVirtualThread(() -> {
      try (answer) {
        future.complete(
            new AnswerReader(settings.modelName()).read(answer, AnswerReader.Sink.NONE));
      } catch (InterruptedException | RuntimeException e) {
        future.completeExceptionally(e);
      }
    });
    return future;
  }

  @Override
  public ChatRequestParameters defaultRequestParameters() {
    return settings.defaults();
  }

  @Override
  public List<ChatModelListener> listeners() {
    return settings.listeners();
  }

  @Override
  public Set<Capability> supportedCapabilities() {
    return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
  }

  /** Says what the model does. */
  public static final class Builder extends ModelBuilder<Builder> {
    private Builder() {}

    /**
     * Returns the model.
     *
     * @throws IllegalStateException if it has no model to ask
     */
    public PunaChatModel build() {
      return new PunaChatModel(settings());
    }
  }
}
