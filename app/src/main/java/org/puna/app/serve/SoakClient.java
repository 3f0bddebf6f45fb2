package org.puna.app.serve;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Asks a server for continuations of texts, greedily. */
final class SoakClient {
  private static final Duration TIMEOUT = Duration.ofMinutes(10);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ObjectMapper json = JsonMapper.builder().build();
  private final URI base;
  private final @Nullable String model;
  private final @Nullable String key;
  private final int tokens;

  SoakClient(URI base, @Nullable String model, @Nullable String key, int tokens) {
    String scheme = String.valueOf(base.getScheme());
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new BadInput("URL: expected http://… or https://…, found '" + base + "'");
    }
    this.base = base.getPath().endsWith("/") ? base : URI.create(base + "/");
    this.model = model;
    this.key = key;
    this.tokens = tokens;
  }

  /** A server that has no place now. */
  static final class Busy extends IOException {
    private static final long serialVersionUID = 1L;

    Busy() {
      super("the server is busy");
    }
  }

  /**
   * An answer that came to its end.
   *
   * @param text all of it
   * @param tokens how many the server says they were
   * @param done whether the last mark came
   */
  record Answer(String text, int tokens, boolean done) {}

  private HttpRequest request(String path, @Nullable ObjectNode body) {
    HttpRequest.Builder b = HttpRequest.newBuilder(base.resolve(path)).timeout(TIMEOUT);
    if (key != null) b.header("Authorization", "Bearer " + key);
    if (body == null) return b.GET().build();
    return b.header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body)))
        .build();
  }

  private ObjectNode body(String prompt, boolean stream) {
    ObjectNode body = json.createObjectNode();
    if (model != null) body.put("model", model);
    body.put("prompt", prompt).put("temperature", 0).put("max_tokens", tokens);
    if (stream) body.put("stream", true).putObject("stream_options").put("include_usage", true);
    return body;
  }

  /** Returns the whole answer to a prompt. */
  Answer whole(String prompt) throws IOException, InterruptedException {
    HttpResponse<String> r =
        http.send(
            request("v1/completions", body(prompt, false)), HttpResponse.BodyHandlers.ofString());
    JsonNode root = json.readTree(r.body());
    if (r.statusCode() != 200) {
      throw new BadInput(
          base
              + ": expected an answer, found status "
              + r.statusCode()
              + ": "
              + root.path("error").path("message").asString());
    }
    return new Answer(
        root.path("choices").path(0).path("text").asString(),
        root.path("usage").path("completion_tokens").asInt(),
        true);
  }

  /**
   * Reads an answer as it comes.
   *
   * @param leaveAfter pieces after which to leave
   * @param pieceNanos told the time at which each piece came
   * @throws Busy if the server has no place
   */
  Answer stream(String prompt, int leaveAfter, LongConsumer pieceNanos)
      throws IOException, InterruptedException {
    HttpResponse<InputStream> r =
        http.send(
            request("v1/completions", body(prompt, true)),
            HttpResponse.BodyHandlers.ofInputStream());
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(r.body(), StandardCharsets.UTF_8))) {
      if (r.statusCode() == 429) throw new Busy();
      if (r.statusCode() != 200) throw new IOException("status " + r.statusCode());
      StringBuilder text = new StringBuilder();
      int pieces = 0;
      int counted = 0;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (!line.startsWith("data: ")) continue;
        String data = line.substring(6);
        if (data.equals("[DONE]")) return new Answer(text.toString(), counted, true);
        JsonNode chunk = json.readTree(data);
        if (chunk.has("error")) {
          throw new IOException(chunk.path("error").path("message").asString());
        }
        if (chunk.path("usage").isObject()) {
          counted = chunk.path("usage").path("completion_tokens").asInt();
        }
        String piece = chunk.path("choices").path(0).path("text").asString("");
        if (piece.isEmpty()) continue;
        text.append(piece);
        pieceNanos.accept(System.nanoTime());
        if (++pieces >= leaveAfter) return new Answer(text.toString(), pieces, false);
      }
      return new Answer(text.toString(), counted, false);
    }
  }

  /** Returns the server's meters by name; those of several models or areas are added up. */
  Map<String, Double> meters() throws IOException, InterruptedException {
    HttpResponse<String> r =
        http.send(request("metrics", null), HttpResponse.BodyHandlers.ofString());
    Map<String, Double> out = new TreeMap<>();
    for (String line : r.body().lines().toList()) {
      int space = line.lastIndexOf(' ');
      if (line.startsWith("#") || space < 0) continue;
      int brace = line.indexOf('{');
      String name = line.substring(0, brace < 0 ? space : brace);
      if (name.equals("jvm_memory_used_bytes") && line.contains("nonheap")) continue;
      out.merge(name, number(line.substring(space + 1)).orElse(0), Double::sum);
    }
    return out;
  }

  private static OptionalDouble number(String s) {
    try {
      return OptionalDouble.of(Double.parseDouble(s));
    } catch (NumberFormatException e) {
      return OptionalDouble.empty();
    }
  }
}
