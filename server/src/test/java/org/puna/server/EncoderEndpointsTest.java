package org.puna.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.BadRequestException;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.fixtures.Fixtures;
import org.puna.server.serving.ModelSpec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Embeddings and ranking over HTTP are those that transformers computed. */
final class EncoderEndpointsTest {
  /** Float32 on another machine, in another order of sums. */
  private static final double CLOSE = 1e-5;

  private static final int PARALLEL = 4;
  private static final long MEMORY = 1L << 30;

  @TempDir static Path folder;

  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = started(ServerOptions.local(0));
  }

  private static TestServer started(ServerOptions options) throws Exception {
    return TestServer.start(
        List.of(
            new ModelSpec(TestServer.MODEL, TestServer.model(folder), false),
            new ModelSpec("embed", resource("bert-embed"), false),
            new ModelSpec("rerank", resource("bert-rerank"), false)),
        options,
        TestServer.serving(PARALLEL, PARALLEL, MEMORY));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static Path resource(String model) {
    return Fixtures.path("models/" + model);
  }

  private static JsonNode expected(String model) throws Exception {
    return server.json(Files.readString(resource(model).resolve("expected.json")));
  }

  private static OpenAIClient client() {
    return OpenAIOkHttpClient.builder()
        .baseUrl(server.uri("/v1").toString())
        .apiKey("none")
        .maxRetries(0)
        .build();
  }

  @Test
  void embedsAsTransformersDoes() throws Exception {
    JsonNode expected = expected("bert-embed");
    List<String> texts = new ArrayList<>();
    expected.forEach(e -> texts.add(e.path("text").asString()));
    OpenAIClient client = client();
    CreateEmbeddingResponse r =
        client
            .embeddings()
            .create(
                EmbeddingCreateParams.builder()
                    .model("embed")
                    .inputOfArrayOfStrings(texts)
                    .build());
    client.close();
    for (int i = 0; i < texts.size(); i++) {
      List<Float> v = r.data().get(i).embedding();
      JsonNode want = expected.path(i).path("mean");
      assertThat(v).hasSize(want.size());
      for (int k = 0; k < v.size(); k++) {
        assertThat((double) v.get(k)).isCloseTo(want.path(k).asDouble(), within(CLOSE));
      }
    }
    assertThat(r.usage().promptTokens()).isPositive();
    assertThat(server.meter("puna_tokens_total{kind=\"prompt\",model=\"embed\"")).isPositive();
    assertThat(server.get("/metrics").body())
        .doesNotContain("puna_ttft_seconds_count{model=\"embed\"");
  }

  @Test
  void everyDecoderEmbedsToo() {
    var model =
        OpenAiEmbeddingModel.builder()
            .baseUrl(server.uri("/v1").toString())
            .apiKey("none")
            .modelName(TestServer.MODEL)
            .dimensions(16)
            .build();
    float[] v = model.embed("Once upon a time").content().vector();
    double length = 0;
    for (float x : v) length += x * x;
    assertThat(v).hasSize(16);
    assertThat(length).isCloseTo(1, within(CLOSE));
  }

  @Test
  void ranksAsTransformersDoes() throws Exception {
    JsonNode expected = expected("bert-rerank");
    Map<String, Map<String, Double>> scores = new LinkedHashMap<>();
    for (JsonNode e : expected) {
      scores
          .computeIfAbsent(e.path("query").asString(), q -> new LinkedHashMap<>())
          .put(e.path("document").asString(), e.path("score").asDouble());
    }
    for (String query : scores.keySet()) {
      ObjectNode body = JsonNodeFactory.instance.objectNode();
      body.put("model", "rerank").put("query", query).put("return_documents", true);
      ArrayNode documents = body.putArray("documents");
      scores.get(query).keySet().forEach(documents::add);
      HttpResponse<String> r = server.post("/v1/rerank", body.toString());
      for (String path : List.of("/v2/rerank", "/rerank")) {
        assertThat(server.json(server.post(path, body.toString()).body()).path("results"))
            .isEqualTo(server.json(r.body()).path("results"));
      }
      assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
      double before = Double.POSITIVE_INFINITY;
      for (JsonNode result : server.json(r.body()).path("results")) {
        double score = result.path("relevance_score").asDouble();
        String document = result.path("document").path("text").asString();
        assertThat(score).isCloseTo(scores.get(query).get(document), within(CLOSE));
        assertThat(score).isLessThanOrEqualTo(before);
        before = score;
      }
    }
  }

  @Test
  void tellsWhatAModelCannotDo() throws Exception {
    OpenAIClient client = client();
    assertThatThrownBy(() ->
            client
                .chat()
                .completions()
                .create(
                    ChatCompletionCreateParams.builder()
                        .model("embed")
                        .addUserMessage("Hello")
                        .build()))
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("encoder");
    client.close();
    HttpResponse<String> r =
        server.ask("/v1/rerank", "{'model':'embed','query':'a','documents':['b']}");
    assertThat(r.statusCode()).isEqualTo(400);
    r = server.ask("/v1/embeddings", "{'model':'embed','input':'a','dimensions':100000}");
    assertThat(r.statusCode()).isEqualTo(400);
    assertThat(server.json(r.body()).path("error").path("param").asString())
        .isEqualTo("dimensions");
  }

  @Test
  void theDeadlineEndsEncodingToo() throws Exception {
    String inputs = String.join(",", Collections.nCopies(1000, "[1" + ",3".repeat(3000) + "]"));
    String document = "'" + "many words ".repeat(5_000) + "'";
    String documents = String.join(",", Collections.nCopies(500, document));
    try (TestServer s = started(ServerOptions.local(0).withDeadline(Duration.ofSeconds(2)))) {
      // The models are loaded before time counts.
      s.ask("/v1/embeddings", "{'model':'tiny','input':'a'}");
      s.ask("/v1/rerank", "{'model':'rerank','query':'a','documents':['b']}");
      HttpResponse<String> r = s.ask("/v1/embeddings", "{'model':'tiny','input':[" + inputs + "]}");
      assertThat(r.statusCode()).as(r.body()).isEqualTo(504);
      // Behind all that was asked for before it, minutes of work, this would be too late.
      long end = System.nanoTime() + 20_000_000_000L;
      do {
        r = s.ask("/v1/embeddings", "{'model':'tiny','input':'a'}");
      } while (r.statusCode() == 504 && System.nanoTime() < end);
      assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
      r = s.ask("/v1/rerank", "{'model':'rerank','query':'a','documents':[" + documents + "]}");
      assertThat(r.statusCode()).as(r.body()).isEqualTo(504);
    }
  }

  @Test
  void aClientThatGoesAwayEndsEncoding() throws Exception {
    String inputs = String.join(",", Collections.nCopies(1000, "[1" + ",3".repeat(3000) + "]"));
    byte[] body =
        ("{\"model\":\"tiny\",\"input\":[" + inputs + "]}").getBytes(StandardCharsets.UTF_8);
    String gone = "puna_request_seconds_count{route=\"POST /v1/embeddings\",status=\"499\"";
    double before = server.meter(gone);
    try (Socket s = new Socket("127.0.0.1", server.server().port())) {
      String head =
          "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
              + body.length
              + "\r\n\r\n";
      s.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      s.getOutputStream().write(body);
      s.getOutputStream().flush();
    }
    long end = System.nanoTime() + 20_000_000_000L;
    while (server.meter(gone) == before && System.nanoTime() < end) Thread.sleep(20);
    assertThat(server.meter(gone)).isEqualTo(before + 1);
  }
}
