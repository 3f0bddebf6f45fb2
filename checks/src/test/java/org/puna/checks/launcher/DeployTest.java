package org.puna.checks.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.models.ShippedModel;
import org.puna.server.PunaServer;
import org.puna.server.ServerOptions;
import org.puna.server.serving.ModelRegistry;
import org.puna.server.serving.ModelSpec;
import org.puna.server.serving.ServingOptions;
import org.puna.tensor.backends.Backends;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The manifest of Kubernetes and the unit of systemd, held against the server that they start. */
class DeployTest {
  /** Seconds in which the server tells clients that it ends, and closes. */
  private static final int CLOSING = 5;

  @TempDir private Path temp;

  private static Path repository() {
    Path at = Path.of("").toAbsolutePath();
    while (at != null && !Files.exists(at.resolve("puna"))) at = at.getParent();
    return Objects.requireNonNull(at, "no launcher above the working directory");
  }

  private static List<JsonNode> manifest() throws Exception {
    try (MappingIterator<JsonNode> all =
        new YAMLMapper()
            .readerFor(JsonNode.class)
            .readValues(repository().resolve("deploy/kubernetes/puna.yaml").toFile())) {
      return all.readAll();
    }
  }

  private static JsonNode pod() throws Exception {
    JsonNode deployment = manifest().getFirst();
    assertThat(deployment.path("kind").asString()).isEqualTo("Deployment");
    return deployment.path("spec").path("template").path("spec");
  }

  private static List<String> args() throws Exception {
    List<String> args = new ArrayList<>();
    pod().path("containers").path(0).path("args").forEach(a -> args.add(a.asString()));
    return args;
  }

  private static void areOptionsOfServe(List<String> args) throws Exception {
    String page = Files.readString(repository().resolve("docs/cli.md"));
    int from = page.indexOf("\nUsage: puna serve ");
    assertThat(from).isPositive();
    String serve = page.substring(from, page.indexOf("\nUsage: ", from + 1));
    assertThat(args)
        .filteredOn(a -> a.startsWith("--"))
        .isNotEmpty()
        .allSatisfy(a -> assertThat(serve).contains(a + "="));
  }

  @Test
  void theServerAnswersTheProbesOfTheManifest() throws Exception {
    JsonNode container = pod().path("containers").path(0);
    ServingOptions serving =
        new ServingOptions(() -> Backends.open("auto", 1), 0, 1, 1, Long.MAX_VALUE);
    ModelRegistry models =
        new ModelRegistry(List.of(new ModelSpec("m", ShippedModel.in(temp), true)), serving);
    try (PunaServer server = new PunaServer(ServerOptions.local(0), models, List.of(), line -> {});
        HttpClient http = HttpClient.newHttpClient()) {
      server.start();
      String base = "http://127.0.0.1:" + server.port();
      assertThat(get(http, base + path(container, "readinessProbe"))).isEqualTo(503);
      assertThat(get(http, base + path(container, "livenessProbe"))).isEqualTo(200);
      assertThat(get(http, base + path(container, "startupProbe"))).isEqualTo(200);
      models.loadPinned();
      assertThat(get(http, base + path(container, "readinessProbe"))).isEqualTo(200);
    }
  }

  private static String path(JsonNode container, String probe) {
    return container.path(probe).path("httpGet").path("path").asString();
  }

  private static int get(HttpClient http, String uri) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(uri)).build();
    return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  @Test
  void theManifestStartsTheServerWithOptionsThatItHasAndLetsItEnd() throws Exception {
    List<String> args = args();
    assertThat(args.getFirst()).isEqualTo("serve");
    areOptionsOfServe(args);
    int grace = Integer.parseInt(args.get(args.indexOf("--grace") + 1));
    JsonNode pod = pod();
    int stop =
        pod.path("containers")
            .path(0)
            .path("lifecycle")
            .path("preStop")
            .path("sleep")
            .path("seconds")
            .asInt();
    assertThat(pod.path("terminationGracePeriodSeconds").asInt())
        .isGreaterThanOrEqualTo(stop + grace + CLOSING);
  }

  @Test
  void theUnitStartsTheServerWithOptionsThatItHasAndLetsItEnd() throws Exception {
    String unit = Files.readString(repository().resolve("deploy/puna.service"));
    List<String> command = List.of(value(unit, "ExecStart").split(" "));
    assertThat(command).startsWith("/opt/puna/bin/puna", "serve");
    areOptionsOfServe(command);
    int grace = Integer.parseInt(command.get(command.indexOf("--grace") + 1));
    assertThat(Integer.parseInt(value(unit, "TimeoutStopSec")))
        .isGreaterThanOrEqualTo(grace + CLOSING);
  }

  private static String value(String unit, String key) {
    Matcher m = Pattern.compile("(?m)^" + key + "=(.*)$").matcher(unit);
    assertThat(m.find()).as(key).isTrue();
    return m.group(1);
  }
}
