package org.puna.server.plain;

import org.puna.server.http.Endpoint;
import org.puna.server.http.Route;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /version}: which build answers, for whoever rolls one out. */
public final class VersionEndpoint {
  private VersionEndpoint() {}

  /**
   * Returns the endpoint, which needs no key, as {@code /health} does not.
   *
   * @param version the program's version, as {@code puna --version} shows it
   */
  public static Endpoint of(String version) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("version", version);
    return Route.open("GET", "/version", x -> x.json(200, root));
  }
}
