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
import org.puna.server.http.Exchange;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Collects answers into one {@code chat.completion} object. */
final class ChatCompletion {
  private final Exchange x;
  private final Tokenizer tokenizer;
  private final String id;
  private final long created;
  private final String model;
  private final List<Choice> choices = new ArrayList<>();

  ChatCompletion(Exchange x, Tokenizer tokenizer, String id, long created, String model, int n) {
    this.x = x;
    this.tokenizer = tokenizer;
    this.id = id;
    this.created = created;
    this.model = model;
    for (int i = 0; i < n; i++) choices.add(new Choice());
  }

  private static final class Choice {
    final StringBuilder text = new StringBuilder();
    final StringBuilder reasoning = new StringBuilder();
    final List<ToolCall> calls = new ArrayList<>();
    final List<TokenLogprob> logprobs = new ArrayList<>();
    String finish = "stop";
  }

  /** Waits for all answers. */
  ObjectNode collect(Answers<ChatEvent> answers) throws InterruptedException {
    Usages usages = new Usages(x.notes(), tokenizer);
    for (Optional<Answers.Item<ChatEvent>> next = answers.next();
        next.isPresent();
        next = answers.next()) {
      Choice c = choices.get(next.get().index());
      switch (next.get().event()) {
        case ChatEvent.Text t -> {
          c.text.append(t.text());
          c.logprobs.addAll(t.logprobs());
        }
        case ChatEvent.Reasoning r -> c.reasoning.append(r.text());
        case ChatEvent.Call call -> c.calls.add(call.call());
        case ChatEvent.Usage u -> usages.add(u.usage());
        case ChatEvent.Done d -> c.finish = Finish.of(d.reason(), x.ticket());
        case ChatEvent.Failed f -> throw new EngineFailed(f.message());
      }
    }
    choices.forEach(c -> usages.addReasoning(c.reasoning.toString()));
    return json(usages);
  }

  private ObjectNode json(Usages usages) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("id", id);
    root.put("object", "chat.completion");
    root.put("created", created);
    root.put("model", model);
    ArrayNode list = root.putArray("choices");
    for (int i = 0; i < choices.size(); i++) choice(list.addObject(), i, choices.get(i));
    root.set("usage", usages.toJson());
    root.put("service_tier", "default");
    root.putNull("system_fingerprint");
    return root;
  }

  private static void choice(ObjectNode node, int index, Choice c) {
    node.put("index", index);
    ObjectNode message = node.putObject("message");
    message.put("role", "assistant");
    if (c.text.isEmpty() && !c.calls.isEmpty()) {
      message.putNull("content");
    } else {
      message.put("content", c.text.toString());
    }
    if (!c.reasoning.isEmpty()) message.put("reasoning_content", c.reasoning.toString());
    message.putNull("refusal");
    message.putArray("annotations");
    if (!c.calls.isEmpty()) {
      ArrayNode calls = message.putArray("tool_calls");
      for (ToolCall call : c.calls) {
        ObjectNode k = calls.addObject();
        k.put("id", call.id());
        k.put("type", "function");
        k.putObject("function").put("name", call.name()).put("arguments", call.arguments());
      }
    }
    if (c.logprobs.isEmpty()) {
      node.putNull("logprobs");
    } else {
      ObjectNode logprobs = node.putObject("logprobs");
      Logprobs.add(logprobs.putArray("content"), c.logprobs);
      logprobs.putNull("refusal");
    }
    node.put("finish_reason", c.finish);
  }
}
