package org.puna.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** LangChain4j's OpenAI client makes its normal calls. */
final class LangChain4jClientTest {
  private static final long PATIENCE_SECONDS = 60;

  @TempDir static Path folder;

  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start(folder, o -> o.withPing(TestServer.OFTEN));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static OpenAiChatModel.OpenAiChatModelBuilder model() {
    return OpenAiChatModel.builder()
        .baseUrl(server.uri("/v1").toString())
        .apiKey("none")
        .modelName(TestServer.MODEL)
        .seed(5)
        .maxRetries(0)
        .maxCompletionTokens(100);
  }

  @Test
  void chats() {
    ChatResponse r = model().build().chat(UserMessage.from("Hello"));
    assertThat(r.aiMessage().text()).isNotNull();
    assertThat(r.tokenUsage().outputTokenCount()).isBetween(1, 100);
    assertThat(r.finishReason()).isNotNull();
  }

  @Test
  void streams() throws Exception {
    OpenAiStreamingChatModel streaming =
        OpenAiStreamingChatModel.builder()
            .baseUrl(server.uri("/v1").toString())
            .apiKey("none")
            .modelName(TestServer.MODEL)
            .temperature(0.0)
            .maxCompletionTokens(20)
            .build();
    CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
    StringBuilder pieces = new StringBuilder();
    streaming.chat(
        "Hello",
        new StreamingChatResponseHandler() {
          @Override
          public void onPartialResponse(String piece) {
            pieces.append(piece);
          }

          @Override
          public void onCompleteResponse(ChatResponse response) {
            whole.complete(response);
          }

          @Override
          public void onError(Throwable e) {
            whole.completeExceptionally(e);
          }
        });
    ChatResponse r = whole.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(r.aiMessage().text()).isEqualTo(pieces.toString());
  }

  private static final JsonObjectSchema CITY =
      JsonObjectSchema.builder().addStringProperty("city").required("city").build();

  @Test
  void callsTools() {
    ChatResponse r =
        model()
            .maxCompletionTokens(300)
            .build()
            .chat(
                ChatRequest.builder()
                    .messages(UserMessage.from("What is the weather?"))
                    .toolSpecifications(
                        ToolSpecification.builder().name("weather").parameters(CITY).build())
                    .toolChoice(ToolChoice.REQUIRED)
                    .build());
    ToolExecutionRequest call = r.aiMessage().toolExecutionRequests().getFirst();
    assertThat(call.name()).isEqualTo("weather");
    assertThat(server.json(call.arguments()).path("city").isString()).isTrue();
  }

  @Test
  void answersAsASchemaAsks() {
    ChatResponse r =
        model()
            .maxCompletionTokens(300)
            .strictJsonSchema(true)
            .build()
            .chat(
                ChatRequest.builder()
                    .messages(UserMessage.from("Which city?"))
                    .responseFormat(
                        ResponseFormat.builder()
                            .type(ResponseFormatType.JSON)
                            .jsonSchema(JsonSchema.builder().name("city").rootElement(CITY).build())
                            .build())
                    .build());
    JsonNode answer = server.json(r.aiMessage().text());
    assertThat(answer.path("city").isString()).isTrue();
  }

  @Test
  void tellsWhatIsWrong() {
    assertThatThrownBy(() -> model().temperature(9.0).build().chat("Hello"))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("temperature");
  }
}
