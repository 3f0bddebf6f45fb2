package org.puna.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.ResponseFormatJsonSchema;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessageToolCall;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStatus;
import com.openai.models.responses.ResponseStreamEvent;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.server.access.ApiKey;
import org.puna.server.access.Keys;
import tools.jackson.databind.json.JsonMapper;

/** OpenAI's own Java client makes its normal calls. */
final class OpenAiClientTest {
  private static final String KEY = "sk-puna-client";
  private static final Map<String, Object> WEATHER =
      Map.of(
          "type",
          "object",
          "properties",
          Map.of("city", Map.of("type", "string", "maxLength", 12)),
          "required",
          List.of("city"),
          "additionalProperties",
          false);

  @TempDir static Path folder;

  private static TestServer server;
  private static OpenAIClient client;

  @BeforeAll
  static void start() throws Exception {
    Keys keys = new Keys(List.of(new ApiKey("client", Keys.hash(KEY), null, null)));
    server = TestServer.start(folder, o -> o.withKeys(keys).withPing(TestServer.OFTEN));
    client = client(KEY);
  }

  private static OpenAIClient client(String key) {
    return OpenAIOkHttpClient.builder()
        .baseUrl(server.uri("/v1").toString())
        .apiKey(key)
        .maxRetries(0)
        .build();
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

  private static ChatCompletionCreateParams.Builder chat() {
    return ChatCompletionCreateParams.builder()
        .model(TestServer.MODEL)
        .addSystemMessage("You are short.")
        .addUserMessage("What is the weather?")
        .putAdditionalBodyProperty("seed", JsonValue.from(5))
        .maxCompletionTokens(24);
  }

  @Test
  void listsModels() {
    assertThat(client.models().list().data()).anyMatch(m -> m.id().equals(TestServer.MODEL));
    assertThat(client.models().retrieve(TestServer.MODEL).id()).isEqualTo(TestServer.MODEL);
    assertThatThrownBy(() -> client.models().retrieve("nothing"))
        .isInstanceOf(NotFoundException.class);
  }

  @Test
  void chats() {
    ChatCompletion c =
        client.chat().completions().create(chat().n(2).logprobs(true).topLogprobs(2).build());
    assertThat(c.validate().choices()).hasSize(2);
    ChatCompletion.Choice first = c.choices().getFirst();
    var tokens = first.logprobs().orElseThrow().content().orElseThrow();
    assertThat(tokens).allSatisfy(t -> assertThat(t.topLogprobs()).hasSize(2));
    assertThat(c.usage().orElseThrow().completionTokens()).isPositive();
  }

  @Test
  void streamsWhatItSaysWhole() {
    ChatCompletionCreateParams params =
        chat()
            .temperature(0.0)
            .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build())
            .build();
    ChatCompletionAccumulator all = ChatCompletionAccumulator.create();
    try (StreamResponse<ChatCompletionChunk> stream =
        client.chat().completions().createStreaming(params)) {
      stream.stream().forEach(chunk -> all.accumulate(chunk.validate()));
    }
    ChatCompletion whole = client.chat().completions().create(chat().temperature(0.0).build());
    assertThat(all.chatCompletion().choices().getFirst().message().content())
        .isEqualTo(whole.choices().getFirst().message().content());
    assertThat(all.chatCompletion().usage().orElseThrow().completionTokens())
        .isEqualTo(whole.usage().orElseThrow().completionTokens());
  }

  private static Map<String, JsonValue> values(Map<String, Object> schema) {
    return schema.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, e -> JsonValue.from(e.getValue())));
  }

  private static FunctionDefinition weather() {
    return FunctionDefinition.builder()
        .name("weather")
        .description("The weather of a city")
        .parameters(
            FunctionParameters.builder().putAllAdditionalProperties(values(WEATHER)).build())
        .build();
  }

  @Test
  void callsAToolAndTakesItsResult() {
    ChatCompletionCreateParams.Builder params =
        chat()
            .maxCompletionTokens(120)
            .addFunctionTool(weather())
            .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED);
    ChatCompletion c = client.chat().completions().create(params.build());
    ChatCompletion.Choice choice = c.choices().getFirst();
    assertThat(choice.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);
    ChatCompletionMessageToolCall call = choice.message().toolCalls().orElseThrow().getFirst();
    assertThat(call.asFunction().function().name()).isEqualTo("weather");
    valid(WEATHER, call.asFunction().function().arguments());

    ChatCompletion next =
        client
            .chat()
            .completions()
            .create(
                chat()
                    .addMessage(choice.message())
                    .addMessage(
                        ChatCompletionToolMessageParam.builder()
                            .toolCallId(call.asFunction().id())
                            .content("Sunny")
                            .build())
                    .build());
    assertThat(next.choices().getFirst().message().content()).isPresent();
  }

  @Test
  void streamsToolCalls() {
    ChatCompletionAccumulator all = ChatCompletionAccumulator.create();
    try (StreamResponse<ChatCompletionChunk> stream =
        client
            .chat()
            .completions()
            .createStreaming(
                chat()
                    .maxCompletionTokens(120)
                    .addFunctionTool(weather())
                    .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED)
                    .build())) {
      stream.stream().forEach(all::accumulate);
    }
    var calls = all.chatCompletion().choices().getFirst().message().toolCalls().orElseThrow();
    valid(WEATHER, calls.getFirst().asFunction().function().arguments());
  }

  /** What the client turns into a schema by itself. */
  public record Person(String name, int age, boolean tall) {}

  @Test
  void answersAsAClassAsks() {
    var c =
        client
            .chat()
            .completions()
            .create(chat().maxCompletionTokens(400).responseFormat(Person.class).build());
    assertThat(c.choices().getFirst().message().content().orElseThrow().name()).isNotNull();
  }

  @Test
  void answersAsASchemaAsks() {
    ResponseFormatJsonSchema format =
        ResponseFormatJsonSchema.builder()
            .jsonSchema(
                ResponseFormatJsonSchema.JsonSchema.builder()
                    .name("weather")
                    .schema(
                        ResponseFormatJsonSchema.JsonSchema.Schema.builder()
                            .putAllAdditionalProperties(values(WEATHER))
                            .build())
                    .strict(true)
                    .build())
            .build();
    ChatCompletion c =
        client
            .chat()
            .completions()
            .create(chat().maxCompletionTokens(80).responseFormat(format).build());
    valid(WEATHER, c.choices().getFirst().message().content().orElseThrow());
  }

  private static void valid(Map<String, Object> schema, String json) {
    Schema s =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(JsonMapper.builder().build().writeValueAsString(schema));
    assertThat(s.validate(json, InputFormat.JSON)).as(json).isEmpty();
  }

  @Test
  void continuesTexts() {
    var c =
        client
            .completions()
            .create(
                CompletionCreateParams.builder()
                    .model(TestServer.MODEL)
                    .promptOfArrayOfStrings(List.of("Once", "Twice"))
                    .maxTokens(5)
                    .echo(true)
                    .build());
    assertThat(c.choices()).hasSize(2);
    assertThat(c.choices().get(1).text()).startsWith("Twice");
  }

  @Test
  void scoresPrompts() {
    var c =
        client
            .completions()
            .create(
                CompletionCreateParams.builder()
                    .model(TestServer.MODEL)
                    .promptOfArrayOfTokens(List.of(300L, 301L, 302L))
                    .maxTokens(0)
                    .echo(true)
                    .logprobs(1)
                    .build());
    assertThat(c.choices()).hasSize(1);
    var logprobs = c.choices().getFirst().logprobs().orElseThrow();
    assertThat(String.join("", logprobs.tokens().orElseThrow()))
        .isEqualTo(c.choices().getFirst().text());
    assertThat(logprobs.textOffset().orElseThrow()).hasSize(3).startsWith(0L);
    List<Double> values = logprobs.tokenLogprobs().orElseThrow();
    assertThat(values).hasSize(3);
    assertThat(values.getFirst()).isNull();
    assertThat(values.get(2)).isNegative();
  }

  @Test
  void respondsAndRemembers() {
    Response first =
        client
            .responses()
            .create(
                ResponseCreateParams.builder()
                    .model(TestServer.MODEL)
                    .instructions("Be short.")
                    .input("Hello")
                    .maxOutputTokens(8)
                    .build());
    assertThat(first.status())
        .hasValueSatisfying(
            s -> assertThat(s).isIn(ResponseStatus.COMPLETED, ResponseStatus.INCOMPLETE));
    Response second =
        client
            .responses()
            .create(
                ResponseCreateParams.builder()
                    .model(TestServer.MODEL)
                    .previousResponseId(first.id())
                    .input("And now?")
                    .maxOutputTokens(8)
                    .build());
    assertThat(second.usage().orElseThrow().inputTokens())
        .isGreaterThan(first.usage().orElseThrow().inputTokens());
    assertThat(client.responses().retrieve(second.id()).id()).isEqualTo(second.id());
    client.responses().delete(second.id());
    assertThatThrownBy(() -> client.responses().retrieve(second.id()))
        .isInstanceOf(NotFoundException.class);
  }

  @Test
  void streamsResponses() {
    ResponseAccumulator all = ResponseAccumulator.create();
    try (StreamResponse<ResponseStreamEvent> stream =
        client
            .responses()
            .createStreaming(
                ResponseCreateParams.builder()
                    .model(TestServer.MODEL)
                    .input("Hello")
                    .maxOutputTokens(8)
                    .build())) {
      stream.stream().forEach(e -> all.accumulate(e.validate()));
    }
    assertThat(all.response().output().getFirst().asMessage().content()).isNotEmpty();
  }

  @Test
  void tellsWhatIsWrong() {
    assertThatThrownBy(() -> client.chat().completions().create(chat().temperature(9.0).build()))
        .isInstanceOfSatisfying(
            BadRequestException.class, e -> assertThat(e.param()).contains("temperature"));
    assertThatThrownBy(() -> client.chat().completions().create(chat().model("nothing").build()))
        .isInstanceOf(NotFoundException.class);
    OpenAIClient stranger = client("sk-wrong");
    assertThatThrownBy(() -> stranger.models().list()).isInstanceOf(UnauthorizedException.class);
    stranger.close();
  }
}
