package org.puna.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.model.config.BadInput;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufWriter;
import org.puna.server.access.ApiKey;
import org.puna.server.access.Keys;
import org.puna.server.serving.ModelRegistry;
import org.puna.server.serving.ModelSpec;
import org.puna.tensor.Tensor;

/** Requests that are allowed and rare, or wrong in rare ways. */
final class OddRequestsTest {
  /** More than any number of Java but its largest kinds. */
  private static final String HUGE = "9".repeat(500);

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

  private static HttpResponse<String> chat(String more) throws Exception {
    return server.ask(
        "/v1/chat/completions", "{'messages':[{'role':'user','content':'a'}]," + more + "}");
  }

  /** Checks that a request is refused and returns the field that is named. */
  private static String refused(HttpResponse<String> r) {
    assertThat(r.statusCode()).as(r.body()).isEqualTo(400);
    return server.json(r.body()).path("error").path("param").asString("");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'logprobs':true",
        "'logprobs':true,'top_logprobs':0",
        "'logprobs':true,'stream':true"
      })
  void logprobsOfTheDrawnTokensAlone(String more) throws Exception {
    HttpResponse<String> r = chat(more + ",'max_tokens':2,'logit_bias':{'300':100}");
    assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
    assertThat(r.body()).contains("\"top_logprobs\":[]").doesNotContain("server_error");
  }

  @Test
  void logprobsOfOtherEndpointsAlone() throws Exception {
    for (String more : List.of("", ",'stream':true")) {
      HttpResponse<String> r =
          server.ask(
              "/v1/completions",
              "{'prompt':'a','logprobs':0,'max_tokens':2,'logit_bias':{'300':100}" + more + "}");
      assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
      assertThat(r.body()).containsPattern("\"top_logprobs\":\\[\\{\"[^,]*}[,\\]]");
      r =
          server.ask(
              "/v1/responses",
              "{'input':'a','include':['message.output_text.logprobs'],'max_output_tokens':2,"
                  + "'logit_bias':{'300':100}"
                  + more
                  + "}");
      assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
      assertThat(r.body()).contains("\"top_logprobs\":[]").doesNotContain("response.failed");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "seed",
        "temperature",
        "top_p",
        "max_tokens",
        "max_completion_tokens",
        "n",
        "top_k",
        "top_logprobs"
      })
  void numbersBeyondEveryTypeNameTheirField(String field) throws Exception {
    for (String number : List.of(HUGE, "-" + HUGE, "1e999", "-1e999")) {
      HttpResponse<String> r = chat("'logprobs':true,'" + field + "':" + number);
      assertThat(refused(r)).isEqualTo(field);
      assertThat(r.body()).hasSizeLessThan(400);
    }
  }

  @Test
  void numbersBeyondEveryTypeNameTheirPlace() throws Exception {
    assertThat(refused(chat("'logit_bias':{'1':" + HUGE + "}"))).isEqualTo("logit_bias.1");
    assertThat(refused(server.ask("/v1/completions", "{'prompt':'a','logprobs':" + HUGE + "}")))
        .isEqualTo("logprobs");
    assertThat(refused(server.ask("/v1/completions", "{'prompt':[1," + HUGE + "]}")))
        .isEqualTo("prompt[1]");
    refused(chat("'guided_json':{'type':'string','maxLength':" + HUGE + "}"));
  }

  @Test
  void aPropertyOfManyThatMayComeIsTheRequestsFault() throws Exception {
    String properties =
        IntStream.range(0, 2000)
            .mapToObj(i -> "'p" + i + "':{'type':'string'}")
            .collect(Collectors.joining(","));
    String schema = "{'type':'object','properties':{" + properties + "}}";
    for (String s : List.of(schema, "{'type':'array','minItems':1,'items':" + schema + "}")) {
      for (String more : List.of("", ",'n':2", ",'max_tokens':5")) {
        HttpResponse<String> r = chat("'guided_json':" + s + more);
        refused(r);
        assertThat(r.body()).contains("too ambiguous").doesNotContain("sampling failed");
      }
      String streamed = chat("'stream':true,'guided_json':" + s).body();
      assertThat(streamed).contains("too ambiguous").contains("invalid_request_error");
      HttpResponse<String> r =
          server.ask("/v1/completions", "{'prompt':'a','n':2,'guided_json':" + s + "}");
      refused(r);
      String format = "{'format':{'type':'json_schema','name':'x','schema':" + s + "}}";
      r = server.ask("/v1/responses", "{'input':'a','text':" + format + "}");
      refused(r);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'modalities':['text','audio'] | modalities",
        "'audio':{'voice':'alloy','format':'wav'} | audio",
        "'functions':[{'name':'f'}] | functions",
        "'function_call':'auto' | function_call",
      })
  void whatCannotBeDoneIsRefused(String more, String field) throws Exception {
    assertThat(refused(chat(more))).isEqualTo(field);
  }

  @Test
  void whatChangesNothingIsAccepted() throws Exception {
    HttpResponse<String> r = chat("'modalities':['text'],'audio':null,'max_tokens':1");
    assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
    r = server.ask("/v1/responses", "{'input':'a','truncation':'disabled','max_output_tokens':1}");
    assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
  }

  @Test
  void responsesRefuseWhatCannotBeDone() throws Exception {
    assertThat(refused(server.ask("/v1/responses", "{'input':'a','conversation':'conv_1'}")))
        .isEqualTo("conversation");
    assertThat(refused(server.ask("/v1/responses", "{'input':'a','truncation':'auto'}")))
        .isEqualTo("truncation");
    assertThat(
            refused(server.ask("/v1/responses", "{'input':'a','tools':[{'type':'file_search'}]}")))
        .isEqualTo("tools[0].type");
  }

  @Test
  void aDamagedModelIsNamedAsSuch(@TempDir Path other) throws Exception {
    Path file = other.resolve("damaged.gguf");
    try (GgufFile gguf = GgufFile.open(folder.resolve("tiny.gguf"))) {
      Map<String, Tensor> tensors = new LinkedHashMap<>(gguf.tensors());
      Tensor norm = Objects.requireNonNull(tensors.get("output_norm.weight"));
      float[] none = new float[(int) norm.data().byteSize() / Float.BYTES];
      Arrays.fill(none, Float.NaN);
      tensors.put(
          "output_norm.weight",
          new Tensor(
              norm.format(),
              norm.shape(),
              Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, none)));
      GgufWriter.write(file, gguf.metadata().values(), tensors);
    }
    try (TestServer s =
        TestServer.start(
            List.of(new ModelSpec("damaged", file, true)),
            ServerOptions.local(0),
            TestServer.serving(1, 1, 1L << 30))) {
      String chat = "'messages':[{'role':'user','content':'a'}]";
      for (HttpResponse<String> r :
          List.of(
              s.ask("/v1/completions", "{'prompt':'a'}"),
              s.ask("/v1/completions", "{'prompt':'ab','echo':true,'logprobs':1,'max_tokens':0}"),
              s.ask("/v1/chat/completions", "{" + chat + "}"),
              s.ask(
                  "/v1/chat/completions",
                  "{" + chat + ",'response_format':{'type':'json_object'}}"),
              s.ask("/v1/embeddings", "{'input':'a'}"))) {
        assertThat(r.statusCode()).as(r.body()).isEqualTo(500);
        assertThat(s.json(r.body()).path("error").path("message").asString())
            .endsWith("are not numbers; is the file damaged?");
      }
    }
  }

  @Test
  void fewestTokensAreAtMostTheMost() throws Exception {
    assertThat(refused(chat("'min_tokens':3,'max_tokens':2"))).isEqualTo("min_tokens");
    assertThat(refused(chat("'min_tokens':-1"))).isEqualTo("min_tokens");
    assertThat(refused(chat("'ignore_eos':1"))).isEqualTo("ignore_eos");
  }

  @Test
  void aModelMayBeNamedWithItsTag() throws Exception {
    HttpResponse<String> r = chat("'max_tokens':1,'model':'" + TestServer.MODEL + ":latest'");
    assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
    assertThat(server.json(r.body()).path("model").asString()).isEqualTo(TestServer.MODEL);
    r = chat("'max_tokens':1,'model':'" + TestServer.MODEL + ":7b'");
    assertThat(r.statusCode()).isEqualTo(404);
  }

  @Test
  void metadataIsSmall() throws Exception {
    String pairs =
        IntStream.range(0, 17).mapToObj(i -> "'k" + i + "':'v'").collect(Collectors.joining(","));
    String body = "{'input':'a','max_output_tokens':1,'metadata':{%s}}";
    assertThat(refused(server.ask("/v1/responses", body.formatted(pairs)))).isEqualTo("metadata");
    String key = "k".repeat(65);
    assertThat(refused(server.ask("/v1/responses", body.formatted("'" + key + "':'v'"))))
        .isEqualTo("metadata");
    String value = "'k':'" + "v".repeat(513) + "'";
    assertThat(refused(server.ask("/v1/responses", body.formatted(value)))).isEqualTo("metadata.k");
    assertThat(refused(server.ask("/v1/responses", body.formatted("'k':[1]"))))
        .isEqualTo("metadata.k");
    String most = "'" + "k".repeat(64) + "':'" + "v".repeat(512) + "'";
    HttpResponse<String> r = server.ask("/v1/responses", body.formatted(most));
    assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
  }

  @Test
  void aSchemaMayBeLeftOut() throws Exception {
    String format = "'response_format':{'type':'json_schema','json_schema':{'name':'x'}}";
    HttpResponse<String> r = chat(format + ",'temperature':0,'max_tokens':3");
    assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
    String text =
        server.json(r.body()).path("choices").path(0).path("message").path("content").asString();
    assertThat(text.strip()).startsWith("{");
  }

  @Test
  void aPromptBeyondTheContextIsNamedAsItsEndpointDoes() throws Exception {
    String text = "word ".repeat(20_000);
    assertThat(refused(server.ask("/v1/completions", "{'prompt':'" + text + "'}")))
        .isEqualTo("prompt");
    assertThat(refused(server.ask("/v1/responses", "{'input':'" + text + "'}"))).isEqualTo("input");
    assertThat(
            refused(
                server.ask(
                    "/v1/chat/completions",
                    "{'messages':[{'role':'user','content':'" + text + "'}]}")))
        .isEqualTo("messages");
  }

  @Test
  void anIdThatNoTokenHasIsNamed() throws Exception {
    assertThat(refused(server.ask("/v1/completions", "{'prompt':[1,600]}"))).isEqualTo("prompt[1]");
    assertThat(refused(server.ask("/v1/completions", "{'prompt':['a',[600]]}")))
        .isEqualTo("prompt[1][0]");
    assertThat(refused(server.ask("/v1/embeddings", "{'input':[[1],[1,600]]}")))
        .isEqualTo("input[1][1]");
  }

  @Test
  void aTextTooLongToEmbedIsToldWhatHelps() throws Exception {
    HttpResponse<String> r =
        server.ask("/v1/embeddings", "{'input':'" + "word ".repeat(20_000) + "'}");
    refused(r);
    assertThat(r.body()).contains("split it").doesNotContain("cutting");
  }

  @Test
  void aMethodThatAPathHasNotIsToldWhichItHas() throws Exception {
    assertThat(allowed(server.get("/v1/chat/completions"))).isEqualTo("POST");
    assertThat(allowed(server.post("/v1/responses/x", ""))).isEqualTo("DELETE, GET, HEAD");
    assertThat(allowed(server.post("/v1/models", ""))).isEqualTo("GET, HEAD");
    assertThat(allowed(server.post("/v1/models/a/b", ""))).isEqualTo("GET, HEAD");
  }

  private static String allowed(HttpResponse<String> r) {
    assertThat(r.statusCode()).isEqualTo(405);
    return r.headers().firstValue("allow").orElse("");
  }

  private static HttpResponse<String> head(TestServer s, String path, String... headers)
      throws Exception {
    HttpRequest.Builder r = s.request(path, headers);
    return s.send(r.method("HEAD", HttpRequest.BodyPublishers.noBody()));
  }

  @Test
  void headAnswersAsGetDoes(@TempDir Path other) throws Exception {
    Keys keys = new Keys(List.of(new ApiKey("alice", Keys.hash("sk-puna-test"), null, null)));
    try (TestServer s = TestServer.start(other, o -> o.withKeys(keys))) {
      assertThat(head(s, "/v1/models").statusCode()).isEqualTo(401);
      assertThat(head(s, "/fleet").statusCode()).isEqualTo(401);
      HttpResponse<String> get = s.get("/v1/models", "x-api-key", "sk-puna-test");
      HttpResponse<String> head = head(s, "/v1/models", "x-api-key", "sk-puna-test");
      assertThat(head.statusCode()).isEqualTo(200);
      assertThat(head.body()).isEmpty();
      assertThat(head.headers().firstValue("content-length"))
          .isEqualTo(get.headers().firstValue("content-length"));
      assertThat(head(s, "/v1/models/none", "x-api-key", "sk-puna-test").statusCode())
          .isEqualTo(404);
      assertThat(head(s, "/health").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void bodiesThatNeverComeTakeNoMemory() throws Exception {
    long before = heap();
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 12; i++) {
        Socket s = new Socket("127.0.0.1", server.server().port());
        sockets.add(s);
        String head =
            "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                + (32 << 20)
                + "\r\n\r\n{";
        s.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        s.getOutputStream().flush();
      }
      // Those, and the one that asks.
      long end = System.nanoTime() + 20_000_000_000L;
      while (server.meter("puna_requests_in_flight") < 13 && System.nanoTime() < end) {
        Thread.sleep(20);
      }
      assertThat(server.meter("puna_requests_in_flight")).isEqualTo(13);
      assertThat(heap() - before).isLessThan(64L << 20);
    } finally {
      for (Socket s : sockets) s.close();
    }
  }

  private static long heap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  @Test
  void aServerWithoutAFleetDescribesNone() throws Exception {
    ModelRegistry models =
        new ModelRegistry(
            List.of(new ModelSpec("tiny", folder.resolve("tiny.gguf"), false)),
            TestServer.serving(1, 1, 1 << 30));
    try (PunaServer s = new PunaServer(ServerOptions.local(0), models, List.of(), line -> {})) {
      s.start();
      HttpResponse<String> r =
          server
              .http()
              .send(
                  HttpRequest.newBuilder(
                          URI.create("http://127.0.0.1:" + s.port() + "/openapi.json"))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(server.json(r.body()).path("paths").has("/fleet")).isFalse();
      assertThat(server.json(r.body()).path("paths").has("/v1/models/{id}")).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a b",
        "foo",
        "http://",
        "http://a b",
        "http://a/",
        "http://a/b",
        "http://a?b",
        "http://u@a",
        "http://a:99999",
        "http://a:",
        "http://*.a",
        "null",
        ""
      })
  void whatIsNoOriginIsRefused(String origin) {
    ServerOptions o = ServerOptions.local(0);
    assertThatThrownBy(() -> o.withCorsOrigins(List.of(origin)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--cors-origin: expected scheme://host");
  }

  @Test
  void pagesOfOriginsThatMayCallAre(@TempDir Path other) throws Exception {
    List<String> origins =
        List.of("https://App.example:443", "http://localhost:3000", "http://[::1]:5173");
    try (TestServer s = TestServer.start(other, o -> o.withCorsOrigins(origins))) {
      for (String origin :
          List.of("https://app.example", "http://localhost:3000", "http://[::1]:5173")) {
        HttpResponse<String> r = s.get("/v1/models", "Origin", origin);
        assertThat(r.statusCode()).as(origin).isEqualTo(200);
        assertThat(r.headers().firstValue("access-control-allow-origin"))
            .as(origin)
            .contains(origin);
      }
    }
  }

  @Test
  void aBodyLimitBeyondAnArrayIsRefused() {
    ServerOptions o = ServerOptions.local(0);
    assertThatThrownBy(() ->
            new ServerOptions(
                o.host(),
                0,
                Keys.none(),
                List.of(),
                1L << 31,
                o.headerLimit(),
                o.deadline(),
                o.idle(),
                o.ping(),
                o.grace()))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--body-limit");
  }
}
