package org.puna.server.plain;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.puna.server.http.Endpoint;
import org.puna.server.http.Route;

/** {@code GET /openapi.json}: a description of every endpoint, for machines. */
public final class OpenApi {
  private static final String RESOURCE = "/org/puna/server/openapi.json";

  private OpenApi() {}

  /** Returns the endpoint. */
  public static Endpoint endpoint() {
    String document = document();
    return Route.open("GET", "/openapi.json", x -> x.text(200, "application/json", document));
  }

  private static String document() {
    try (InputStream in = OpenApi.class.getResourceAsStream(RESOURCE)) {
      if (in == null) throw new IllegalStateException(RESOURCE + " is missing from the jar");
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
