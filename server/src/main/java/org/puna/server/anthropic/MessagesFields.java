package org.puna.server.anthropic;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ChatRequest;
import org.puna.chat.Message;
import org.puna.chat.ResponseFormat;
import org.puna.chat.Tool;
import org.puna.chat.ToolChoice;
import org.puna.server.answering.SamplingFields;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Fields;
import org.puna.server.serving.ServedModel;

/** Reads the fields of a messages request but its model; unknown ones are ignored. */
final class MessagesFields {
  private MessagesFields() {}

  /** Returns the conversation that a body describes, without the largest number of tokens. */
  static ChatRequest read(Fields f, ServedModel model) {
    List<Tool> tools = tools(f);
    Optional<Fields> choice = f.object("tool_choice");
    List<Message> messages = MessageBlocks.read(f);
    return new ChatRequest(
            messages,
            SamplingFields.read(f, model.defaults(), model.chat().tokenizer().vocabSize()))
        .withTools(tools)
        .withToolChoice(choice.map(c -> choice(c, tools)).orElse(new ToolChoice.Auto()))
        .withParallelToolCalls(
            !choice.flatMap(c -> c.flag("disable_parallel_tool_use")).orElse(false))
        .withStops(f.texts("stop_sequences").stream().filter(s -> !s.isBlank()).toList())
        .withFormat(format(f))
        .withContinuing(!messages.isEmpty() && messages.getLast().beginsAnswer())
        .withTemplateVariables(variables(f));
  }

  private static List<Tool> tools(Fields f) {
    List<Tool> out = new ArrayList<>();
    for (Fields t : f.objects("tools")) {
      // Tools of other types run at the API's maker; the model here has none of them.
      if (!t.text("type").orElse("custom").equals("custom")) continue;
      out.add(
          new Tool(
              t.requiredText("name"),
              t.text("description").orElse(""),
              t.requiredObject("input_schema").toMap()));
    }
    return out;
  }

  private static ToolChoice choice(Fields c, List<Tool> tools) {
    c.requiredText("type");
    return switch (c.oneOf("type", List.of("auto", "any", "tool", "none")).orElseThrow()) {
      case "none" -> new ToolChoice.None();
      case "any" -> {
        if (tools.isEmpty()) throw ApiFailure.field(c.path("type"), "any needs tools, found none");
        yield new ToolChoice.Required();
      }
      case "tool" -> {
        String name = c.requiredText("name");
        if (tools.stream().noneMatch(t -> t.name().equals(name))) {
          throw ApiFailure.field(c.path("name"), "expected one of the tools, found '" + name + "'");
        }
        yield new ToolChoice.Function(name);
      }
      default -> new ToolChoice.Auto();
    };
  }

  private static ResponseFormat format(Fields f) {
    Optional<Fields> format =
        f.object("output_config")
            .flatMap(o -> o.object("format"))
            .or(() -> f.object("output_format"));
    if (format.isEmpty()) return new ResponseFormat.Text();
    format.get().requiredText("type");
    format.get().oneOf("type", List.of("json_schema"));
    return new ResponseFormat.JsonSchema(
        "output", format.get().requiredObject("schema").node(), true);
  }

  private static Map<String, @Nullable Object> variables(Fields f) {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    f.object("thinking")
        .flatMap(t -> t.text("type"))
        .ifPresent(type -> out.put("enable_thinking", !type.equals("disabled")));
    return out;
  }
}
