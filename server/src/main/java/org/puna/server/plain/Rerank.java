package org.puna.server.plain;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.puna.chat.Reranker;
import org.puna.server.answering.Ids;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Endpoint;
import org.puna.server.http.Exchange;
import org.puna.server.http.Fields;
import org.puna.server.serving.ModelRegistry;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code POST /v1/rerank}, also as {@code /rerank} and {@code /v2/rerank}: documents by how well
 * they answer a query, as Jina's and Cohere's APIs have it. A score is what the model's head says;
 * with {@code "normalize": true} between 0 and 1.
 */
public final class Rerank implements Endpoint {
  private static final int MOST_DOCUMENTS = 1000;

  private final ModelRegistry models;
  private final String path;

  private Rerank(ModelRegistry models, String path) {
    this.models = models;
    this.path = path;
  }

  /** Returns the endpoint over the server's models, under each of its paths. */
  public static List<Endpoint> endpoints(ModelRegistry models) {
    return Stream.of("/v1/rerank", "/v2/rerank", "/rerank")
        .<Endpoint>map(path -> new Rerank(models, path))
        .toList();
  }

  @Override
  public String method() {
    return "POST";
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public void handle(Exchange x) throws Exception {
    Fields f = x.body();
    String query = f.requiredText("query");
    List<String> documents = documents(f);
    int top = f.integer("top_n", 1, Integer.MAX_VALUE).orElse(documents.size());
    boolean show = f.flag("return_documents").orElse(false);
    boolean normalise = f.flag("normalize").orElse(false);
    String name = f.text("model").orElseGet(models::defaultName);
    try (ModelRegistry.Lease lease = models.acquire(name, 1)) {
      x.notes().model(lease.name());
      Reranker.Ranking r = lease.model().reranker().rank(query, documents, x.ticket()::over);
      x.notes().read(r.totalTokens());
      ObjectNode root = JsonNodeFactory.instance.objectNode();
      root.put("id", Ids.next("rerank-"));
      root.put("model", lease.name());
      ArrayNode results = root.putArray("results");
      int[] best = r.best();
      for (int i = 0; i < Math.min(top, best.length); i++) {
        ObjectNode node = results.addObject();
        double score = r.scores()[best[i]];
        node.put("index", best[i]);
        node.put("relevance_score", normalise ? Reranker.sigmoid(score) : score);
        if (show) node.putObject("document").put("text", documents.get(best[i]));
      }
      root.putObject("usage")
          .put("prompt_tokens", r.totalTokens())
          .put("total_tokens", r.totalTokens());
      x.json(root);
    }
  }

  private static List<String> documents(Fields f) {
    List<JsonNode> list = f.list("documents");
    if (list.isEmpty() || list.size() > MOST_DOCUMENTS) {
      throw ApiFailure.field(
          "documents", "expected 1 to " + MOST_DOCUMENTS + ", found " + list.size());
    }
    List<String> out = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      JsonNode d = list.get(i);
      JsonNode text = d.isObject() ? d.path("text") : d;
      if (!text.isString()) {
        throw ApiFailure.field("documents[" + i + "]", "expected a text, or an object with text");
      }
      out.add(text.asString());
    }
    return out;
  }
}
