package org.puna.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelIT;
import dev.langchain4j.model.chat.common.StreamingMode;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** LangChain4j's tests of streaming chat models, with handlers and with publishers. */
class PunaStreamingChatModelTest {
  @Nested
  class WithHandlers extends Common {
    WithHandlers() {
      super(StreamingMode.HANDLER);
    }
  }

  @Nested
  class WithPublishers extends Common {
    WithPublishers() {
      super(StreamingMode.PUBLISHER);
    }
  }

  abstract static class Common extends AbstractStreamingChatModelIT {
    private final StreamingMode mode;

    Common(StreamingMode mode) {
      this.mode = mode;
    }

    @Override
    protected List<StreamingMode> streamingModes() {
      return List.of(mode);
    }

    @Override
    protected List<StreamingChatModel> baseModels() {
      return List.of(PunaStreamingChatModel.builder().model(Models.clever()).build());
    }

    @Override
    protected StreamingChatModel createModelWith(ChatRequestParameters parameters) {
      return PunaStreamingChatModel.builder()
          .model(Models.clever())
          .defaultRequestParameters(parameters)
          .build();
    }

    @Override
    public StreamingChatModel createModelWith(ChatModelListener listener) {
      return PunaStreamingChatModel.builder()
          .model(Models.clever())
          .listeners(List.of(listener))
          .build();
    }

    @Override
    protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
      // There are no parameters of Puna's own: what LangChain4j has no name for, the builder takes.
      return ChatRequestParameters.builder().maxOutputTokens(maxOutputTokens).build();
    }

    @Override
    protected boolean supportsModelNameParameter() {
      return false; // There is one model, which is loaded; the name of any other is refused.
    }

    @Override
    protected boolean supportsSingleImageInputAsBase64EncodedString() {
      return false; // No architecture here sees images.
    }

    @Override
    protected boolean supportsSingleImageInputAsPublicURL() {
      return false; // No architecture here sees images.
    }
  }
}
