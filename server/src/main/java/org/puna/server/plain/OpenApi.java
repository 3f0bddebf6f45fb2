package org.puna.server.plain;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.puna.server.http.Endpoint;
import org.puna.server.http.Route;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /openapi.json}: a description of every endpoint, for machines. */
public final class OpenApi {
  private static final String PATH = "/openapi.json";
  private static final String RESOURCE = "/org/puna/server/openapi.json";

  private OpenApi() {}

  /**
   * Returns the endpoint.
   *
   * @param others what the server has beside it; the document leaves out what it has not
   */
  public static Endpoint endpoint(List<Endpoint> others) {
    String document =
        document(
            others.stream()
                .map(e -> e.path().replace('<', '{').replace('>', '}'))
                .collect(Collectors.toSet()));
    return Route.open("GET", PATH, x -> x.text(200, "application/json", document));
  }

  private static String document(Set<String> served) {
    try (InputStream in = OpenApi.class.getResourceAsStream(RESOURCE)) {
      if (in == null) throw new IllegalStateException(RESOURCE + " is missing from the jar");
      JsonMapper json = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
      JsonNode root = json.readTree(in.readAllBytes());
      ObjectNode paths = (ObjectNode) root.path("paths");
      for (String path : List.copyOf(paths.propertyNames())) {
        if (!path.equals(PATH) && !served.contains(path)) paths.remove(path);
      }
      return json.writeValueAsString(root);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
