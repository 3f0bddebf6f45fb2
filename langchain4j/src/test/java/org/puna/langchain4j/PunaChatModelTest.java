package org.puna.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelIT;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import java.util.List;

/** LangChain4j's tests of chat models. */
class PunaChatModelTest extends AbstractChatModelIT {
  @Override
  protected List<ChatModel> models() {
    return List.of(PunaChatModel.builder().model(Models.clever()).build());
  }

  @Override
  protected ChatModel createModelWith(ChatRequestParameters parameters) {
    return PunaChatModel.builder()
        .model(Models.clever())
        .defaultRequestParameters(parameters)
        .build();
  }

  @Override
  protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
    // There are no parameters of Puna's own: what LangChain4j has no name for, the builder takes.
    return ChatRequestParameters.builder().maxOutputTokens(maxOutputTokens).build();
  }

  @Override
  protected boolean supportsChatAsync() {
    return true;
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
