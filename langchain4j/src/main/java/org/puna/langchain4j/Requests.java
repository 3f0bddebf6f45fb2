package org.puna.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ContentPart;
import org.puna.chat.Message;
import org.puna.chat.ResponseFormat;
import org.puna.chat.Tool;
import org.puna.chat.ToolCall;
import org.puna.chat.ToolChoice;
import tools.jackson.databind.json.JsonMapper;

/** LangChain4j's messages, tools and formats as Puna's. */
final class Requests {
  private Requests() {}

  static List<Message> messages(Iterable<ChatMessage> messages) {
    List<Message> out = new ArrayList<>();
    for (ChatMessage m : messages) out.add(message(m));
    return out;
  }

  private static Message message(ChatMessage message) {
    return switch (message) {
      case SystemMessage m -> Message.system(m.text());
      case UserMessage m -> user(m);
      case AiMessage m -> assistant(m);
      case ToolExecutionResultMessage m -> tool(m);
      default ->
          throw new UnsupportedFeatureException(
              "messages of type " + message.type() + " are not supported");
    };
  }

  private static Message user(UserMessage m) {
    List<ContentPart> parts = new ArrayList<>();
    for (Content c : m.contents()) {
      if (!(c instanceof TextContent text)) {
        throw new UnsupportedFeatureException(
            "content of type "
                + c.type().toString().toLowerCase(Locale.ROOT)
                + " is not supported: the models here read text only");
      }
      parts.add(new ContentPart.Text(text.text()));
    }
    return new Message(
        Message.Role.USER,
        parts,
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.ofNullable(m.name()));
  }

  private static Message assistant(AiMessage m) {
    List<ToolCall> calls = new ArrayList<>();
    for (ToolExecutionRequest r : m.toolExecutionRequests()) {
      calls.add(
          new ToolCall(
              Objects.requireNonNullElse(r.id(), "call" + calls.size()),
              r.name(),
              Objects.requireNonNullElse(r.arguments(), "{}")));
    }
    Message out = Message.assistant(Objects.requireNonNullElse(m.text(), ""), calls);
    return m.thinking() == null ? out : out.withReasoning(m.thinking());
  }

  private static Message tool(ToolExecutionResultMessage m) {
    return Message.tool(
        new ToolCall(Objects.requireNonNullElse(m.id(), "call0"), m.toolName(), "{}"), m.text());
  }

  static List<Tool> tools(@Nullable List<ToolSpecification> tools) {
    if (tools == null) return List.of();
    List<Tool> out = new ArrayList<>();
    for (ToolSpecification t : tools) {
      Map<String, ?> parameters =
          t.parameters() == null
              ? Map.of("type", "object", "properties", Map.of())
              : JsonSchemaElementUtils.toMap(t.parameters());
      out.add(new Tool(t.name(), Objects.requireNonNullElse(t.description(), ""), parameters));
    }
    return out;
  }

  static ToolChoice toolChoice(dev.langchain4j.model.chat.request.@Nullable ToolChoice choice) {
    if (choice == null) return new ToolChoice.Auto();
    return switch (choice) {
      case AUTO -> new ToolChoice.Auto();
      case REQUIRED -> new ToolChoice.Required();
      case NONE -> new ToolChoice.None();
    };
  }

  static ResponseFormat format(dev.langchain4j.model.chat.request.@Nullable ResponseFormat format) {
    if (format == null || format.type() == ResponseFormatType.TEXT) return ResponseFormat.TEXT;
    JsonSchema schema = format.jsonSchema();
    if (schema == null) return new ResponseFormat.JsonObject();
    Map<String, Object> map = JsonSchemaElementUtils.toMap(schema.rootElement());
    return new ResponseFormat.JsonSchema(
        Objects.requireNonNullElse(schema.name(), "answer"),
        JsonMapper.shared().valueToTree(map),
        true);
  }
}
