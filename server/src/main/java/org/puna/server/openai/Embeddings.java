package org.puna.server.openai;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import org.puna.chat.Embedder;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Endpoint;
import org.puna.server.http.Exchange;
import org.puna.server.http.Fields;
import org.puna.server.serving.ModelRegistry;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/embeddings}: texts, or token ids, as vectors. */
public final class Embeddings implements Endpoint {
  private static final int MOST_INPUTS = 2048;

  private final ModelRegistry models;

  /** The endpoint over the server's models. */
  public Embeddings(ModelRegistry models) {
    this.models = models;
  }

  @Override
  public String method() {
    return "POST";
  }

  @Override
  public String path() {
    return "/v1/embeddings";
  }

  @Override
  public void handle(Exchange x) throws Exception {
    Fields f = x.body();
    boolean base64 =
        f.oneOf("encoding_format", List.of("float", "base64")).orElse("float").equals("base64");
    OptionalInt dimensions = f.integer("dimensions", 1, Integer.MAX_VALUE);
    Optional<JsonNode> input = f.any("input");
    if (input.isEmpty() || input.get().isArray() && input.get().isEmpty()) {
      throw ApiFailure.field(
          "input", "expected a text, a list of texts or token ids, found nothing");
    }
    String name = f.text("model").orElseGet(models::defaultName);
    try (ModelRegistry.Lease lease = models.acquire(name, 1)) {
      x.notes().model(lease.name());
      Embedder embedder = lease.model().embedder();
      if (dimensions.isPresent() && dimensions.getAsInt() > embedder.dimensions()) {
        throw ApiFailure.field(
            "dimensions",
            "expected " + embedder.dimensions() + " at most, found " + dimensions.getAsInt());
      }
      Embedder.Embeddings e = embed(embedder, input.get(), dimensions, x.ticket()::over);
      x.notes().read(e.totalTokens());
      x.json(json(e, lease.name(), base64));
    }
  }

  private static Embedder.Embeddings embed(
      Embedder embedder, JsonNode input, OptionalInt dimensions, BooleanSupplier unwanted)
      throws InterruptedException {
    if (input.isString()) return embedder.embed(List.of(input.asString()), dimensions, unwanted);
    if (!input.isArray()) throw ApiFailure.field("input", "expected a text or a list");
    if (input.size() > MOST_INPUTS && !input.get(0).isNumber()) {
      throw ApiFailure.field(
          "input", "expected " + MOST_INPUTS + " at most, found " + input.size());
    }
    if (input.get(0).isString()) {
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < input.size(); i++) {
        if (!input.get(i).isString()) {
          throw ApiFailure.field("input[" + i + "]", "expected a text like the first one");
        }
        texts.add(input.get(i).asString());
      }
      return embedder.embed(texts, dimensions, unwanted);
    }
    List<int[]> ids = new ArrayList<>();
    if (input.get(0).isNumber()) {
      ids.add(TokenIds.read(input, "input"));
      TokenIds.check(ids.getFirst(), "input", embedder.vocabSize());
    } else {
      for (int i = 0; i < input.size(); i++) {
        String path = "input[" + i + "]";
        ids.add(TokenIds.read(input.get(i), path));
        TokenIds.check(ids.getLast(), path, embedder.vocabSize());
      }
    }
    return embedder.embedTokens(ids, dimensions, unwanted);
  }

  private static ObjectNode json(Embedder.Embeddings e, String model, boolean base64) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("object", "list");
    ArrayNode data = root.putArray("data");
    for (int i = 0; i < e.vectors().size(); i++) {
      ObjectNode node = data.addObject();
      node.put("object", "embedding").put("index", i);
      float[] v = e.vectors().get(i);
      if (base64) {
        ByteBuffer bytes =
            ByteBuffer.allocate(v.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(v);
        node.put("embedding", Base64.getEncoder().encodeToString(bytes.array()));
      } else {
        ArrayNode numbers = node.putArray("embedding");
        for (float number : v) numbers.add(number);
      }
    }
    root.put("model", model);
    root.putObject("usage")
        .put("prompt_tokens", e.totalTokens())
        .put("total_tokens", e.totalTokens());
    return root;
  }
}
