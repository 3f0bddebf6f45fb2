package org.puna.server.openai;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ChatRequest;
import org.puna.chat.ResponseFormat;
import org.puna.chat.Tool;
import org.puna.server.answering.SamplingFields;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Fields;
import org.puna.server.serving.ServedModel;

/** Reads the fields of a chat request but its model; unknown ones are ignored. */
public final class ChatFields {
  private static final int MOST_TOP_LOGPROBS = 20;

  /** How much a model may be asked to think. */
  public static final List<String> EFFORTS =
      List.of("none", "minimal", "low", "medium", "high", "xhigh", "max");

  private ChatFields() {}

  /**
   * Returns the conversation that a body describes.
   *
   * @throws ApiFailure if a field is wrong
   */
  public static ChatRequest read(Fields f, ServedModel model) {
    List<Tool> tools = ToolFields.read(f);
    checkUnused(f);
    checkImpossible(f);
    ChatRequest request =
        new ChatRequest(
                MessageFields.read(f),
                SamplingFields.read(f, model.defaults(), model.chat().tokenizer().vocabSize()))
            .withTools(tools)
            .withToolChoice(ToolFields.choice(f, tools))
            .withParallelToolCalls(f.flag("parallel_tool_calls").orElse(true))
            .withStops(stops(f, "stop"))
            .withFormat(format(f))
            .withTopLogprobs(topLogprobs(f))
            .withContinuing(continuing(f))
            .withTemplateVariables(variables(f));
    OptionalInt most = maxTokens(f);
    request = request.withEnding(SamplingFields.ending(f, most));
    return most.isPresent() ? request.withMaxTokens(most.getAsInt()) : request;
  }

  /** Checks the fields that are for the maker's own service and change nothing here. */
  private static void checkUnused(Fields f) {
    f.text("user");
    f.text("service_tier");
    f.flag("store");
    f.object("metadata");
  }

  /** Returns whether the answer goes on with the last message, by the fields that vLLM has. */
  private static boolean continuing(Fields f) {
    boolean goesOn = f.flag("continue_final_message").orElse(false);
    boolean starts = f.flag("add_generation_prompt").orElse(!goesOn);
    if (goesOn && starts) {
      throw ApiFailure.field(
          "continue_final_message", "needs add_generation_prompt to be false or left out");
    }
    if (!goesOn && !starts) {
      throw ApiFailure.field(
          "add_generation_prompt", "false needs continue_final_message to be true");
    }
    return goesOn;
  }

  /** Refuses what would change the answer and cannot be done. */
  private static void checkImpossible(Fields f) {
    List<String> modalities = f.texts("modalities");
    if (modalities.stream().anyMatch(m -> !m.equals("text"))) {
      throw ApiFailure.field(
          "modalities", "expected text alone, found " + String.join(", ", modalities));
    }
    if (f.has("audio")) throw ApiFailure.field("audio", "no model here speaks; leave it out");
    if (f.has("functions")) {
      throw ApiFailure.field("functions", "is not read any more; use tools");
    }
    if (f.has("function_call")) {
      throw ApiFailure.field("function_call", "is not read any more; use tool_choice");
    }
  }

  /** Returns how many answers are wanted. */
  static int answers(Fields f) {
    return f.integer("n", 1, 128).orElse(1);
  }

  /** Returns the texts that end an answer. */
  static List<String> stops(Fields f, String name) {
    List<String> stops = f.texts(name);
    if (stops.size() > 64) {
      throw ApiFailure.field(f.path(name), "expected 64 texts at most, found " + stops.size());
    }
    return stops.stream().filter(s -> !s.isEmpty()).toList();
  }

  private static OptionalInt maxTokens(Fields f) {
    OptionalInt newer = f.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
    OptionalInt older = f.integer("max_tokens", 1, Integer.MAX_VALUE);
    return newer.isPresent() ? newer : older;
  }

  private static int topLogprobs(Fields f) {
    OptionalInt top = f.integer("top_logprobs", 0, MOST_TOP_LOGPROBS);
    boolean wanted = f.flag("logprobs").orElse(false);
    if (top.isPresent() && top.getAsInt() > 0 && !wanted) {
      throw ApiFailure.field("top_logprobs", "needs logprobs to be true");
    }
    return wanted ? top.orElse(0) : -1;
  }

  /** Returns what the answer must look like. */
  static ResponseFormat format(Fields f) {
    Optional<Fields> format = f.object("response_format");
    if (format.isPresent()) {
      Fields r = format.get();
      r.requiredText("type");
      return switch (r.oneOf("type", List.of("text", "json_object", "json_schema")).orElseThrow()) {
        case "json_object" -> new ResponseFormat.JsonObject();
        case "json_schema" -> schema(r.requiredObject("json_schema"));
        default -> new ResponseFormat.Text();
      };
    }
    if (f.has("guided_json")) {
      return new ResponseFormat.JsonSchema("guided", f.requiredObject("guided_json").node(), true);
    }
    Optional<String> regex = f.text("guided_regex");
    if (regex.isPresent()) return new ResponseFormat.Regex(regex.get());
    Optional<String> grammar = f.text("grammar").or(() -> f.text("guided_grammar"));
    if (grammar.isPresent()) return new ResponseFormat.Grammar(grammar.get());
    return new ResponseFormat.Text();
  }

  /** Returns a named schema; where it is left out any object will do. */
  public static ResponseFormat schema(Fields s) {
    if (!s.has("schema")) {
      s.requiredText("name");
      return new ResponseFormat.JsonObject();
    }
    return new ResponseFormat.JsonSchema(
        s.requiredText("name"), s.requiredObject("schema").node(), s.flag("strict").orElse(false));
  }

  private static Map<String, @Nullable Object> variables(Fields f) {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    f.oneOf("reasoning_effort", EFFORTS).ifPresent(effort -> effort(effort, out));
    f.object("chat_template_kwargs").ifPresent(more -> out.putAll(more.toMap()));
    return out;
  }

  /** Says to a template how much the model is to think. */
  public static void effort(String effort, Map<String, @Nullable Object> variables) {
    boolean none = effort.equals("none") || effort.equals("minimal");
    variables.put("enable_thinking", !none);
    if (!effort.equals("none")) variables.put("reasoning_effort", effort);
  }
}
