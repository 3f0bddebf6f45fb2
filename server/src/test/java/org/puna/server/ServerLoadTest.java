package org.puna.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.server.serving.ModelSpec;
import tools.jackson.databind.JsonNode;

/** What happens when much is asked at once, memory is short, or the server has to go. */
final class ServerLoadTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long MEMORY = 1L << 30;
  private static final long LONGEST_RETRY = 120;

  /** How much faster or slower a busy machine may become from one answer to the next. */
  private static final double UNEVEN = 4;

  /** Control tokens that end an answer of the model, so that it goes on to the largest number. */
  private static final String ENDLESS = "'logit_bias':{'508':-100,'511':-100},'temperature':1.5";

  @TempDir Path folder;

  private static void await(Condition c) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!c.holds()) {
      assertThat(System.nanoTime()).as("time").isLessThan(end);
      Thread.sleep(10);
    }
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static HttpRequest request(TestServer s, String body) {
    return s.request("/v1/completions")
        .POST(HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
        .build();
  }

  @Test
  void aFullQueueSendsAway() throws Exception {
    ModelSpec spec = new ModelSpec(TestServer.MODEL, TestServer.model(folder), true);
    try (TestServer s =
        TestServer.start(List.of(spec), ServerOptions.local(0), TestServer.serving(1, 1, MEMORY))) {
      HttpRequest endless = request(s, "{'prompt':'Once','max_tokens':3900," + ENDLESS + "}");
      var first = s.http().sendAsync(endless, HttpResponse.BodyHandlers.ofString());
      var second = s.http().sendAsync(endless, HttpResponse.BodyHandlers.ofString());
      await(() -> s.meter("puna_batch_size") + s.meter("puna_queue_length") == 2);
      HttpResponse<String> third = s.ask("/v1/completions", "{'prompt':'Twice'}");
      assertThat(third.statusCode()).isEqualTo(429);
      long retry = third.headers().firstValueAsLong("retry-after").orElse(0);
      assertThat(retry).isBetween(1L, 120L);
      assertThat(third.body()).contains("try again in " + retry + " s");
      assertThat(s.json(third.body()).path("error").path("type").asString())
          .isEqualTo("rate_limit_error");
      assertThat(first.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(second.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      HttpResponse<String> tooMany =
          s.ask("/v1/completions", "{'prompt':'Once','n':3,'max_tokens':2}");
      assertThat(tooMany.statusCode()).as(tooMany.body()).isEqualTo(400);
    }
  }

  @Test
  void whoIsSentAwayIsToldATimeByThePaceOfTheAnswersBefore() throws Exception {
    int queue = 40;
    String endless = "{'prompt':'Once','max_tokens':3900," + ENDLESS + "}";
    ModelSpec spec = new ModelSpec(TestServer.MODEL, TestServer.model(folder), true);
    try (TestServer s =
        TestServer.start(
            List.of(spec), ServerOptions.local(0), TestServer.serving(1, queue, MEMORY))) {
      long start = System.nanoTime();
      assertThat(s.ask("/v1/completions", endless).statusCode()).isEqualTo(200);
      double seconds = (System.nanoTime() - start) / 1e9;
      List<CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
      for (int i = 0; i < queue + 20; i++) {
        all.add(s.http().sendAsync(request(s, endless), HttpResponse.BodyHandlers.ofString()));
      }
      await(() -> all.stream().anyMatch(CompletableFuture::isDone));
      HttpResponse<String> refused =
          all.stream().filter(CompletableFuture::isDone).findFirst().orElseThrow().join();
      assertThat(refused.statusCode()).as(refused.body()).isEqualTo(429);
      double half = seconds * queue / 2;
      assertThat(refused.headers().firstValueAsLong("retry-after").orElse(0))
          .isBetween(
              (long) Math.clamp(half / UNEVEN, 1, LONGEST_RETRY),
              (long) Math.clamp(Math.ceil(half * UNEVEN), 1, LONGEST_RETRY));
      all.forEach(a -> a.cancel(true));
      // Those who waited are gone, so whoever comes again finds a place.
      await(
          () -> s.ask("/v1/completions", "{'prompt':'Twice','max_tokens':2}").statusCode() == 200);
    }
  }

  @Test
  void aSlowReaderHoldsBackNobodyAndLosesNothing() throws Exception {
    try (TestServer s = TestServer.start(folder);
        Socket slow = new Socket()) {
      slow.setReceiveBufferSize(4096);
      slow.connect(new java.net.InetSocketAddress("127.0.0.1", s.server().port()));
      int tokens = 3500;
      byte[] body =
          ("{'prompt':'Once','stream':true,'logprobs':1,'seed':1,'max_tokens':"
                  + tokens
                  + ","
                  + ENDLESS
                  + "}")
              .replace('\'', '"')
              .getBytes(StandardCharsets.UTF_8);
      String head =
          "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
              + "Content-Length: "
              + body.length
              + "\r\n\r\n";
      slow.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      slow.getOutputStream().write(body);
      slow.getOutputStream().flush();
      await(() -> s.meter("puna_batch_size") == 1);
      // The pipe fills up, and the sequence sits out.
      double[] before = {-1};
      await(() -> {
        double steps = s.meter("puna_steps");
        boolean still = steps == before[0];
        before[0] = steps;
        Thread.sleep(200);
        return still;
      });
      for (int i = 0; i < 5; i++) {
        assertThat(s.ask("/v1/completions", "{'prompt':'Twice','max_tokens':20}").statusCode())
            .isEqualTo(200);
      }
      int seen = 0;
      boolean done = false;
      BufferedReader in =
          new BufferedReader(new InputStreamReader(slow.getInputStream(), StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.equals("data: [DONE]")) done = true;
        if (!line.startsWith("data: {")) continue;
        JsonNode choice = s.json(line.substring(6)).path("choices").path(0);
        seen += choice.path("logprobs").path("tokens").size();
      }
      assertThat(done).isTrue();
      assertThat(seen).isEqualTo(tokens);
    }
  }

  @Test
  void manyStreamsSayWhatEachSaysAlone() throws Exception {
    try (TestServer s =
        TestServer.start(
            List.of(new ModelSpec(TestServer.MODEL, TestServer.model(folder), true)),
            ServerOptions.local(0),
            TestServer.serving(16, 100, MEMORY))) {
      List<String> bodies =
          IntStream.range(0, 60)
              .mapToObj(i ->
                  "{'prompt':'Number "
                      + i
                      + " is','seed':"
                      + i
                      + ",'temperature':1,'max_tokens':30}")
              .toList();
      List<CompletableFuture<HttpResponse<String>>> together =
          bodies.stream()
              .map(b -> s.http().sendAsync(request(s, b), HttpResponse.BodyHandlers.ofString()))
              .toList();
      for (int i = 0; i < bodies.size(); i++) {
        HttpResponse<String> r = together.get(i).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(r.statusCode()).isEqualTo(200);
        String alone = text(s, s.ask("/v1/completions", bodies.get(i)).body());
        assertThat(text(s, r.body())).isEqualTo(alone);
      }
    }
  }

  private static String text(TestServer s, String body) {
    return s.json(body).path("choices").path(0).path("text").asString();
  }

  @Test
  void memoryHoldsTheModelsThatAreUsed() throws Exception {
    Path one = TestServer.model(folder);
    Path two = folder.resolve("two.gguf");
    Path three = folder.resolve("three.gguf");
    Files.copy(one, two);
    Files.copy(one, three);
    List<ModelSpec> specs =
        List.of(
            new ModelSpec("one", one, true),
            new ModelSpec("two", two, false),
            new ModelSpec("three", three, false));
    // Room for two, not for three.
    long room;
    try (TestServer s =
        TestServer.start(
            specs.subList(0, 1), ServerOptions.local(0), TestServer.serving(4, 4, MEMORY))) {
      s.ask("/v1/completions", "{'prompt':'Once','max_tokens':3}");
      room = (long) (2.5 * s.meter("puna_model_memory_bytes"));
    }
    try (TestServer s =
        TestServer.start(specs, ServerOptions.local(0), TestServer.serving(4, 4, room))) {
      assertThat(s.get("/health").statusCode()).isEqualTo(200);
      for (String m : List.of("two", "three", "two")) {
        String body = "{'model':'" + m + "','prompt':'Once','max_tokens':3}";
        assertThat(s.ask("/v1/completions", body).statusCode()).isEqualTo(200);
        JsonNode models = s.json(s.get("/v1/models").body()).path("data");
        assertThat(models.path(0).path("loaded").asBoolean()).as("pinned").isTrue();
        assertThat(models.path(1).path("loaded").asBoolean()).isEqualTo(m.equals("two"));
        assertThat(models.path(2).path("loaded").asBoolean()).isEqualTo(m.equals("three"));
      }
    }
  }

  @Test
  void aModelThatIsDamagedIsUnavailableAndSaysNoPath() throws Exception {
    Path good = TestServer.model(folder);
    Path bad = Files.write(folder.resolve("bad.gguf"), new byte[] {'G', 'G', 'U', 'F', 9});
    List<ModelSpec> specs =
        List.of(new ModelSpec("good", good, true), new ModelSpec("bad", bad, false));
    try (TestServer s =
        TestServer.start(specs, ServerOptions.local(0), TestServer.serving(4, 4, MEMORY))) {
      HttpResponse<String> r = s.ask("/v1/completions", "{'model':'bad','prompt':'Once'}");
      assertThat(r.statusCode()).isEqualTo(503);
      assertThat(r.body()).doesNotContain(folder.toString());
      r = s.ask("/v1/completions", "{'model':'good','prompt':'Once'}");
      assertThat(r.statusCode()).isEqualTo(200);
    }
  }

  @Test
  void stoppingLetsRunningAnswersFinish() throws Exception {
    TestServer s = TestServer.start(folder);
    HttpRequest running =
        request(s, "{'prompt':'Once','stream':true,'max_tokens':1500," + ENDLESS + "}");
    HttpResponse<InputStream> r = s.http().send(running, HttpResponse.BodyHandlers.ofInputStream());
    CompletableFuture<Void> closing = CompletableFuture.runAsync(s.server()::close);
    await(() -> s.get("/health").statusCode() == 503);
    HttpResponse<String> late = s.ask("/v1/completions", "{'prompt':'Twice'}");
    assertThat(late.statusCode()).isEqualTo(503);
    assertThat(late.headers().firstValue("retry-after")).isPresent();
    String all = new String(r.body().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(all).contains("\"finish_reason\":\"length\"").endsWith("data: [DONE]\n\n");
    closing.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void reasoningIsToldApart() throws Exception {
    String grammar = "root ::= \\\"<think>\\\" [a-z]{5} \\\"</think>\\\" [0-9]{4}";
    String body =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"grammar\":\"" + grammar + "\"}";
    try (TestServer s = TestServer.start(folder)) {
      JsonNode whole = s.json(s.post("/v1/chat/completions", body).body());
      JsonNode message = whole.path("choices").path(0).path("message");
      assertThat(
              whole
                  .path("usage")
                  .path("completion_tokens_details")
                  .path("reasoning_tokens")
                  .asInt())
          .isBetween(1, 5);
      assertThat(message.path("reasoning_content").asString()).matches("[a-z]{5}");
      assertThat(message.path("content").asString()).matches("[0-9]{4}");
    }
  }
}
