package org.puna.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.model.config.BadInput;
import org.puna.server.access.ApiKey;
import org.puna.server.access.Keys;
import tools.jackson.databind.JsonNode;

final class ServerTest {
  /** Long enough for a step of the model on a busy machine. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** More than the model says before a test gives up. */
  private static final String ENDLESS =
      "{'prompt':'Once','max_tokens':3900,'temperature':1.5,'seed':3,"
          + "'logit_bias':{'508':-100,'511':-100}}";

  @TempDir static Path folder;

  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start(folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static JsonNode ok(HttpResponse<String> r) {
    assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
    return server.json(r.body());
  }

  @Test
  void chatsWholeAndInPieces() throws Exception {
    String body = "{'messages':[{'role':'user','content':'Hi'}],'temperature':0,'max_tokens':12%s}";
    JsonNode whole = ok(server.ask("/v1/chat/completions", body.formatted("")));
    JsonNode choice = whole.path("choices").path(0);
    assertThat(whole.path("object").asString()).isEqualTo("chat.completion");
    assertThat(choice.path("message").path("role").asString()).isEqualTo("assistant");
    assertThat(whole.path("usage").path("completion_tokens").asInt()).isBetween(1, 12);

    List<JsonNode> chunks =
        events(
            server.ask(
                "/v1/chat/completions",
                body.formatted(",'stream':true,'stream_options':{'include_usage':true}")));
    StringBuilder text = new StringBuilder();
    for (JsonNode c : chunks) {
      text.append(c.path("choices").path(0).path("delta").path("content").asString(""));
      assertThat(c.path("id").asString()).isEqualTo(chunks.getFirst().path("id").asString());
      assertThat(c.path("object").asString()).isEqualTo("chat.completion.chunk");
    }
    assertThat(text).hasToString(choice.path("message").path("content").asString());
    assertThat(chunks.getFirst().path("choices").path(0).path("delta").path("role").asString())
        .isEqualTo("assistant");
    JsonNode finish = chunks.get(chunks.size() - 2).path("choices").path(0);
    assertThat(finish.path("finish_reason").asString())
        .isEqualTo(choice.path("finish_reason").asString());
    assertThat(finish.path("delta").isEmpty()).isTrue();
    assertThat(chunks.getLast().path("choices").isEmpty()).isTrue();
    assertThat(chunks.getLast().path("usage")).isEqualTo(whole.path("usage"));
  }

  /** Returns the data of a stream's events; the last mark must be there. */
  private static List<JsonNode> events(HttpResponse<String> r) {
    assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
    assertThat(r.headers().firstValue("content-type").orElse("")).startsWith("text/event-stream");
    List<String> data =
        r.body().lines().filter(l -> l.startsWith("data: ")).map(l -> l.substring(6)).toList();
    assertThat(data.getLast()).isEqualTo("[DONE]");
    return data.subList(0, data.size() - 1).stream().map(d -> server.json(d)).toList();
  }

  @Test
  void severalAnswersShareThePrompt() throws Exception {
    JsonNode r =
        ok(
            server.ask(
                "/v1/chat/completions",
                "{'messages':[{'role':'user','content':'Tell me of the old king and his dog'}],"
                    + "'n':3,'max_tokens':4,'seed':1}"));
    assertThat(r.path("choices")).hasSize(3);
    assertThat(r.path("usage").path("completion_tokens").asInt()).isBetween(3, 12);
  }

  @Test
  void goesOnWithTheAssistantsLastMessage() throws Exception {
    String said = "[{'role':'user','content':'A king?'},{'role':'assistant','content':'The old'}]";
    String whole = "{'messages':" + said + ",'continue_final_message':true,'temperature':0";
    String prompt = ok(server.ask("/apply-template", whole + "}")).path("prompt").asString();
    assertThat(prompt).endsWith("assistant: The old");
    JsonNode chat = ok(server.ask("/v1/chat/completions", whole + ",'max_tokens':8}"));
    JsonNode message =
        ok(server.ask("/v1/messages", "{'messages':" + said + ",'max_tokens':8,'temperature':0}"));
    assertThat(message.at("/content/0/text")).isEqualTo(chat.at("/choices/0/message/content"));
    assertThat(message.at("/usage/input_tokens")).isEqualTo(chat.at("/usage/prompt_tokens"));
    JsonNode anew =
        ok(
            server.ask(
                "/v1/chat/completions",
                "{'messages':" + said + ",'temperature':0,'max_tokens':8}"));
    assertThat(anew.at("/usage/prompt_tokens").asInt())
        .isGreaterThan(chat.at("/usage/prompt_tokens").asInt());
    HttpResponse<String> users =
        server.ask(
            "/v1/chat/completions",
            "{'messages':[{'role':'user','content':'x'}],'continue_final_message':true}");
    assertThat(users.statusCode()).isEqualTo(400);
    assertThat(users.body()).contains("a text of the assistant's");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'messages':[{'role':'user','content':'x'}],'temperature':9} | temperature",
        "{'messages':[{'role':'user','content':'x'}],'top_p':'much'} | top_p",
        "{'messages':[{'role':'nobody','content':'x'}]} | messages[0].role",
        "{'messages':[{'role':'user'}]} | messages[0].content",
        "{'messages':[]} | messages",
        "{'messages':'hello'} | messages",
        "{'messages':[{'role':'user','content':[{'type':'text'}]}]} | messages[0].content[0].text",
        "{'messages':[{'role':'user','content':'x'}],'n':0} | n",
        "{'messages':[{'role':'user','content':'x'}],'max_tokens':-1} | max_tokens",
        "{'messages':[{'role':'user','content':'x'}],'stop':[1]} | stop[0]",
        "{'messages':[{'role':'user','content':'x'}],'top_logprobs':3} | top_logprobs",
        "{'messages':[{'role':'user','content':'x'}],'logit_bias':{'x':1}} | logit_bias",
        "{'messages':[{'role':'user','content':'x'}],'response_format':{'type':'xml'}} |"
            + " response_format.type",
        "{'messages':[{'role':'user','content':'x'}],'tools':[{'type':'function'}]} |"
            + " tools[0].function",
        "{'messages':[{'role':'user','content':'x'}],'tool_choice':'required'} | tool_choice",
        "{'messages':[{'role':'assistant','content':'x'}],'continue_final_message':true,"
            + "'add_generation_prompt':true} | continue_final_message",
        "{'messages':[{'role':'user','content':'x'}],'add_generation_prompt':false} |"
            + " add_generation_prompt",
        "{'messages':[{'role':'user','content':'x'}],'model':'nothing'} | model",
      })
  void namesTheFieldThatIsWrong(String body, String field) throws Exception {
    HttpResponse<String> r = server.ask("/v1/chat/completions", body);
    assertThat(r.statusCode()).as(r.body()).isIn(400, 404);
    JsonNode error = server.json(r.body()).path("error");
    assertThat(error.path("param").asString()).as(r.body()).isEqualTo(field);
    assertThat(error.path("type").asString()).isEqualTo("invalid_request_error");
    assertThat(error.path("message").asString()).doesNotContain(folder.toString());
  }

  @Test
  void answersGarbageWithOneLine() throws Exception {
    for (String body : List.of("", "{", "[]", "null", "\"x\"", "{\"messages\":", "\u0000\u0001")) {
      HttpResponse<String> r = server.post("/v1/chat/completions", body);
      assertThat(r.statusCode()).as(body).isEqualTo(400);
      assertThat(server.json(r.body()).path("error").path("message").asString())
          .isNotBlank()
          .doesNotContain("\n", "Exception");
    }
    assertThat(server.get("/nothing").statusCode()).isEqualTo(404);
    assertThat(server.get("/v1/chat/completions").statusCode()).isEqualTo(405);
  }

  @Test
  void anIdThatNoTokenHasIsRefused() throws Exception {
    for (String more : List.of("", ",'echo':true")) {
      HttpResponse<String> r = server.ask("/v1/completions", "{'prompt':[1,600]" + more + "}");
      assertThat(r.statusCode()).as(r.body()).isEqualTo(400);
      assertThat(r.body()).contains("token id 600");
    }
  }

  @Test
  void aPromptBeyondTheContextIsRefused() throws Exception {
    HttpResponse<String> r =
        server.ask("/v1/completions", "{'prompt':'" + "word ".repeat(20_000) + "'}");
    assertThat(r.statusCode()).isEqualTo(400);
    assertThat(server.json(r.body()).path("error").path("code").asString())
        .isEqualTo("context_length_exceeded");
  }

  @Test
  void aClientThatGoesAwayStopsCosting() throws Exception {
    byte[] body = ENDLESS.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    double before =
        server.meter("puna_request_seconds_count{route=\"POST /v1/completions\",status=\"499\"");
    try (Socket s = new Socket("127.0.0.1", server.server().port())) {
      String head =
          "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
              + body.length
              + "\r\n\r\n";
      s.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      s.getOutputStream().write(body);
      s.getOutputStream().flush();
      await(() -> server.meter("puna_batch_size") == 1);
    }
    await(() -> server.meter("puna_batch_size") == 0);
    await(() ->
        server.meter("puna_request_seconds_count{route=\"POST /v1/completions\",status=\"499\"")
            == before + 1);
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(Condition c) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!c.holds()) {
      assertThat(System.nanoTime()).as("time").isLessThan(end);
      Thread.sleep(20);
    }
  }

  @Test
  void aBodyThatComesSlowlyIsReadWhole() throws Exception {
    byte[] body = "{\"prompt\":\"Once\",\"max_tokens\":2}".getBytes(StandardCharsets.UTF_8);
    try (Socket s = new Socket("127.0.0.1", server.server().port())) {
      String head =
          "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
              + "Content-Length: "
              + body.length
              + "\r\n\r\n";
      s.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      for (byte b : body) {
        s.getOutputStream().write(b);
        s.getOutputStream().flush();
        Thread.sleep(10);
      }
      String answer = new String(s.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 200").contains("text_completion");
    }
  }

  @Test
  void theDeadlineEndsARequest(@TempDir Path other) throws Exception {
    try (TestServer s = TestServer.start(other, o -> o.withDeadline(Duration.ofMillis(300)))) {
      assertThat(s.ask("/v1/completions", ENDLESS).statusCode()).isEqualTo(504);
      String streamed =
          s.ask("/v1/completions", ENDLESS.replace("{'prompt'", "{'stream':true,'prompt'")).body();
      assertThat(streamed).contains("timeout_error").doesNotContain("[DONE]");
    }
  }

  @Test
  void aPromptThatTakesLongerThanAnIdleConnectionIsAnswered(@TempDir Path other) throws Exception {
    try (TestServer s = TestServer.start(other, o -> o.withIdle(Duration.ofMillis(200)))) {
      String body = "{'prompt':'Once','max_tokens':1500,'logit_bias':{'508':-100,'511':-100}}";
      assertThat(s.ask("/v1/completions", body).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void keysOpenTheDoor(@TempDir Path other) throws Exception {
    String key = "sk-puna-test";
    Keys keys = new Keys(List.of(new ApiKey("alice", Keys.hash(key), 3, null)));
    try (TestServer s = TestServer.start(other, o -> o.withKeys(keys))) {
      assertThat(s.get("/v1/models").statusCode()).isEqualTo(401);
      assertThat(s.get("/v1/models", "Authorization", "Bearer wrong").statusCode()).isEqualTo(401);
      assertThat(s.get("/health").statusCode()).isEqualTo(200);
      assertThat(s.get("/v1/models", "Authorization", "Bearer " + key).statusCode()).isEqualTo(200);
      assertThat(s.get("/v1/models", "x-api-key", key).statusCode()).isEqualTo(200);
      assertThat(s.get("/v1/models", "x-api-key", key).statusCode()).isEqualTo(200);
      HttpResponse<String> fourth = s.get("/v1/models", "x-api-key", key);
      assertThat(fourth.statusCode()).isEqualTo(429);
      assertThat(fourth.headers().firstValueAsLong("retry-after").orElse(0)).isBetween(1L, 61L);
    }
  }

  @Test
  void showsTheFleetAndItsPlans() throws Exception {
    HttpResponse<String> r = server.get("/fleet?model=llama-3-8b&tokens=1T&group=1&gpus=512");
    assertThat(r.statusCode()).isEqualTo(200);
    assertThat(r.headers().firstValue("content-type").orElse("")).startsWith("text/html");
    assertThat(r.body()).contains("GPU-hours").doesNotContain("class=\"wrong\"");
    assertThat(server.get("/fleet?model=nonsense&tokens=1T").body()).contains("class=\"wrong\"");
  }

  @Test
  void aBrowserSendsTheKeyAsAPassword(@TempDir Path other) throws Exception {
    Keys keys = new Keys(List.of(new ApiKey("alice", Keys.hash("sk-puna-test"), null, null)));
    String basic =
        Base64.getEncoder().encodeToString("any:sk-puna-test".getBytes(StandardCharsets.UTF_8));
    try (TestServer s = TestServer.start(other, o -> o.withKeys(keys))) {
      HttpResponse<String> refused = s.get("/fleet");
      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(refused.headers().allValues("www-authenticate"))
          .anyMatch(h -> h.contains("Basic"));
      assertThat(s.get("/fleet", "Authorization", "Basic " + basic).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aNetworkNeedsAKey() {
    ServerOptions o = ServerOptions.local(0);
    assertThatThrownBy(() ->
            new ServerOptions(
                "0.0.0.0",
                0,
                Keys.none(),
                List.of(),
                o.bodyLimit(),
                o.headerLimit(),
                o.deadline(),
                o.idle(),
                o.ping(),
                o.grace()))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("puna keys add");
  }

  @Test
  void pagesOfOtherOriginsAreRefused() throws Exception {
    HttpResponse<String> r = server.get("/v1/models", "Origin", "https://elsewhere.example");
    assertThat(r.statusCode()).isEqualTo(403);
  }

  @Test
  void aLargeBodyIsRefused() throws Exception {
    HttpResponse<String> r = server.post("/v1/completions", " ".repeat((32 << 20) + 1));
    assertThat(r.statusCode()).isEqualTo(413);
  }

  @Test
  void theDocumentDescribesEveryRoute() throws Exception {
    Map<String, List<String>> described = new TreeMap<>();
    JsonNode paths = ok(server.get("/openapi.json")).path("paths");
    for (String path : paths.propertyNames()) {
      List<String> methods = new ArrayList<>();
      paths
          .path(path)
          .propertyNames()
          .forEach(m -> methods.add(m.toUpperCase(java.util.Locale.ROOT)));
      methods.sort(null);
      described.put(path, methods);
    }
    Map<String, List<String>> served = new TreeMap<>();
    server
        .server()
        .endpoints()
        .forEach(e -> {
          served
              .computeIfAbsent(e.path().replace("<id>", "{id}"), p -> new ArrayList<>())
              .add(e.method());
          served.get(e.path().replace("<id>", "{id}")).sort(null);
        });
    assertThat(described).isEqualTo(served);
  }
}
