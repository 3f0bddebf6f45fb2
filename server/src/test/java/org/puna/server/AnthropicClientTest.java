package org.puna.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.BadRequestException;
import com.anthropic.errors.UnauthorizedException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.ContentBlockParam;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.StopReason;
import com.anthropic.models.messages.Tool;
import com.anthropic.models.messages.ToolChoiceAny;
import com.anthropic.models.messages.ToolResultBlockParam;
import com.anthropic.models.messages.ToolUseBlock;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.server.access.ApiKey;
import org.puna.server.access.Keys;

/** Anthropic's own Java client makes its normal calls. */
final class AnthropicClientTest {
  private static final String KEY = "sk-puna-client";

  @TempDir static Path folder;

  private static TestServer server;
  private static AnthropicClient client;

  @BeforeAll
  static void start() throws Exception {
    Keys keys = new Keys(List.of(new ApiKey("client", Keys.hash(KEY), null, null)));
    server = TestServer.start(folder, o -> o.withKeys(keys).withPing(TestServer.OFTEN));
    client = client(KEY);
  }

  private static AnthropicClient client(String key) {
    return AnthropicOkHttpClient.builder()
        .baseUrl(server.uri("").toString())
        .apiKey(key)
        .maxRetries(0)
        .build();
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

  private static MessageCreateParams.Builder message() {
    return MessageCreateParams.builder()
        .model(TestServer.MODEL)
        .maxTokens(16)
        .system("You are short.")
        .addUserMessage("Hello");
  }

  @Test
  void answers() {
    Message m = client.messages().create(message().build()).validate();
    assertThat(m.content().getFirst().asText().text()).isNotNull();
    assertThat(m.usage().outputTokens()).isBetween(1L, 16L);
    assertThat(m.stopReason().orElseThrow()).isIn(StopReason.END_TURN, StopReason.MAX_TOKENS);
  }

  @Test
  void streamsWhatItSaysWhole() {
    MessageCreateParams params =
        message().putAdditionalBodyProperty("temperature", JsonValue.from(0.0)).build();
    MessageAccumulator all = MessageAccumulator.create();
    List<Long> begun = new ArrayList<>();
    try (StreamResponse<RawMessageStreamEvent> stream = client.messages().createStreaming(params)) {
      stream.stream()
          .forEach(e -> {
            e.messageStart().ifPresent(m -> begun.add(m.message().usage().inputTokens()));
            all.accumulate(e.validate());
          });
    }
    Message whole = client.messages().create(params);
    assertThat(all.message().content().getFirst().asText().text())
        .isEqualTo(whole.content().getFirst().asText().text());
    assertThat(all.message().usage().outputTokens()).isEqualTo(whole.usage().outputTokens());
    long prompt = whole.usage().inputTokens() + whole.usage().cacheReadInputTokens().orElse(0L);
    assertThat(begun.getFirst()).as("told at the start").isEqualTo(prompt);
  }

  private static Tool weather() {
    return Tool.builder()
        .name("weather")
        .description("The weather of a city")
        .inputSchema(
            Tool.InputSchema.builder()
                .properties(
                    Tool.InputSchema.Properties.builder()
                        .putAdditionalProperty(
                            "city", JsonValue.from(Map.of("type", "string", "maxLength", 12)))
                        .build())
                .putAdditionalProperty("required", JsonValue.from(List.of("city")))
                .build())
        .build();
  }

  @Test
  void usesAToolAndTakesItsResult() {
    MessageCreateParams.Builder params =
        message().maxTokens(120).addTool(weather()).toolChoice(ToolChoiceAny.builder().build());
    Message m = client.messages().create(params.build());
    assertThat(m.stopReason()).contains(StopReason.TOOL_USE);
    ToolUseBlock use = m.content().getLast().asToolUse();
    assertThat(use.name()).isEqualTo("weather");
    Message next =
        client
            .messages()
            .create(
                message()
                    .addTool(weather())
                    .addMessage(m)
                    .addUserMessageOfContentBlockParams(
                        List.of(
                            ContentBlockParam.ofToolResult(
                                ToolResultBlockParam.builder()
                                    .toolUseId(use.id())
                                    .content("Sunny")
                                    .build())))
                    .build());
    assertThat(next.usage().inputTokens() + next.usage().cacheReadInputTokens().orElse(0L))
        .isGreaterThan(m.usage().inputTokens());
  }

  @Test
  void countsTokens() {
    long n =
        client
            .messages()
            .countTokens(
                MessageCountTokensParams.builder()
                    .model(TestServer.MODEL)
                    .system("You are short.")
                    .addUserMessage("Hello")
                    .build())
            .inputTokens();
    Message m = client.messages().create(message().build());
    assertThat(m.usage().inputTokens() + m.usage().cacheReadInputTokens().orElse(0L)).isEqualTo(n);
  }

  @Test
  void tellsWhatIsWrong() {
    assertThatThrownBy(() ->
            client
                .messages()
                .create(
                    message()
                        .putAdditionalBodyProperty("temperature", JsonValue.from(9.0))
                        .build()))
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("temperature");
    AnthropicClient stranger = client("sk-wrong");
    assertThatThrownBy(() -> stranger.messages().create(message().build()))
        .isInstanceOf(UnauthorizedException.class);
    stranger.close();
  }
}
