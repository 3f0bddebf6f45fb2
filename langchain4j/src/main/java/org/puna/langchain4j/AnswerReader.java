package org.puna.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.puna.chat.ChatAnswer;
import org.puna.chat.ChatEvent;
import org.puna.chat.ToolCall;

/** Reads an answer to its end and puts it together. */
final class AnswerReader {
  private final String modelName;
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder thinking = new StringBuilder();
  private final List<ToolExecutionRequest> calls = new ArrayList<>();
  private TokenUsage usage = new TokenUsage(0, 0);

  AnswerReader(String modelName) {
    this.modelName = modelName;
  }

  /** Takes the pieces of an answer as they come. */
  interface Sink {
    /** Nobody listens. */
    Sink NONE =
        new Sink() {
          @Override
          public void thinking(String piece) {}

          @Override
          public void text(String piece) {}

          @Override
          public void call(PartialToolCall partial, CompleteToolCall complete) {}
        };

    void thinking(String piece);

    void text(String piece);

    /** Takes a call, which is known only when it is complete. */
    void call(PartialToolCall partial, CompleteToolCall complete);
  }

  /**
   * Returns the whole answer.
   *
   * @throws TimeoutException if its time was over
   * @throws InternalServerException if the engine failed
   */
  ChatResponse read(ChatAnswer answer, Sink sink) throws InterruptedException {
    while (true) {
      switch (answer.next()) {
        case ChatEvent.Reasoning(String piece) -> {
          thinking.append(piece);
          sink.thinking(piece);
        }
        case ChatEvent.Text(String piece, var _) -> {
          text.append(piece);
          sink.text(piece);
        }
        case ChatEvent.Call(ToolCall call) -> call(call, sink);
        case ChatEvent.Usage(var u) -> usage = new TokenUsage(u.promptTokens(), u.answerTokens());
        case ChatEvent.Done done -> {
          return response(done.reason());
        }
        case ChatEvent.Failed(String message) -> throw new InternalServerException(message);
      }
    }
  }

  private void call(ToolCall call, Sink sink) {
    ToolExecutionRequest request =
        ToolExecutionRequest.builder()
            .id(call.id())
            .name(call.name())
            .arguments(call.arguments())
            .build();
    int index = calls.size();
    calls.add(request);
    PartialToolCall partial =
        PartialToolCall.builder()
            .index(index)
            .id(call.id())
            .name(call.name())
            .partialArguments(call.arguments())
            .build();
    sink.call(partial, new CompleteToolCall(index, request));
  }

  private ChatResponse response(ChatEvent.FinishReason reason) {
    AiMessage.Builder message = AiMessage.builder();
    if (!text.isEmpty() || calls.isEmpty()) message.text(text.toString());
    if (!thinking.isEmpty()) message.thinking(thinking.toString());
    if (!calls.isEmpty()) message.toolExecutionRequests(calls);
    return ChatResponse.builder()
        .aiMessage(message.build())
        .id("puna-" + UUID.randomUUID())
        .modelName(modelName)
        .tokenUsage(usage)
        .finishReason(finishReason(reason))
        .build();
  }

  private static FinishReason finishReason(ChatEvent.FinishReason reason) {
    return switch (reason) {
      case STOP -> FinishReason.STOP;
      case LENGTH -> FinishReason.LENGTH;
      case TOOL_CALLS -> FinishReason.TOOL_EXECUTION;
      case CANCELLED -> FinishReason.OTHER;
      case DEADLINE -> throw new TimeoutException("the answer took longer than the timeout");
    };
  }

  static LangChain4jException interrupted(InterruptedException e) {
    return new LangChain4jException("interrupted while waiting for the answer", e);
  }
}
