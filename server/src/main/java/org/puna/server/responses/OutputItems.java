package org.puna.server.responses;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ContentPart;
import org.puna.chat.Message;
import org.puna.chat.TokenLogprob;
import org.puna.chat.ToolCall;
import org.puna.server.answering.Ids;
import org.puna.server.openai.Logprobs;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The items of a response while they come: reasoning, a message, calls, each begun and ended. */
final class OutputItems {
  private final ResponseEvents events;
  private final ArrayNode output = JsonNodeFactory.instance.arrayNode();
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder reasoning = new StringBuilder();
  private final StringBuilder allText = new StringBuilder();
  private final StringBuilder allReasoning = new StringBuilder();
  private final ArrayNode logprobs = JsonNodeFactory.instance.arrayNode();
  private final List<ToolCall> calls = new ArrayList<>();
  private @Nullable ObjectNode open;

  OutputItems(ResponseEvents events) {
    this.events = events;
  }

  /** Returns the items so far. */
  ArrayNode output() {
    return output;
  }

  /** Returns the answer as a message of the conversation. */
  Message message() {
    return new Message(
        Message.Role.ASSISTANT,
        allText.isEmpty() ? List.of() : List.of(new ContentPart.Text(allText.toString())),
        allReasoning.isEmpty() ? Optional.empty() : Optional.of(allReasoning.toString()),
        calls,
        Optional.empty(),
        Optional.empty());
  }

  /** Returns what the model thought so far. */
  String thoughts() {
    return allReasoning.toString();
  }

  private int index() {
    return output.size();
  }

  private boolean isOpen(String type) {
    return open != null && type.equals(open.path("type").asString());
  }

  private ObjectNode begin(String type, String idPrefix) {
    end("completed");
    ObjectNode item = JsonNodeFactory.instance.objectNode();
    item.put("id", Ids.next(idPrefix));
    item.put("type", type);
    item.put("status", "in_progress");
    open = item;
    return item;
  }

  private void added(ObjectNode item) {
    events.send(
        "response.output_item.added",
        e -> e.put("output_index", index()).set("item", item.deepCopy()));
  }

  private void place(ObjectNode event, ObjectNode item) {
    event.put("item_id", item.path("id").asString());
    event.put("output_index", index());
    event.put("content_index", 0);
  }

  /** Adds a piece of the answer's text. */
  void text(String piece, List<TokenLogprob> tokens) {
    ObjectNode item = isOpen("message") && open != null ? open : beginMessage();
    text.append(piece);
    allText.append(piece);
    ArrayNode some = JsonNodeFactory.instance.arrayNode();
    Logprobs.add(some, tokens);
    logprobs.addAll(some);
    events.send(
        "response.output_text.delta",
        e -> {
          place(e, item);
          e.put("delta", piece).set("logprobs", some);
        });
  }

  private ObjectNode beginMessage() {
    ObjectNode item = begin("message", "msg_");
    item.put("role", "assistant").putArray("content");
    added(item);
    events.send(
        "response.content_part.added",
        e -> {
          place(e, item);
          e.set("part", textPart("", JsonNodeFactory.instance.arrayNode()));
        });
    return item;
  }

  private static ObjectNode textPart(String text, ArrayNode logprobs) {
    ObjectNode part = JsonNodeFactory.instance.objectNode();
    part.put("type", "output_text").put("text", text);
    part.putArray("annotations");
    part.set("logprobs", logprobs);
    return part;
  }

  /** Adds a piece of what the model thinks. */
  void reasoning(String piece) {
    ObjectNode item = isOpen("reasoning") && open != null ? open : beginReasoning();
    reasoning.append(piece);
    allReasoning.append(piece);
    events.send(
        "response.reasoning_text.delta",
        e -> {
          place(e, item);
          e.put("delta", piece);
        });
  }

  private ObjectNode beginReasoning() {
    ObjectNode item = begin("reasoning", "rs_");
    item.putArray("summary");
    item.putArray("content");
    added(item);
    return item;
  }

  /** Adds a call, begun and ended at once. */
  void call(ToolCall call) {
    calls.add(call);
    ObjectNode item = begin("function_call", "fc_");
    item.put("call_id", call.id()).put("name", call.name()).put("arguments", "");
    added(item);
    item.put("arguments", call.arguments());
    events.send(
        "response.function_call_arguments.delta",
        e ->
            e.put("item_id", item.path("id").asString())
                .put("output_index", index())
                .put("delta", call.arguments()));
    events.send(
        "response.function_call_arguments.done",
        e ->
            e.put("item_id", item.path("id").asString())
                .put("output_index", index())
                .put("name", call.name())
                .put("arguments", call.arguments()));
    end("completed");
  }

  /** Ends the item that is open, if one is. */
  void end(String status) {
    ObjectNode item = open;
    if (item == null) return;
    item.put("status", status);
    if (isOpen("message")) endMessage(item);
    if (isOpen("reasoning")) endReasoning(item);
    events.send(
        "response.output_item.done",
        e -> e.put("output_index", index()).set("item", item.deepCopy()));
    output.add(item);
    open = null;
  }

  private void endMessage(ObjectNode item) {
    String whole = text.toString();
    ArrayNode tokens = logprobs.deepCopy();
    ObjectNode part = textPart(whole, tokens);
    events.send(
        "response.output_text.done",
        e -> {
          place(e, item);
          e.put("text", whole).set("logprobs", tokens);
        });
    events.send(
        "response.content_part.done",
        e -> {
          place(e, item);
          e.set("part", part);
        });
    item.putArray("content").add(part);
    text.setLength(0);
    logprobs.removeAll();
  }

  private void endReasoning(ObjectNode item) {
    String whole = reasoning.toString();
    events.send(
        "response.reasoning_text.done",
        e -> {
          place(e, item);
          e.put("text", whole);
        });
    item.putArray("content").addObject().put("type", "reasoning_text").put("text", whole);
    reasoning.setLength(0);
  }
}
