package org.puna.server.responses;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.puna.chat.ContentPart;
import org.puna.chat.Message;
import org.puna.chat.ToolCall;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Fields;
import tools.jackson.databind.JsonNode;

/**
 * Turns input items into messages: an assistant's reasoning, text and calls, which are items of
 * their own, become one message.
 */
final class InputItems {
  private final List<Message> messages = new ArrayList<>();
  private Optional<String> reasoning = Optional.empty();

  /** Goes on after messages of earlier responses. */
  InputItems(List<Message> before) {
    messages.addAll(before);
  }

  /** Returns the messages so far. */
  List<Message> messages() {
    return List.copyOf(messages);
  }

  /** Reads the input of a request: a text or a list of items. */
  void read(Fields body) {
    Optional<JsonNode> input = body.any("input");
    if (input.isEmpty()) {
      throw ApiFailure.field("input", "expected a text or a list of items, found nothing");
    }
    if (input.get().isString()) {
      messages.add(Message.user(input.get().asString()));
      return;
    }
    for (Fields item : body.objects("input")) item(item);
  }

  private void item(Fields item) {
    switch (item.text("type").orElse("message")) {
      case "message" -> message(item);
      case "function_call" -> call(item);
      case "function_call_output" -> result(item);
      case "reasoning" -> reasoning = Optional.of(thought(item)).filter(s -> !s.isEmpty());
      case "item_reference" ->
          throw ApiFailure.field(
              item.path("id"), "items are not kept one by one; use previous_response_id");
      // Items of tools that run elsewhere say nothing to the model.
      default -> {}
    }
  }

  private void message(Fields item) {
    item.requiredText("role");
    Message.Role role =
        Message.Role.of(
                item.oneOf("role", List.of("system", "developer", "user", "assistant"))
                    .orElseThrow())
            .orElseThrow();
    List<ContentPart> content = content(item);
    if (role == Message.Role.ASSISTANT) {
      assistant(content, List.of());
    } else {
      messages.add(
          new Message(
              role, content, Optional.empty(), List.of(), Optional.empty(), Optional.empty()));
    }
  }

  private static List<ContentPart> content(Fields item) {
    Optional<JsonNode> content = item.any("content");
    if (content.isPresent() && content.get().isArray()) {
      List<ContentPart> out = new ArrayList<>();
      for (Fields part : item.objects("content")) out.add(part(part));
      return out;
    }
    return List.of(new ContentPart.Text(item.requiredText("content")));
  }

  private static ContentPart part(Fields p) {
    String type = p.requiredText("type");
    return switch (type) {
      case "input_text", "output_text", "text" -> new ContentPart.Text(p.requiredText("text"));
      case "refusal" -> new ContentPart.Text(p.requiredText("refusal"));
      case "input_image" -> new ContentPart.Image(p.text("image_url").orElse(""));
      default ->
          throw ApiFailure.field(
              p.path("type"),
              "expected input_text or output_text, found '"
                  + type
                  + "', which no model here reads");
    };
  }

  private void call(Fields item) {
    assistant(
        List.of(),
        List.of(
            new ToolCall(
                item.requiredText("call_id"),
                item.requiredText("name"),
                item.text("arguments").filter(a -> !a.isBlank()).orElse("{}"))));
  }

  private void result(Fields item) {
    String id = item.requiredText("call_id");
    Optional<String> name =
        messages.stream()
            .flatMap(m -> m.toolCalls().stream())
            .filter(c -> c.id().equals(id))
            .map(ToolCall::name)
            .findFirst();
    Optional<JsonNode> output = item.any("output");
    List<ContentPart> content = new ArrayList<>();
    if (output.isPresent() && output.get().isArray()) {
      for (Fields part : item.objects("output")) content.add(part(part));
    } else {
      content.add(new ContentPart.Text(item.requiredText("output")));
    }
    messages.add(
        new Message(
            Message.Role.TOOL, content, Optional.empty(), List.of(), Optional.of(id), name));
  }

  private static String thought(Fields item) {
    StringBuilder text = new StringBuilder();
    for (Fields part : item.objects("content")) text.append(part.text("text").orElse(""));
    return text.toString();
  }

  /** Adds to the assistant's turn that is being built, or begins one. */
  private void assistant(List<ContentPart> content, List<ToolCall> calls) {
    Optional<Message> open =
        messages.isEmpty() || messages.getLast().role() != Message.Role.ASSISTANT
            ? Optional.empty()
            : Optional.of(messages.removeLast());
    List<ContentPart> parts = new ArrayList<>(open.map(Message::content).orElse(List.of()));
    List<ToolCall> all = new ArrayList<>(open.map(Message::toolCalls).orElse(List.of()));
    parts.addAll(content);
    all.addAll(calls);
    messages.add(
        new Message(
            Message.Role.ASSISTANT,
            parts,
            open.flatMap(Message::reasoning).or(() -> reasoning),
            all,
            Optional.empty(),
            Optional.empty()));
    reasoning = Optional.empty();
  }
}
