package org.puna.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.puna.chat.ChatAnswer;
import org.puna.chat.ChatModel;
import org.puna.chat.LocalModel;
import org.puna.chat.Message;
import org.puna.engine.Sampling;
import org.puna.fixtures.Fixtures;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The models on a real engine with a two-layer model that knows nothing. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class LocalModelTest {
  /** Ids of the model's tokens that end an answer. */
  private static final int END_OF_TEXT = 508;

  private static final int END_OF_TURN = 511;

  private static final String TEMPLATE =
      "{{ tools|tojson if tools }}{% for m in messages %}{{ m.content }}{% endfor %}";

  private final LocalModel local = LocalModel.open(Fixtures.path("gguf/tiny-f32.gguf"), 512, 4);

  /** The same with a template that shows tools. */
  private final ChatModel withTools =
      new ChatModel(
          ChatModel.Source.of(local.engine()),
          local.checkpoint().tokenizer(),
          Optional.of(TEMPLATE),
          Set.of(),
          Clock.systemUTC());

  @AfterAll
  void close() {
    local.close();
  }

  private PunaChatModel.Builder model() {
    return PunaChatModel.builder().model(withTools).temperature(1).seed(7).maxOutputTokens(200);
  }

  @Test
  void countsAreWhatTheModelReads() {
    PunaChatModel model = PunaChatModel.builder().model(local).maxOutputTokens(3).build();
    UserMessage hello = UserMessage.from("Hello there");
    ChatResponse r = model.chat(hello);
    assertThat(r.tokenUsage().outputTokenCount()).isEqualTo(3);
    assertThat(r.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(r.modelName()).isEqualTo(local.name());
    PunaTokenCountEstimator counter = new PunaTokenCountEstimator(local);
    assertThat(counter.estimateTokenCountInMessage(hello))
        .isEqualTo(r.tokenUsage().inputTokenCount())
        .isGreaterThan(counter.estimateTokenCountInText("Hello there"));
  }

  @Test
  void jsonAndRequiredCallsFromAnyModel() {
    JsonObjectSchema schema =
        JsonObjectSchema.builder()
            .addStringProperty("city")
            .addIntegerProperty("people")
            .required("city", "people")
            .additionalProperties(false)
            .build();
    ResponseFormat format =
        ResponseFormat.builder()
            .type(ResponseFormatType.JSON)
            .jsonSchema(JsonSchema.builder().name("city").rootElement(schema).build())
            .build();
    ChatRequest question =
        ChatRequest.builder().messages(UserMessage.from("?")).responseFormat(format).build();
    JsonNode json = JsonMapper.shared().readTree(model().build().chat(question).aiMessage().text());
    assertThat(json.propertyNames()).containsExactlyInAnyOrder("city", "people");
    assertThat(json.get("people").isIntegralNumber()).isTrue();

    ToolSpecification tool = ToolSpecification.builder().name("visit").parameters(schema).build();
    ChatRequest must =
        ChatRequest.builder()
            .messages(UserMessage.from("?"))
            .toolSpecifications(tool)
            .toolChoice(ToolChoice.REQUIRED)
            .build();
    ChatResponse r = model().build().chat(must);
    assertThat(r.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
    assertThat(r.aiMessage().toolExecutionRequests())
        .singleElement()
        .satisfies(t -> {
          assertThat(t.name()).isEqualTo("visit");
          assertThat(JsonMapper.shared().readTree(t.arguments()).has("people")).isTrue();
        });
  }

  @Test
  void failuresHaveLangChain4jsNames() {
    assertThatThrownBy(() -> model().build().chat("long ".repeat(2000)))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("context");
    assertThatThrownBy(() -> model().timeout(Duration.ofNanos(1)).build().chat("?"))
        .isInstanceOf(TimeoutException.class);
  }

  @Test
  void aFullQueueIsARateLimit() throws Exception {
    try (LocalModel busy = LocalModel.open(Fixtures.path("gguf/tiny-f32.gguf"), 512, 1)) {
      List<ChatAnswer> waiting = new ArrayList<>();
      // Without the tokens that end it, an answer that nobody reads keeps its place for good.
      Map<Integer, Double> endless =
          Map.of(END_OF_TEXT, Double.NEGATIVE_INFINITY, END_OF_TURN, Double.NEGATIVE_INFINITY);
      org.puna.chat.ChatRequest any =
          new org.puna.chat.ChatRequest(
              List.of(Message.user("x")), new Sampling(1, 0, 1, 0, 1, 1, 0, 0, endless, 1));
      PunaChatModel model = PunaChatModel.builder().model(busy).build();
      waiting.add(busy.chat().chat(any));
      waiting.getFirst().next();
      assertThatThrownBy(
              () -> {
                while (true) waiting.add(busy.chat().chat(any));
              })
          .isInstanceOf(org.puna.engine.EngineBusy.class);
      assertThatThrownBy(() -> model.chat("x")).isInstanceOf(RateLimitException.class);
      waiting.forEach(ChatAnswer::close);
    }
  }
}
