package org.puna.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.puna.chat.ChatEvent;
import org.puna.chat.TokenLogprob;
import org.puna.chat.ToolCall;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.server.answering.Answers;
import org.puna.server.answering.EngineFailed;
import org.puna.server.http.EventStream;
import org.puna.server.http.Exchange;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Sends answers as {@code chat.completion.chunk} events while they come. */
final class ChatChunks {
  private final Exchange x;
  private final Tokenizer tokenizer;
  private final String id;
  private final long created;
  private final String model;
  private final boolean withUsage;
  private final boolean[] begun;
  private final int[] calls;
  private final List<StringBuilder> thoughts = new ArrayList<>();

  ChatChunks(
      Exchange x,
      Tokenizer tokenizer,
      String id,
      long created,
      String model,
      int n,
      boolean withUsage) {
    this.x = x;
    this.tokenizer = tokenizer;
    this.id = id;
    this.created = created;
    this.model = model;
    this.withUsage = withUsage;
    this.begun = new boolean[n];
    this.calls = new int[n];
    for (int i = 0; i < n; i++) thoughts.add(new StringBuilder());
  }

  /** Sends all answers to their ends, then the usage where it is wanted, then the last mark. */
  void send(Answers<ChatEvent> answers) throws InterruptedException {
    Usages usages = new Usages(x.notes(), tokenizer);
    for (Optional<Answers.Item<ChatEvent>> next = answers.next();
        next.isPresent();
        next = answers.next()) {
      int i = next.get().index();
      switch (next.get().event()) {
        case ChatEvent.Text t -> text(i, t.text(), t.logprobs());
        case ChatEvent.Reasoning r -> {
          thoughts.get(i).append(r.text());
          delta(i, d -> d.put("reasoning_content", r.text()));
        }
        case ChatEvent.Call c -> call(i, c.call());
        case ChatEvent.Usage u -> usages.add(u.usage());
        case ChatEvent.Done d -> finish(i, Finish.of(d.reason(), x.ticket()));
        case ChatEvent.Failed f -> throw new EngineFailed(f.message());
      }
    }
    thoughts.forEach(t -> usages.addReasoning(t.toString()));
    EventStream out = x.stream();
    if (withUsage) {
      ObjectNode chunk = chunk();
      chunk.putArray("choices");
      chunk.set("usage", usages.toJson());
      out.data(chunk);
    }
    out.done();
  }

  private ObjectNode chunk() {
    ObjectNode chunk = JsonNodeFactory.instance.objectNode();
    chunk.put("id", id);
    chunk.put("object", "chat.completion.chunk");
    chunk.put("created", created);
    chunk.put("model", model);
    chunk.putNull("system_fingerprint");
    return chunk;
  }

  private interface Delta {
    void write(ObjectNode delta);
  }

  private void begin(int i) {
    if (begun[i]) return;
    begun[i] = true;
    ObjectNode choice = JsonNodeFactory.instance.objectNode();
    choice.putObject("delta").put("role", "assistant").put("content", "");
    send(i, choice, null);
  }

  private void delta(int i, Delta content) {
    begin(i);
    ObjectNode choice = JsonNodeFactory.instance.objectNode();
    content.write(choice.putObject("delta"));
    send(i, choice, null);
  }

  private void text(int i, String text, List<TokenLogprob> logprobs) {
    begin(i);
    ObjectNode choice = JsonNodeFactory.instance.objectNode();
    choice.putObject("delta").put("content", text);
    if (!logprobs.isEmpty()) {
      ObjectNode l = choice.putObject("logprobs");
      Logprobs.add(l.putArray("content"), logprobs);
      l.putNull("refusal");
    }
    send(i, choice, null);
  }

  private void call(int i, ToolCall call) {
    int index = calls[i]++;
    delta(
        i,
        d -> {
          ObjectNode c = d.putArray("tool_calls").addObject();
          c.put("index", index).put("id", call.id()).put("type", "function");
          c.putObject("function").put("name", call.name()).put("arguments", "");
        });
    delta(
        i,
        d ->
            d.putArray("tool_calls")
                .addObject()
                .put("index", index)
                .putObject("function")
                .put("arguments", call.arguments()));
  }

  private void finish(int i, String reason) {
    begin(i);
    ObjectNode choice = JsonNodeFactory.instance.objectNode();
    choice.putObject("delta");
    send(i, choice, reason);
  }

  private void send(int i, ObjectNode body, @org.jspecify.annotations.Nullable String finish) {
    ObjectNode chunk = chunk();
    ObjectNode choice = chunk.putArray("choices").addObject();
    choice.put("index", i);
    choice.setAll(body);
    if (!choice.has("logprobs")) choice.putNull("logprobs");
    if (finish == null) {
      choice.putNull("finish_reason");
    } else {
      choice.put("finish_reason", finish);
    }
    if (withUsage) chunk.putNull("usage");
    x.stream().data(chunk);
  }
}
