package org.puna.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelListenerIT;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelListenerIT;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelPublisherListenerTest;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** LangChain4j's tests of who is told of requests, responses and errors. */
class ListenersTest {
  private static <B extends ModelBuilder<B>> B asTheTestsExpect(B builder, ChatModelListener l) {
    return builder
        .model(Models.clever())
        .modelName("clever")
        .temperature(0.7)
        .topP(1)
        .maxOutputTokens(7)
        .listeners(List.of(l));
  }

  @Nested
  class OfChatModels extends AbstractChatModelListenerIT {
    @Override
    protected ChatModel createModel(ChatModelListener listener) {
      return asTheTestsExpect(PunaChatModel.builder(), listener).build();
    }

    @Override
    protected String modelName() {
      return "clever";
    }

    @Override
    protected ChatModel createFailingModel(ChatModelListener listener) {
      return PunaChatModel.builder().model(Models.failing()).listeners(List.of(listener)).build();
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
      return InvalidRequestException.class;
    }
  }

  @Nested
  class OfStreamingChatModels extends AbstractStreamingChatModelListenerIT {
    @Override
    protected StreamingChatModel createModel(ChatModelListener listener) {
      return asTheTestsExpect(PunaStreamingChatModel.builder(), listener).build();
    }

    @Override
    protected String modelName() {
      return "clever";
    }

    @Override
    protected StreamingChatModel createFailingModel(ChatModelListener listener) {
      return PunaStreamingChatModel.builder()
          .model(Models.failing())
          .listeners(List.of(listener))
          .build();
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
      return InvalidRequestException.class;
    }
  }

  @Nested
  class OfPublishers extends AbstractStreamingChatModelPublisherListenerTest {
    @Override
    protected StreamingChatModel createModel(ChatModelListener listener, StreamScenario scenario) {
      PunaStreamingChatModel.Builder builder =
          PunaStreamingChatModel.builder().listeners(List.of(listener));
      if (scenario.fail()) return builder.model(Models.failing()).build();
      Duration pause =
          Duration.ofMillis(scenario.spreadOverMillis() / Math.max(1, scenario.contentChunks()));
      return builder.model(Models.saying("x".repeat(scenario.contentChunks()), pause)).build();
    }
  }
}
