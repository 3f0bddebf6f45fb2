package org.puna.server.anthropic;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.puna.chat.ContentPart;
import org.puna.chat.Message;
import org.puna.chat.ToolCall;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Fields;

/** Turns messages of blocks into messages: results of tools become messages of their own. */
final class MessageBlocks {
  private final List<Message> messages = new ArrayList<>();

  /** Returns the conversation of a request, its system text first. */
  static List<Message> read(Fields body) {
    MessageBlocks b = new MessageBlocks();
    b.system(body);
    for (Fields m : body.requiredObjects("messages")) b.message(m);
    return b.messages;
  }

  private void system(Fields body) {
    if (!body.has("system")) return;
    String text;
    if (body.any("system").orElseThrow().isArray()) {
      StringBuilder all = new StringBuilder();
      for (Fields block : body.objects("system")) {
        if (!all.isEmpty()) all.append("\n\n");
        all.append(block.requiredText("text"));
      }
      text = all.toString();
    } else {
      text = body.text("system").orElseThrow();
    }
    if (!text.isEmpty()) messages.add(Message.system(text));
  }

  private void message(Fields m) {
    m.requiredText("role");
    boolean user = m.oneOf("role", List.of("user", "assistant")).orElseThrow().equals("user");
    if (m.any("content").isPresent() && m.any("content").orElseThrow().isArray()) {
      if (user) {
        user(m.objects("content"));
      } else {
        assistant(m.objects("content"));
      }
      return;
    }
    String text = m.requiredText("content");
    messages.add(user ? Message.user(text) : Message.assistant(text));
  }

  private void user(List<Fields> blocks) {
    List<ContentPart> said = new ArrayList<>();
    for (Fields block : blocks) {
      if (block.requiredText("type").equals("tool_result")) {
        result(block);
      } else {
        said.add(part(block));
      }
    }
    if (!said.isEmpty()) messages.add(plain(Message.Role.USER, said));
  }

  private static Message plain(Message.Role role, List<ContentPart> content) {
    return new Message(
        role, content, Optional.empty(), List.of(), Optional.empty(), Optional.empty());
  }

  private static ContentPart part(Fields block) {
    String type = block.requiredText("type");
    return switch (type) {
      case "text" -> new ContentPart.Text(block.requiredText("text"));
      case "image" -> {
        Fields source = block.requiredObject("source");
        yield new ContentPart.Image(
            source
                .text("url")
                .orElseGet(() ->
                    "data:"
                        + source.text("media_type").orElse("")
                        + ";base64,"
                        + source.text("data").orElse("")));
      }
      default ->
          throw ApiFailure.field(
              block.path("type"),
              "expected text or image, found '" + type + "', which no model here reads");
    };
  }

  private void result(Fields block) {
    String id = block.requiredText("tool_use_id");
    Optional<String> name =
        messages.stream()
            .flatMap(m -> m.toolCalls().stream())
            .filter(c -> c.id().equals(id))
            .map(ToolCall::name)
            .findFirst();
    List<ContentPart> content = new ArrayList<>();
    if (block.any("content").filter(c -> c.isArray()).isPresent()) {
      for (Fields inner : block.objects("content")) content.add(part(inner));
    } else {
      content.add(new ContentPart.Text(block.text("content").orElse("")));
    }
    messages.add(
        new Message(
            Message.Role.TOOL, content, Optional.empty(), List.of(), Optional.of(id), name));
  }

  private void assistant(List<Fields> blocks) {
    List<ContentPart> said = new ArrayList<>();
    List<ToolCall> calls = new ArrayList<>();
    StringBuilder thought = new StringBuilder();
    for (Fields block : blocks) {
      switch (block.requiredText("type")) {
        case "tool_use" ->
            calls.add(
                new ToolCall(
                    block.requiredText("id"),
                    block.requiredText("name"),
                    block.object("input").map(o -> o.node().toString()).orElse("{}")));
        case "thinking" -> thought.append(block.text("thinking").orElse(""));
        case "redacted_thinking" -> {}
        default -> said.add(part(block));
      }
    }
    messages.add(
        new Message(
            Message.Role.ASSISTANT,
            said,
            thought.isEmpty() ? Optional.empty() : Optional.of(thought.toString()),
            calls,
            Optional.empty(),
            Optional.empty()));
  }
}
