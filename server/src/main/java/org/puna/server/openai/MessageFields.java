package org.puna.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.puna.chat.ContentPart;
import org.puna.chat.Message;
import org.puna.chat.ToolCall;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Fields;
import tools.jackson.databind.JsonNode;

/** Reads the messages of a chat request. */
final class MessageFields {
  private static final List<String> ROLES =
      List.of("system", "developer", "user", "assistant", "tool", "function");

  private MessageFields() {}

  /** Returns the messages, at least one. */
  static List<Message> read(Fields body) {
    List<Message> out = new ArrayList<>();
    for (Fields m : body.requiredObjects("messages")) out.add(message(m));
    return out;
  }

  private static Message message(Fields m) {
    m.requiredText("role");
    String wire = m.oneOf("role", ROLES).orElseThrow();
    Message.Role role = Message.Role.of(wire.equals("function") ? "tool" : wire).orElseThrow();
    List<ContentPart> content = content(m);
    List<ToolCall> calls = role == Message.Role.ASSISTANT ? calls(m) : List.of();
    boolean maySayNothing =
        role == Message.Role.ASSISTANT
            && (!calls.isEmpty() || m.has("refusal") || m.has("reasoning_content"));
    if (content.isEmpty() && !m.has("content") && !maySayNothing) {
      throw ApiFailure.field(
          m.path("content"), "expected a text or a list of parts, found nothing");
    }
    return new Message(
        role,
        content,
        role == Message.Role.ASSISTANT
            ? m.text("reasoning_content").or(() -> m.text("reasoning"))
            : Optional.empty(),
        calls,
        m.text("tool_call_id"),
        m.text("name"));
  }

  private static List<ContentPart> content(Fields m) {
    Optional<JsonNode> content = m.any("content");
    if (content.isEmpty()) return List.of();
    if (!content.get().isArray()) {
      return List.of(new ContentPart.Text(m.text("content").orElseThrow()));
    }
    List<ContentPart> out = new ArrayList<>();
    for (Fields part : m.objects("content")) out.add(part(part));
    return out;
  }

  private static ContentPart part(Fields p) {
    String type = p.requiredText("type");
    return switch (type) {
      case "text", "input_text", "output_text" -> new ContentPart.Text(p.requiredText("text"));
      case "refusal" -> new ContentPart.Text(p.requiredText("refusal"));
      case "image_url" -> new ContentPart.Image(p.requiredObject("image_url").requiredText("url"));
      default ->
          throw ApiFailure.field(
              p.path("type"),
              "expected text or image_url, found '" + type + "', which no model here reads");
    };
  }

  private static List<ToolCall> calls(Fields m) {
    List<ToolCall> out = new ArrayList<>();
    for (Fields call : m.objects("tool_calls")) {
      Fields function = call.requiredObject("function");
      out.add(
          new ToolCall(
              call.requiredText("id"),
              function.requiredText("name"),
              function.text("arguments").filter(a -> !a.isBlank()).orElse("{}")));
    }
    return out;
  }
}
