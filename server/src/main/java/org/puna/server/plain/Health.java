package org.puna.server.plain;

import java.util.List;
import java.util.function.BooleanSupplier;
import org.puna.server.http.Endpoint;
import org.puna.server.http.Exchange;
import org.puna.server.http.Route;
import org.puna.server.metrics.Meters;
import org.puna.server.serving.ModelRegistry;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code GET /health} (ready: pinned models are loaded, no shutdown has begun), {@code GET
 * /health/live} (the process answers) and {@code GET /metrics}.
 */
public final class Health {
  private final ModelRegistry models;
  private final BooleanSupplier stopping;

  private Health(ModelRegistry models, BooleanSupplier stopping) {
    this.models = models;
    this.stopping = stopping;
  }

  /** Returns the endpoints over a server's models and meters. */
  public static List<Endpoint> endpoints(
      ModelRegistry registry, Meters meters, BooleanSupplier stopping) {
    Health h = new Health(registry, stopping);
    return List.of(
        Route.open("GET", "/health", h::ready),
        Route.open("GET", "/health/live", x -> status(x, 200, "ok")),
        Route.open(
            "GET",
            "/metrics",
            x -> x.text(200, "text/plain; version=0.0.4; charset=utf-8", meters.scrape())));
  }

  private void ready(Exchange x) {
    if (stopping.getAsBoolean()) {
      status(x, 503, "stopping");
    } else if (!models.ready()) {
      status(x, 503, "loading");
    } else {
      status(x, 200, "ok");
    }
  }

  private static void status(Exchange x, int code, String status) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("status", status);
    x.json(code, root);
  }
}
