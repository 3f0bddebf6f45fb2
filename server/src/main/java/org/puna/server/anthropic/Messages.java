package org.puna.server.anthropic;

import java.util.List;
import java.util.Optional;
import org.puna.chat.ChatEvent;
import org.puna.chat.ChatRequest;
import org.puna.server.answering.Answers;
import org.puna.server.answering.Asking;
import org.puna.server.answering.EngineFailed;
import org.puna.server.answering.Ids;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Endpoint;
import org.puna.server.http.ErrorShape;
import org.puna.server.http.Exchange;
import org.puna.server.http.Fields;
import org.puna.server.http.Route;
import org.puna.server.serving.ModelRegistry;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/messages} and {@code POST /v1/messages/count_tokens}. */
public final class Messages {
  private final ModelRegistry models;

  private Messages(ModelRegistry models) {
    this.models = models;
  }

  /** Returns the endpoints over a server's models. */
  public static List<Endpoint> endpoints(ModelRegistry models) {
    Messages m = new Messages(models);
    return List.of(
        Route.of("POST", "/v1/messages", m::create).with(ErrorShape.ANTHROPIC),
        Route.of("POST", "/v1/messages/count_tokens", m::count).with(ErrorShape.ANTHROPIC));
  }

  private void count(Exchange x) {
    Fields f = x.body();
    try (ModelRegistry.Lease lease =
        models.acquire(f.text("model").orElseGet(models::defaultName), 0)) {
      x.notes().model(lease.name());
      int n = lease.model().chat().encode(MessagesFields.read(f, lease.model())).length;
      ObjectNode root = JsonNodeFactory.instance.objectNode();
      root.put("input_tokens", n);
      x.json(root);
    }
  }

  private void create(Exchange x) throws Exception {
    Fields f = x.body();
    if (!f.has("max_tokens")) {
      throw ApiFailure.field("max_tokens", "expected a whole number, found nothing");
    }
    int most = f.integer("max_tokens", 1, Integer.MAX_VALUE).orElseThrow();
    String name = f.text("model").orElseGet(models::defaultName);
    try (ModelRegistry.Lease lease = models.acquire(name, 1)) {
      x.notes().model(lease.name());
      ChatRequest request = MessagesFields.read(f, lease.model()).withMaxTokens(most);
      try (Answers<ChatEvent> answers = Asking.chat(x, lease.model(), request, 1)) {
        ContentBlocks blocks;
        if (f.flag("stream").orElse(false)) {
          Optional<Answers.Item<ChatEvent>> first = answers.next();
          blocks =
              new ContentBlocks(x, Ids.next("msg_"), lease.name(), request.stops(), x.stream());
          blocks.begin(answers.promptTokens());
          read(first, answers, blocks);
          blocks.end();
        } else {
          blocks = new ContentBlocks(x, Ids.next("msg_"), lease.name(), request.stops(), null);
          read(answers.next(), answers, blocks);
          x.json(blocks.message());
        }
      }
    }
  }

  private static void read(
      Optional<Answers.Item<ChatEvent>> first, Answers<ChatEvent> answers, ContentBlocks blocks)
      throws InterruptedException {
    for (Optional<Answers.Item<ChatEvent>> next = first; next.isPresent(); next = answers.next()) {
      switch (next.get().event()) {
        case ChatEvent.Text t -> blocks.text(t.text());
        case ChatEvent.Reasoning r -> blocks.thinking(r.text());
        case ChatEvent.Call c -> blocks.call(c.call());
        case ChatEvent.Usage u -> blocks.usage(u.usage());
        case ChatEvent.Done d -> blocks.finish(d);
        case ChatEvent.Failed e -> throw new EngineFailed(e.message());
      }
    }
  }
}
