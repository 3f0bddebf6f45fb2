package org.puna.server.plain;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.puna.chat.ChatRequest;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Endpoint;
import org.puna.server.http.Exchange;
import org.puna.server.http.Fields;
import org.puna.server.http.Route;
import org.puna.server.openai.ChatFields;
import org.puna.server.serving.ModelRegistry;
import org.puna.server.serving.ServedModel;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code POST /tokenize}, {@code /detokenize} and {@code /apply-template}: a text as tokens, tokens
 * as a text, and a conversation as the text that the model sees.
 */
public final class Tokens {
  private final ModelRegistry models;

  private Tokens(ModelRegistry models) {
    this.models = models;
  }

  /** Returns the endpoints over a server's models. */
  public static List<Endpoint> endpoints(ModelRegistry registry) {
    Tokens t = new Tokens(registry);
    return List.of(
        Route.of("POST", "/tokenize", t::tokenize),
        Route.of("POST", "/detokenize", t::detokenize),
        Route.of("POST", "/apply-template", t::template));
  }

  private ModelRegistry.Lease lease(Exchange x, Fields f) {
    ModelRegistry.Lease lease = models.acquire(f.text("model").orElseGet(models::defaultName), 0);
    x.notes().model(lease.name());
    return lease;
  }

  private void tokenize(Exchange x) {
    Fields f = x.body();
    try (ModelRegistry.Lease lease = lease(x, f)) {
      ServedModel model = lease.model();
      Tokenizer tokenizer = model.chat().tokenizer();
      int[] ids = ids(f, model, tokenizer);
      boolean pieces = f.flag("with_pieces").orElse(false);
      ObjectNode root = JsonNodeFactory.instance.objectNode();
      ArrayNode tokens = root.putArray("tokens");
      for (int id : ids) {
        if (pieces) {
          piece(tokens.addObject(), id, tokenizer);
        } else {
          tokens.add(id);
        }
      }
      root.put("count", ids.length);
      root.put("max_model_len", model.contextLength());
      x.json(root);
    }
  }

  private static int[] ids(Fields f, ServedModel model, Tokenizer tokenizer) {
    if (f.has("messages")) {
      ChatRequest request = ChatFields.read(f, model);
      return model.chat().encode(request);
    }
    Optional<String> prompt = f.text("prompt");
    Optional<String> text = prompt.or(() -> f.text("content"));
    if (text.isEmpty()) {
      throw ApiFailure.field("content", "expected a text (or prompt, or messages), found nothing");
    }
    // vLLM's prompt gets the beginning of text where llama.cpp's content does not.
    boolean specials =
        f.flag("add_special_tokens").or(() -> f.flag("add_special")).orElse(prompt.isPresent());
    boolean parse = f.flag("parse_special").orElse(true);
    return specials
        ? tokenizer.encodeWithSpecials(text.get(), parse)
        : tokenizer.encode(text.get(), parse);
  }

  private static void piece(ObjectNode node, int id, Tokenizer tokenizer) {
    node.put("id", id);
    byte[] bytes = tokenizer.bytes(id);
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') < 0) {
      node.put("piece", text);
    } else {
      ArrayNode list = node.putArray("piece");
      for (byte b : bytes) list.add(b & 0xff);
    }
  }

  private void detokenize(Exchange x) {
    Fields f = x.body();
    try (ModelRegistry.Lease lease = lease(x, f)) {
      Tokenizer tokenizer = lease.model().chat().tokenizer();
      List<JsonNode> list = f.list("tokens");
      if (!f.has("tokens"))
        throw ApiFailure.field("tokens", "expected a list of ids, found nothing");
      int[] ids = new int[list.size()];
      for (int i = 0; i < ids.length; i++) {
        JsonNode n = list.get(i);
        if (!n.isIntegralNumber()
            || !n.canConvertToInt()
            || n.asInt() < 0
            || n.asInt() >= tokenizer.vocabSize()) {
          throw ApiFailure.field(
              "tokens[" + i + "]",
              "expected an id from 0 to " + (tokenizer.vocabSize() - 1) + ", found " + n);
        }
        ids[i] = n.asInt();
      }
      String text = tokenizer.decode(ids, true);
      ObjectNode root = JsonNodeFactory.instance.objectNode();
      root.put("content", text);
      root.put("prompt", text);
      x.json(root);
    }
  }

  private void template(Exchange x) {
    Fields f = x.body();
    try (ModelRegistry.Lease lease = lease(x, f)) {
      ObjectNode root = JsonNodeFactory.instance.objectNode();
      root.put("prompt", lease.model().chat().render(ChatFields.read(f, lease.model())));
      x.json(root);
    }
  }
}
