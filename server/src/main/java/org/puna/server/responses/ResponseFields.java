package org.puna.server.responses;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ChatRequest;
import org.puna.chat.Message;
import org.puna.chat.ResponseFormat;
import org.puna.chat.Tool;
import org.puna.server.answering.SamplingFields;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Fields;
import org.puna.server.openai.ChatFields;
import org.puna.server.openai.ToolFields;
import org.puna.server.serving.ServedModel;
import tools.jackson.databind.JsonNode;

/** Reads the fields of a response request but its input and model. */
final class ResponseFields {
  private static final int MOST_TOP_LOGPROBS = 20;
  private static final int MOST_PAIRS = 16;
  private static final int MOST_KEY = 64;
  private static final int MOST_VALUE = 512;

  private ResponseFields() {}

  /** Returns the conversation that a body describes, with these messages. */
  static ChatRequest read(Fields f, ServedModel model, List<Message> messages) {
    List<Tool> tools = tools(f);
    List<Message> all = new ArrayList<>();
    f.text("instructions").ifPresent(text -> all.add(Message.system(text)));
    all.addAll(messages);
    ChatRequest request =
        new ChatRequest(
                all, SamplingFields.read(f, model.defaults(), model.chat().tokenizer().vocabSize()))
            .withTools(tools)
            .withToolChoice(ToolFields.choice(f, tools))
            .withParallelToolCalls(f.flag("parallel_tool_calls").orElse(true))
            .withFormat(format(f))
            .withTopLogprobs(topLogprobs(f))
            .withTemplateVariables(variables(f));
    OptionalInt most = f.integer("max_output_tokens", 1, Integer.MAX_VALUE);
    return most.isPresent() ? request.withMaxTokens(most.getAsInt()) : request;
  }

  /** Returns the functions; tools of other types run at the API's maker and nowhere else. */
  private static List<Tool> tools(Fields f) {
    List<Tool> out = new ArrayList<>();
    for (Fields t : f.objects("tools")) {
      String type = t.requiredText("type");
      if (!type.equals("function")) {
        throw ApiFailure.field(
            t.path("type"), "expected function, found '" + type + "', which no model here has");
      }
      out.add(ToolFields.tool(t));
    }
    return out;
  }

  private static int topLogprobs(Fields f) {
    OptionalInt top = f.integer("top_logprobs", 0, MOST_TOP_LOGPROBS);
    boolean included = f.texts("include").contains("message.output_text.logprobs");
    return included || top.orElse(0) > 0 ? top.orElse(0) : -1;
  }

  private static ResponseFormat format(Fields f) {
    Optional<Fields> format = f.object("text").flatMap(t -> t.object("format"));
    if (format.isEmpty()) return new ResponseFormat.Text();
    Fields r = format.get();
    r.requiredText("type");
    return switch (r.oneOf("type", List.of("text", "json_object", "json_schema")).orElseThrow()) {
      case "json_object" -> new ResponseFormat.JsonObject();
      case "json_schema" -> ChatFields.schema(r);
      default -> new ResponseFormat.Text();
    };
  }

  private static Map<String, @Nullable Object> variables(Fields f) {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    f.object("reasoning")
        .flatMap(r -> r.oneOf("effort", ChatFields.EFFORTS))
        .ifPresent(effort -> ChatFields.effort(effort, out));
    return out;
  }

  /** Checks what a response carries along for its owner; the limits are OpenAI's. */
  static void checkMetadata(Fields f) {
    Optional<Fields> metadata = f.object("metadata");
    if (metadata.isEmpty()) return;
    Fields m = metadata.get();
    int pairs = m.node().size();
    if (pairs > MOST_PAIRS) {
      throw ApiFailure.field(
          "metadata", "expected " + MOST_PAIRS + " pairs at most, found " + pairs);
    }
    for (String key : m.node().propertyNames()) {
      if (key.length() > MOST_KEY) {
        throw ApiFailure.field(
            "metadata",
            "expected keys of " + MOST_KEY + " characters at most, found one of " + key.length());
      }
      int length = m.text(key).orElse("").length();
      if (length > MOST_VALUE) {
        throw ApiFailure.field(
            m.path(key), "expected " + MOST_VALUE + " characters at most, found " + length);
      }
    }
  }

  /** Returns a field of the request for the response to repeat, or null. */
  static @Nullable JsonNode echo(Fields f, String name) {
    return f.any(name).orElse(null);
  }
}
