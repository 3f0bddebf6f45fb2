package org.puna.langchain4j;

import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onCompleteResponse;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onCompleteToolCall;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onPartialResponse;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onPartialThinking;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onPartialToolCall;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.withLoggingExceptions;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Flow.Publisher;
import org.puna.chat.ChatAnswer;

/**
 * A model of this process as LangChain4j's {@link StreamingChatModel}. Each answer is read by a
 * virtual thread of its own, which calls the handler; a handler that takes its time holds up nobody
 * else.
 */
public final class PunaStreamingChatModel implements StreamingChatModel {
  private final ModelSettings settings;

  private PunaStreamingChatModel(ModelSettings settings) {
    this.settings = settings;
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts the answer; whatever goes wrong, the handler hears of it. */
  @Override
  public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
    Thread.startVirtualThread(() -> stream(request, handler));
  }

  private void stream(ChatRequest request, StreamingChatResponseHandler handler) {
    try (ChatAnswer answer = settings.start(request)) {
      Handle handle = new Handle(answer);
      ChatResponse response =
          new AnswerReader(settings.modelName()).read(answer, new ToHandler(handler, handle));
      if (!handle.isCancelled()) onCompleteResponse(handler, response);
    } catch (InterruptedException e) {
      withLoggingExceptions(() -> handler.onError(AnswerReader.interrupted(e)));
    } catch (RuntimeException e) {
      withLoggingExceptions(() -> handler.onError(Failures.of(e)));
    } catch (Error e) {
      // Nobody else would hear of it: the thread is the answer's own.
      withLoggingExceptions(() -> handler.onError(e));
      throw e;
    }
  }

  /** Returns the answer as events that come as fast as they are asked for; it starts then. */
  @Override
  public Publisher<ChatModelStreamingEvent> doChat(ChatRequest request) {
    return new AnswerPublisher(settings, request);
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

  private record ToHandler(StreamingChatResponseHandler handler, StreamingHandle handle)
      implements AnswerReader.Sink {
    @Override
    public void thinking(String piece) {
      if (!handle.isCancelled()) onPartialThinking(handler, piece, handle);
    }

    @Override
    public void text(String piece) {
      if (!handle.isCancelled()) onPartialResponse(handler, piece, handle);
    }

    @Override
    public void call(PartialToolCall partial, CompleteToolCall complete) {
      if (!handle.isCancelled()) onPartialToolCall(handler, partial, handle);
      if (!handle.isCancelled()) onCompleteToolCall(handler, complete);
    }
  }

  private static final class Handle implements StreamingHandle {
    private final ChatAnswer answer;
    private volatile boolean cancelled;

    Handle(ChatAnswer answer) {
      this.answer = answer;
    }

    @Override
    public void cancel() {
      cancelled = true;
      answer.close();
    }

    @Override
    public boolean isCancelled() {
      return cancelled;
    }
  }

  /** Says what the model does. */
  public static final class Builder extends ModelBuilder<Builder> {
    private Builder() {}

    /**
     * Returns the model.
     *
     * @throws IllegalStateException if it has no model to ask
     */
    public PunaStreamingChatModel build() {
      return new PunaStreamingChatModel(settings());
    }
  }
}
