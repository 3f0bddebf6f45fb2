package org.puna.server.openai;

import java.time.Clock;
import org.puna.chat.ChatEvent;
import org.puna.chat.ChatRequest;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.server.answering.Answers;
import org.puna.server.answering.Asking;
import org.puna.server.answering.Ids;
import org.puna.server.http.Endpoint;
import org.puna.server.http.Exchange;
import org.puna.server.http.Fields;
import org.puna.server.serving.ModelRegistry;

/** {@code POST /v1/chat/completions}: the answer to a conversation, whole or as it comes. */
public final class ChatCompletions implements Endpoint {
  private final ModelRegistry models;
  private final Clock clock;

  /** The endpoint over the server's models. */
  public ChatCompletions(ModelRegistry models, Clock clock) {
    this.models = models;
    this.clock = clock;
  }

  @Override
  public String method() {
    return "POST";
  }

  @Override
  public String path() {
    return "/v1/chat/completions";
  }

  @Override
  public void handle(Exchange x) throws Exception {
    Fields f = x.body();
    boolean stream = f.flag("stream").orElse(false);
    boolean usage = f.object("stream_options").flatMap(o -> o.flag("include_usage")).orElse(false);
    int n = ChatFields.answers(f);
    String name = f.text("model").orElseGet(models::defaultName);
    try (ModelRegistry.Lease lease = models.acquire(name, n)) {
      x.notes().model(lease.name());
      ChatRequest request = ChatFields.read(f, lease.model());
      long created = clock.instant().getEpochSecond();
      String id = Ids.next("chatcmpl-");
      Tokenizer tokenizer = lease.model().chat().tokenizer();
      try (Answers<ChatEvent> answers = Asking.chat(x, lease.model(), request, n)) {
        if (stream) {
          new ChatChunks(x, tokenizer, id, created, lease.name(), n, usage).send(answers);
        } else {
          x.json(new ChatCompletion(x, tokenizer, id, created, lease.name(), n).collect(answers));
        }
      }
    }
  }
}
