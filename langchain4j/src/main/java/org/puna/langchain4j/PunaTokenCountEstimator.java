package org.puna.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.model.TokenCountEstimator;
import java.util.List;
import org.puna.chat.ChatModel;
import org.puna.chat.ChatRequest;
import org.puna.chat.LocalModel;

/**
 * Counts tokens with a model's own tokenizer and chat template: not an estimate, but what the model
 * will read.
 */
public final class PunaTokenCountEstimator implements TokenCountEstimator {
  private final ChatModel model;

  /** Counts for a model. */
  public PunaTokenCountEstimator(LocalModel model) {
    this(model.chat());
  }

  /** Counts for a model. */
  public PunaTokenCountEstimator(ChatModel model) {
    this.model = model;
  }

  /** Returns the tokens of a text, without the beginning of a sequence. */
  @Override
  public int estimateTokenCountInText(String text) {
    return model.tokenizer().encode(text, false).length;
  }

  /** Returns the tokens of a conversation of one message, up to where the answer would start. */
  @Override
  public int estimateTokenCountInMessage(ChatMessage message) {
    return estimateTokenCountInMessages(List.of(message));
  }

  /** Returns the tokens of a conversation, up to where the answer would start. */
  @Override
  public int estimateTokenCountInMessages(Iterable<ChatMessage> messages) {
    try {
      return model.encode(ChatRequest.of(Requests.messages(messages))).length;
    } catch (RuntimeException e) {
      throw Failures.of(e);
    }
  }
}
