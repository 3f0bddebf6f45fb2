package org.puna.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.net.ServerSocket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.puna.model.config.BadInput;
import org.puna.server.access.ApiKey;
import org.puna.server.access.Keys;
import org.puna.server.serving.ModelRegistry;
import org.puna.server.serving.ModelSpec;

/** What somebody who runs the server relies on: its log, its meters, keys that change, errors. */
@Timeout(120)
final class OperationsTest {
  private static final long MEMORY = 1L << 30;
  private static final long SECONDS = 30;
  private static final Duration PING = Duration.ofMillis(20);

  /** An answer that goes on to the end of the context. */
  private static final String ENDLESS =
      "{'prompt':'Once','max_tokens':3900,'logit_bias':{'508':-100,'511':-100},'temperature':1.5%s}";

  @TempDir Path folder;

  private static Keys keys(String... names) {
    return new Keys(
        List.of(names).stream().map(n -> new ApiKey(n, Keys.hash("sk-" + n), null, null)).toList());
  }

  private static int asked(TestServer s, String name) throws Exception {
    return s.get("/v1/models", "x-api-key", "sk-" + name).statusCode();
  }

  @Test
  void keysAreMadeAndTakenWhileTheServerRuns() throws Exception {
    try (TestServer s = TestServer.start(folder, o -> o.withKeys(keys("a")))) {
      s.server().replaceKeys(keys("b"));
      assertThat(asked(s, "a")).isEqualTo(401);
      assertThat(asked(s, "b")).isEqualTo(200);
      s.server().replaceKeys(Keys.none());
      assertThat(asked(s, "b")).as("with no key left").isEqualTo(401);
      assertThat(s.get("/v1/models").statusCode()).isEqualTo(401);
    }
    try (TestServer open = TestServer.start(folder)) {
      assertThatThrownBy(() -> open.server().replaceKeys(keys("a")))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void theVersionIsToldWithoutAKey() throws Exception {
    try (TestServer s = TestServer.start(folder, o -> o.withKeys(keys("a")))) {
      HttpResponse<String> r = s.get("/version");
      assertThat(r.statusCode()).isEqualTo(200);
      assertThat(r.headers().firstValue("content-type").orElse("")).startsWith("application/json");
      assertThat(r.body()).isEqualTo("{\"version\":\"" + TestServer.VERSION + "\"}");
      assertThat(s.get("/v1/models").statusCode()).isEqualTo(401);
    }
  }

  @Test
  void theLogHasRequestsWithoutEndpointAndTheNumbersOfClients() throws Exception {
    BlockingQueue<String> log = new LinkedBlockingQueue<>();
    ModelSpec spec = new ModelSpec(TestServer.MODEL, TestServer.model(folder), true);
    try (PunaServer server =
        new PunaServer(
            ServerOptions.local(0),
            new ModelRegistry(List.of(spec), TestServer.serving(1, 1, MEMORY)),
            List.of(),
            r -> log.add(r.line()))) {
      server.start();
      try (var http = java.net.http.HttpClient.newHttpClient()) {
        String base = "http://127.0.0.1:" + server.port();
        assertThat(status(http, base + "/v1/v1/models%0Aforged")).isEqualTo(404);
        assertThat(log.poll(SECONDS, TimeUnit.SECONDS))
            .startsWith("GET /v1/v1/models%0Aforged 404 no endpoint time=");
        assertThat(status(http, base + "/v1/models", "X-Request-ID", "edge-7f:3")).isEqualTo(200);
        assertThat(log.poll(SECONDS, TimeUnit.SECONDS)).endsWith(" client-id=edge-7f:3");
        assertThat(status(http, base + "/v1/models", "X-Request-ID", "a key=root")).isEqualTo(200);
        assertThat(log.poll(SECONDS, TimeUnit.SECONDS)).doesNotContain("root");
      }
    }
  }

  private static int status(java.net.http.HttpClient http, String uri, String... headers)
      throws Exception {
    HttpRequest.Builder b = HttpRequest.newBuilder(java.net.URI.create(uri));
    if (headers.length > 0) b.headers(headers);
    return http.send(b.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  @Test
  void everyRequestIsCountedAndItsTimeHasBuckets() throws Exception {
    try (TestServer s = TestServer.start(folder)) {
      assertThat(s.get("/nowhere").statusCode()).isEqualTo(404);
      assertThat(s.get("/v1/completions").statusCode()).isEqualTo(405);
      assertThat(s.meter("puna_request_seconds_count{route=\"none\",status=\"404\"}")).isEqualTo(1);
      assertThat(s.meter("puna_request_seconds_count{route=\"none\",status=\"405\"}")).isEqualTo(1);
      assertThat(s.get("/metrics").body())
          .contains("puna_request_seconds_bucket{route=\"none\",status=\"404\",le=\"0.1\"}");
    }
  }

  @Test
  void anAnswerThatWaitsShowsSignsOfLife() throws Exception {
    ModelSpec spec = new ModelSpec(TestServer.MODEL, TestServer.model(folder), true);
    try (TestServer s =
        TestServer.start(
            List.of(spec),
            ServerOptions.local(0).withPing(PING),
            TestServer.serving(1, 4, MEMORY))) {
      var first = s.http().sendAsync(body(s, ""), HttpResponse.BodyHandlers.ofString());
      while (s.meter("puna_batch_size") == 0) Thread.sleep(5);
      HttpResponse<InputStream> second =
          s.http().send(body(s, ",'stream':true"), HttpResponse.BodyHandlers.ofInputStream());
      assertThat(second.headers().firstValue("content-type").orElse(""))
          .startsWith("text/event-stream");
      try (InputStream in = second.body()) {
        String begin = new String(in.readNBytes(": wait\n\n".length()), StandardCharsets.UTF_8);
        assertThat(begin).isEqualTo(": wait\n\n");
      }
      HttpResponse<String> whole = first.get(SECONDS, TimeUnit.SECONDS);
      assertThat(whole.statusCode()).isEqualTo(200);
      assertThat(s.json(whole.body()).path("object").asString()).isEqualTo("text_completion");
    }
  }

  private static HttpRequest body(TestServer s, String more) {
    String text = ENDLESS.formatted(more).replace('\'', '"');
    return s.request("/v1/completions").POST(HttpRequest.BodyPublishers.ofString(text)).build();
  }

  @Test
  void aModelThatIsLargerThanItsMemoryIsWarnedOf() throws Exception {
    List<String> said = new ArrayList<>();
    Logger logger = Logger.getLogger(ModelRegistry.class.getName());
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord r) {
            said.add(new java.util.logging.SimpleFormatter().formatMessage(r));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    logger.addHandler(handler);
    try {
      ModelSpec spec = new ModelSpec(TestServer.MODEL, TestServer.model(folder), true);
      TestServer.start(List.of(spec), ServerOptions.local(0), TestServer.serving(1, 1, MEMORY))
          .close();
      assertThat(said).noneMatch(l -> l.contains("may take here"));
      TestServer.start(List.of(spec), ServerOptions.local(0), TestServer.serving(1, 1, 1)).close();
      assertThat(said).anyMatch(l -> l.contains("may take here"));
    } finally {
      logger.removeHandler(handler);
    }
  }

  @Test
  void addressesThatCannotBeListenedOnAreToldApart() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
      cannot("127.0.0.1", taken.getLocalPort(), "is another server there?");
    }
    // Kept for documents (RFC 5737), so no machine has it.
    cannot("192.0.2.1", 0, "does not have that address");
    cannot("no-such-host.invalid", 0, "nobody knows 'no-such-host.invalid'");
  }

  private void cannot(String host, int port, String why) throws Exception {
    ServerOptions o = ServerOptions.local(port).withKeys(keys("a"));
    ModelSpec spec = new ModelSpec(TestServer.MODEL, TestServer.model(folder), false);
    assertThatThrownBy(() ->
            TestServer.start(
                List.of(spec),
                new ServerOptions(
                    host,
                    port,
                    o.keys(),
                    List.of(),
                    o.bodyLimit(),
                    o.headerLimit(),
                    o.deadline(),
                    o.idle(),
                    o.ping(),
                    o.grace()),
                TestServer.serving(1, 1, MEMORY)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(why);
  }
}
