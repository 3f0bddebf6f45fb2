package org.puna.app.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.cli.Version;

/** A server in a process of its own: what the environment gives it, and how signals end it. */
@Timeout(120)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "a process there cannot be asked to end")
class ServeProcessTest {
  /** Much longer than the whole test, so that only a signal can end it in time. */
  private static final int GRACE = 600;

  private static final int SECONDS = 60;

  /** Less than the minute after which the server gives an unfinished request up by itself. */
  private static final int AT_ONCE = 20;

  private static final int ENDED_BY_TERM = 143;

  @TempDir private Path folder;
  private Process process;

  @AfterEach
  void end() throws InterruptedException {
    if (process != null) process.destroyForcibly().waitFor();
  }

  /** Starts a server as a container does, by variables alone, and returns its port. */
  private int serve() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-Xmx256m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of("org.puna.app.Main", "serve", "--grace", "" + GRACE));
    ProcessBuilder b = new ProcessBuilder(command);
    b.environment().keySet().removeIf(k -> k.startsWith("PUNA_"));
    b.environment()
        .putAll(
            Map.of(
                "PUNA_HOME", folder.toString(),
                "PUNA_THREADS", "1",
                "PUNA_SERVE_PORT", "0",
                "PUNA_SERVE_GRACE", "0",
                "PUNA_SERVE_PROT", "1",
                "PUNA_SERVE_MODELS", "teller=default"));
    process = b.redirectOutput(log().toFile()).redirectErrorStream(true).start();
    String line = awaitLine("ready: http://127.0.0.1:(\\d+)/v1 serves teller");
    return Integer.parseInt(line);
  }

  private Path log() {
    return folder.resolve("log");
  }

  /** Waits for a line of the log and returns what its group says, or all that was found. */
  private String awaitLine(String pattern) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (true) {
      String log = Files.readString(log());
      Matcher m = Pattern.compile(pattern).matcher(log);
      if (m.find()) return m.group(m.groupCount());
      assertThat(process.isAlive() && System.nanoTime() < end).as(log).isTrue();
      Thread.sleep(20);
    }
  }

  /** Sends the head of a request and never its body, so that the server waits for it. */
  private static Socket unfinished(int port) throws IOException {
    Socket s = new Socket("127.0.0.1", port);
    s.getOutputStream()
        .write(
            "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{"
                .getBytes(StandardCharsets.US_ASCII));
    return s;
  }

  private static String get(HttpClient http, int port, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + port + path);
    HttpRequest request = HttpRequest.newBuilder(uri).build();
    return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  private static void awaitRunning(HttpClient http, int port) throws Exception {
    // The request of the meters is one of them.
    while (!get(http, port, "/metrics").contains("puna_requests_in_flight 2")) Thread.sleep(20);
  }

  @Test
  void aSecondSignalEndsTheGracePeriod() throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      int port = serve();
      assertThat(get(http, port, "/version"))
          .isEqualTo("{\"version\":\"" + Version.number() + "\"}");
      assertThat(Files.readString(log())).contains("PUNA_SERVE_PROT: is the variable of no option");
      try (Socket _ = unfinished(port)) {
        awaitRunning(http, port);
        process.toHandle().destroy();
        awaitLine("stopping: running answers have (" + GRACE + ") s");
        assertThat(process.waitFor(1, TimeUnit.SECONDS)).as("waits for the answer").isFalse();
        process.toHandle().destroy();
        assertThat(process.waitFor(AT_ONCE, TimeUnit.SECONDS)).as("ended").isTrue();
        assertThat(process.exitValue()).isEqualTo(ENDED_BY_TERM);
        assertThat(Files.readString(log())).contains("stopping now");
      }
    }
  }

  @Test
  void oneSignalIsEnoughWhereNothingIsAnswered() throws Exception {
    serve();
    process.toHandle().destroy();
    assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).as("ended").isTrue();
    assertThat(process.exitValue()).isEqualTo(ENDED_BY_TERM);
  }
}
