package org.puna.server;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.puna.fixtures.Fixtures;
import org.puna.fleet.Catalogue;
import org.puna.fleet.InventoryReader;
import org.puna.fleet.estimate.CalibrationFile;
import org.puna.fleet.estimate.IterationModel;
import org.puna.fleet.page.FleetPage;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufValue;
import org.puna.model.gguf.GgufWriter;
import org.puna.server.pages.FleetEndpoint;
import org.puna.server.plain.VersionEndpoint;
import org.puna.server.serving.ModelRegistry;
import org.puna.server.serving.ModelSpec;
import org.puna.server.serving.ServingOptions;
import org.puna.tensor.backends.Backends;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/**
 * A server on a free port with a random model of two layers: what it says means nothing, so tests
 * force it by formats, or compare it with itself. Its template shows tools as Qwen's does.
 */
final class TestServer implements AutoCloseable {
  static final String MODEL = "tiny";
  static final String VERSION = "0.9.1-test";

  private static final long CONTEXT = 4096;
  private static final int PARALLEL = 4;

  /** So that clients meet signs of life between all events. */
  static final Duration OFTEN = Duration.ofNanos(200_000);

  private static final int QUEUE = 4;
  private static final long MEMORY = 1L << 30;

  private static final String TEMPLATE =
      """
      {%- if tools %}<tools>{% for t in tools %}{{ t | tojson }}{% endfor %}</tools>
      Answer a call as <tool_call>{"name": …, "arguments": …}</tool_call>
      {% endif %}
      {%- for m in messages %}{{ m.role }}: {{ m.content }}
      {%- for c in m.tool_calls or [] %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}
      {% endfor %}
      {%- if add_generation_prompt %}assistant: {% endif %}\
      """;

  private final PunaServer server;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ObjectMapper json = JsonMapper.builder().build();

  private TestServer(PunaServer server) {
    this.server = server;
  }

  /** Starts a server that is as most tests want it. */
  static TestServer start(Path folder) throws Exception {
    return start(folder, options -> options);
  }

  /** Starts a server with changed options. */
  static TestServer start(Path folder, UnaryOperator<ServerOptions> change) throws Exception {
    return start(
        List.of(new ModelSpec(MODEL, model(folder), true)),
        change.apply(ServerOptions.local(0)),
        serving(PARALLEL, QUEUE, MEMORY));
  }

  /** Starts a server of models. */
  static TestServer start(List<ModelSpec> specs, ServerOptions options, ServingOptions serving) {
    PunaServer server =
        new PunaServer(
            options,
            new ModelRegistry(specs, serving),
            List.of(FleetEndpoint.of(fleet()), VersionEndpoint.of(VERSION)),
            line -> {});
    server.start();
    server.models().loadPinned();
    return new TestServer(server);
  }

  private static FleetPage fleet() {
    Catalogue chips = Catalogue.shipped();
    return new FleetPage(
        InventoryReader.read(Path.of("../fleet/examples/announced-fleet.yaml"), chips),
        chips.get("H100-80GB-SXM", "test"),
        new IterationModel(CalibrationFile.cluster(chips)));
  }

  static ServingOptions serving(int parallel, int queue, long memory) {
    return new ServingOptions(() -> Backends.open("auto", 2), 0, parallel, queue, memory);
  }

  /** Writes the model to a folder and returns its file. */
  static Path model(Path folder) throws IOException {
    Path file = folder.resolve("tiny.gguf");
    Path source = Fixtures.path("gguf/tiny-q4_0.gguf");
    try (GgufFile gguf = GgufFile.open(source)) {
      Map<String, GgufValue> metadata = new LinkedHashMap<>(gguf.metadata().values());
      metadata.put("llama.context_length", GgufValue.u32(CONTEXT));
      metadata.put("tokenizer.chat_template", GgufValue.of(TEMPLATE));
      GgufWriter.write(file, metadata, gguf.tensors());
    }
    return file;
  }

  PunaServer server() {
    return server;
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  JsonNode json(String text) {
    return json.readTree(text);
  }

  HttpResponse<String> get(String path, String... headers) throws Exception {
    return send(request(path, headers).GET());
  }

  HttpResponse<String> post(String path, String body, String... headers) throws Exception {
    return send(request(path, headers).POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  /** Posts a body with single quotes for double ones, which text in Java has to escape. */
  HttpResponse<String> ask(String path, String body, String... headers) throws Exception {
    return post(path, body.replace('\'', '"'), headers);
  }

  HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder b = HttpRequest.newBuilder(uri(path));
    return headers.length == 0 ? b : b.headers(headers);
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpClient http() {
    return http;
  }

  /** Returns the value of a meter. */
  double meter(String name) throws Exception {
    return get("/metrics")
        .body()
        .lines()
        .filter(l -> l.startsWith(name))
        .mapToDouble(l -> Double.parseDouble(l.substring(l.lastIndexOf(' ') + 1)))
        .sum();
  }

  @Override
  public void close() {
    http.close();
    server.close();
  }
}
