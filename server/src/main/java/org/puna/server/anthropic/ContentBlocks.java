package org.puna.server.anthropic;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ChatEvent;
import org.puna.chat.ToolCall;
import org.puna.engine.GenerationEvent;
import org.puna.server.http.EventStream;
import org.puna.server.http.Exchange;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The blocks of an answer while they come, and the events that tell of them. */
final class ContentBlocks {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Exchange x;
  private final List<String> stops;
  private final @Nullable EventStream out;
  private final ObjectNode message = JsonNodeFactory.instance.objectNode();
  private final ArrayNode content;
  private final StringBuilder text = new StringBuilder();
  private @Nullable ObjectNode open;

  ContentBlocks(
      Exchange x, String id, String model, List<String> stops, @Nullable EventStream out) {
    this.x = x;
    this.stops = List.copyOf(stops);
    this.out = out;
    message.put("id", id);
    message.put("type", "message");
    message.put("role", "assistant");
    message.put("model", model);
    content = message.putArray("content");
    message.putNull("stop_reason");
    message.putNull("stop_sequence");
    putUsage(0, 0, 0);
  }

  /** Returns the whole message. */
  ObjectNode message() {
    return message;
  }

  private void putUsage(int input, int cached, int output) {
    ObjectNode u = message.putObject("usage");
    u.put("input_tokens", input);
    u.put("cache_creation_input_tokens", 0);
    u.put("cache_read_input_tokens", cached);
    u.put("output_tokens", output);
  }

  private interface Content {
    void write(ObjectNode event);
  }

  private void send(String type, Content content) {
    if (out == null) return;
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.put("type", type);
    content.write(event);
    out.event(type, event);
  }

  /** Tells that the answer begins. */
  void begin(int promptTokens) {
    putUsage(promptTokens, 0, 0);
    send("message_start", e -> e.set("message", message.deepCopy()));
  }

  private void block(String type, String field) {
    if (open != null && type.equals(open.path("type").asString())) return;
    close();
    ObjectNode b = JsonNodeFactory.instance.objectNode();
    b.put("type", type).put(field, "");
    if (type.equals("thinking")) b.put("signature", "");
    open = b;
    send(
        "content_block_start",
        e -> e.put("index", content.size()).set("content_block", b.deepCopy()));
  }

  private void delta(String type, String field, String piece) {
    send(
        "content_block_delta",
        e -> {
          e.put("index", content.size());
          e.putObject("delta").put("type", type).put(field, piece);
        });
  }

  /** Adds a piece of text. */
  void text(String piece) {
    block("text", "text");
    text.append(piece);
    delta("text_delta", "text", piece);
  }

  /** Adds a piece of what the model thinks. */
  void thinking(String piece) {
    block("thinking", "thinking");
    text.append(piece);
    delta("thinking_delta", "thinking", piece);
  }

  /** Adds a call. */
  void call(ToolCall call) {
    close();
    ObjectNode b = JsonNodeFactory.instance.objectNode();
    b.put("type", "tool_use").put("id", call.id()).put("name", call.name()).putObject("input");
    open = b;
    send(
        "content_block_start",
        e -> e.put("index", content.size()).set("content_block", b.deepCopy()));
    delta("input_json_delta", "partial_json", call.arguments());
    b.set("input", arguments(call));
    close();
  }

  private static JsonNode arguments(ToolCall call) {
    try {
      return JSON.readTree(call.arguments());
    } catch (JacksonException e) {
      return JsonNodeFactory.instance.objectNode();
    }
  }

  private void close() {
    ObjectNode b = open;
    if (b == null) return;
    switch (b.path("type").asString()) {
      case "text" -> b.put("text", text.toString());
      case "thinking" -> b.put("thinking", text.toString());
      default -> {}
    }
    text.setLength(0);
    send("content_block_stop", e -> e.put("index", content.size()));
    content.add(b);
    open = null;
  }

  /** Takes in what the answer took. */
  void usage(GenerationEvent.Usage u) {
    x.notes().answer(u);
    putUsage(u.promptTokens() - u.sharedTokens(), u.sharedTokens(), u.answerTokens());
  }

  /** Takes in why the answer ended. */
  void finish(ChatEvent.Done done) {
    close();
    boolean asked = done.stop().filter(stops::contains).isPresent();
    message.put(
        "stop_reason",
        switch (done.reason()) {
          case STOP -> asked ? "stop_sequence" : "end_turn";
          case LENGTH -> "max_tokens";
          case TOOL_CALLS -> "tool_use";
          case CANCELLED, DEADLINE -> throw x.ticket().cutOff();
        });
    if (asked) message.put("stop_sequence", done.stop().orElseThrow());
  }

  /** Tells that the answer has ended. */
  void end() {
    send(
        "message_delta",
        e -> {
          e.putObject("delta")
              .put("stop_reason", message.path("stop_reason").asString())
              .set("stop_sequence", message.get("stop_sequence"));
          e.set("usage", message.get("usage"));
        });
    send("message_stop", e -> {});
  }
}
