package org.puna.app.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.puna.app.cli.Logging;
import org.puna.engine.GenerationEvent;
import org.puna.server.http.LoggedRequest;
import org.puna.server.http.RequestNotes;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ServerLogTest {
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private final PrintStream err = new PrintStream(written, true, StandardCharsets.UTF_8);

  @AfterEach
  void reset() {
    LogManager.getLogManager().reset();
  }

  private List<String> lines() {
    return written.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private List<JsonNode> objects() {
    JsonMapper json = JsonMapper.builder().build();
    return lines().stream().map(json::readTree).toList();
  }

  private static LoggedRequest request() {
    RequestNotes notes = new RequestNotes();
    notes.key("alice");
    notes.model("tiny \"é\"");
    notes.answer(new GenerationEvent.Usage(12, 3, 5, 40_999_999, 7));
    return new LoggedRequest(
        "POST", "/v1/completions", true, 200, notes, 1_234_567_890, "req_1", "edge-7");
  }

  private static LoggedRequest lost() {
    return new LoggedRequest(
        "GET", "/v1/v1", false, 404, new RequestNotes(), 1_000_000, null, null);
  }

  @Test
  void aRequestIsALineForPeople() {
    ServerLog log = new ServerLog(err, ServerLog.Format.TEXT);
    log.request(request());
    log.request(lost());
    log.note("ready: here");
    assertThat(lines().get(0))
        .matches(
            "\\S+ POST /v1/completions 200 key=alice model=tiny \"é\" prompt=12 cached=3 answer=5"
                + " ttft=40ms time=1234ms id=req_1 client-id=edge-7");
    assertThat(lines().get(1)).matches("\\S+ GET /v1/v1 404 no endpoint time=1ms");
    assertThat(lines().get(2)).endsWith(" ready: here");
  }

  @Test
  void orAnObjectForPrograms() {
    ServerLog log = new ServerLog(err, ServerLog.Format.JSON);
    log.request(request());
    log.request(lost());
    log.note("ready: here");
    JsonNode first = objects().get(0);
    assertThat(OffsetDateTime.parse(first.path("time").asString())).isNotNull();
    assertThat(lines().get(0))
        .endsWith(
            "\"level\":\"info\",\"event\":\"request\",\"message\":\"POST /v1/completions 200\","
                + "\"method\":\"POST\",\"path\":\"/v1/completions\",\"status\":200,\"key\":\"alice\",\"model\":\"tiny"
                + " \\\"é\\\"\",\"prompt_tokens\":12,\"cached_tokens\":3,"
                + "\"answer_tokens\":5,\"ttft_seconds\":0.04,\"seconds\":1.234,"
                + "\"request_id\":\"req_1\",\"client_request_id\":\"edge-7\"}");
    JsonNode second = objects().get(1);
    assertThat(second.path("event").asString()).isEqualTo("no_endpoint");
    assertThat(second.has("request_id")).isFalse();
    assertThat(objects().get(2).path("message").asString()).isEqualTo("ready: here");
  }

  @Test
  void failuresOfTheHouseAndWarningsOfLibrariesAreObjectsToo() {
    Logging.configure(0, err);
    Logger held = new ServerLog(err, ServerLog.Format.JSON).install();
    LogRecord failure = new LogRecord(Level.SEVERE, "request req_1 failed");
    failure.setLoggerName(held.getName() + ".server.Front");
    failure.setThrown(new IllegalStateException("two\nlines"));
    Logger.getLogger("org.puna.server.Front").log(failure);
    Logger library = Logger.getLogger("org.example.Library");
    library.warning("careful");
    library.info("chatter");
    assertThat(objects()).hasSize(2);
    JsonNode first = objects().get(0);
    assertThat(first.path("level").asString()).isEqualTo("error");
    assertThat(first.path("logger").asString()).isEqualTo("Front");
    assertThat(first.path("message").asString()).isEqualTo("request req_1 failed");
    assertThat(first.path("stack").asString()).contains("two\nlines").contains("\tat org.puna");
    JsonNode second = objects().get(1);
    assertThat(second.path("level").asString()).isEqualTo("warning");
    assertThat(second.path("message").asString()).isEqualTo("careful");
  }
}
