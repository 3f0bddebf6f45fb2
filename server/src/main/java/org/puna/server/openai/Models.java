package org.puna.server.openai;

import java.util.List;
import org.puna.server.http.ApiError;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Endpoint;
import org.puna.server.http.Exchange;
import org.puna.server.http.Route;
import org.puna.server.serving.ModelRegistry;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /v1/models} and {@code GET /v1/models/{id}}: the models that requests may name. */
public final class Models {
  private final ModelRegistry models;

  private Models(ModelRegistry models) {
    this.models = models;
  }

  /** Returns the endpoints over a server's models. */
  public static List<Endpoint> endpoints(ModelRegistry registry) {
    Models m = new Models(registry);
    return List.of(
        Route.of("GET", "/v1/models", m::all), Route.of("GET", "/v1/models/<id>", m::one));
  }

  private static void write(ObjectNode node, ModelRegistry.Entry e) {
    node.put("id", e.name());
    node.put("object", "model");
    node.put("created", e.createdSeconds());
    node.put("owned_by", "puna");
    node.put("loaded", e.model().isPresent());
    e.model().ifPresent(m -> node.put("max_model_len", m.contextLength()));
  }

  private void all(Exchange x) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("object", "list");
    ArrayNode data = root.putArray("data");
    models.list().forEach(e -> write(data.addObject(), e));
    x.json(root);
  }

  private void one(Exchange x) {
    String id = x.pathPart("id");
    ModelRegistry.Entry e =
        models.find(id).orElseThrow(() -> new ApiFailure(new ApiError.UnknownModel(id)));
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    write(root, e);
    x.json(root);
  }
}
