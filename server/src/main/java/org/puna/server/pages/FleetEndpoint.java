package org.puna.server.pages;

import org.puna.fleet.page.FleetPage;
import org.puna.server.http.Endpoint;
import org.puna.server.http.Route;

/** {@code GET /fleet}: an inventory of accelerators, and plans of what it can train. */
public final class FleetEndpoint {
  private FleetEndpoint() {}

  /** Returns the endpoint of an inventory's page. */
  public static Endpoint of(FleetPage page) {
    return Route.of(
        "GET", "/fleet", x -> x.text(200, "text/html; charset=utf-8", page.html(x.queries())));
  }
}
