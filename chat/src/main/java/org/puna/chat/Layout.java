package org.puna.chat;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.puna.model.chat.ChatTemplate;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectMapper;

/**
 * Lays a conversation out as the text that a model was trained on: by its own template; without one
 * as ChatML where the vocabulary has its marks; else as plain lines that begin with the role.
 */
final class Layout {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String CHATML =
      "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}"
          + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

  private static final String PLAIN =
      "{% for m in messages %}{{ m.role|capitalize + ': ' + m.content + '\\n' }}{% endfor %}"
          + "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}";

  /**
   * Stands behind a message that an answer goes on with, to find it in what a template makes of it:
   * characters that no text has, and a space that shows whether messages are trimmed.
   */
  private static final String END_OF_BEGUN = "\uE0B7\uE0B8\uE0B7 ";

  /** How a model of plain lines would go on as the user. */
  private static final List<String> PLAIN_STOPS = List.of("\nUser:", "\nSystem:");

  private final ChatTemplate template;
  private final Tokenizer tokenizer;
  private final boolean named;
  private final boolean plain;
  private final boolean saysThinking;

  /**
   * A layout.
   *
   * @param source the model's template, where it has one
   * @throws BadInput if the template's syntax is wrong
   */
  Layout(Optional<String> source, Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    boolean chatMl =
        tokenizer.id("<|im_start|>").isPresent() && tokenizer.id("<|im_end|>").isPresent();
    this.named = source.isPresent();
    this.plain = !named && !chatMl;
    this.template = ChatTemplate.parse(source.orElse(plain ? PLAIN : CHATML));
    this.saysThinking =
        source.filter(s -> s.contains(".thinking") || s.contains("['thinking']")).isPresent();
  }

  /** Returns texts that end an answer in this layout. */
  List<String> stops() {
    return plain ? PLAIN_STOPS : List.of();
  }

  /**
   * Renders a conversation up to where the assistant's answer starts, or goes on.
   *
   * @throws BadInput if the answer is to go on with a last message that is not a text of the
   *     assistant's, or that the template does not show
   * @throws org.puna.model.chat.TemplateError if the template refuses it
   */
  String render(ChatRequest request, LocalDateTime now) {
    if (!named && !request.shownTools().isEmpty()) {
      throw new BadInput(
          "tools: the model has no chat template, so it was not trained to call tools;"
              + " leave them out or take another model");
    }
    List<Map<String, @Nullable Object>> messages = new ArrayList<>();
    Map<String, String> callNames = new HashMap<>();
    for (Message m : request.messages()) {
      for (ToolCall c : m.toolCalls()) callNames.put(c.id(), c.name());
      messages.add(toMap(m, callNames));
    }
    if (request.continuing()) {
      checkBegun(request.messages());
      Map<String, @Nullable Object> last = messages.getLast();
      last.put("content", last.get("content") + END_OF_BEGUN);
    }
    String rendered =
        template.render(
            messages,
            request.shownTools().isEmpty()
                ? null
                : request.shownTools().stream().map(Tool::toMap).toList(),
            !request.continuing(),
            spelling(tokenizer.bos()),
            spelling(tokenizer.eos()),
            now,
            request.templateVariables());
    return request.continuing() ? upToEndOfBegun(rendered) : rendered;
  }

  private static void checkBegun(List<Message> messages) {
    if (messages.isEmpty() || !messages.getLast().beginsAnswer()) {
      throw new BadInput(
          "messages: an answer can go on only with a last message that is a text of the"
              + " assistant's; add one, or ask for an answer of its own");
    }
  }

  /** Cuts at the mark; without the space at its end where the template trims messages. */
  private static String upToEndOfBegun(String rendered) {
    int at = rendered.lastIndexOf(END_OF_BEGUN.strip());
    if (at < 0) {
      throw new BadInput(
          "messages: the model's chat template does not show the last message as it is, so no"
              + " answer can go on with it; ask for an answer of its own");
    }
    String before = rendered.substring(0, at);
    return rendered.startsWith(END_OF_BEGUN, at) ? before : before.stripTrailing();
  }

  /**
   * Encodes a rendered conversation. A model's own template writes the beginning of text itself, as
   * in transformers; the others leave it to the tokenizer.
   */
  int[] encode(String rendered) {
    return named || !plain
        ? tokenizer.encode(rendered, true)
        : tokenizer.encodeWithSpecials(rendered, true);
  }

  private @Nullable String spelling(OptionalInt id) {
    return id.isPresent() ? tokenizer.token(id.getAsInt()) : null;
  }

  private Map<String, @Nullable Object> toMap(Message m, Map<String, String> callNames) {
    if (m.content().stream().anyMatch(p -> p instanceof ContentPart.Image)) {
      throw new BadInput(
          "messages: found an image, but this model reads text only; describe it in words");
    }
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    out.put("role", m.role().wireName());
    out.put("content", m.text());
    m.reasoning().ifPresent(r -> out.put(saysThinking ? "thinking" : "reasoning_content", r));
    if (!m.toolCalls().isEmpty())
      out.put("tool_calls", m.toolCalls().stream().map(Layout::toMap).toList());
    m.toolCallId().ifPresent(id -> out.put("tool_call_id", id));
    Optional<String> name = m.name().or(() -> m.toolCallId().map(callNames::get));
    name.ifPresent(n -> out.put("name", n));
    return out;
  }

  /** A call with its arguments as a mapping, which is what templates expect to lay out. */
  private static Map<String, @Nullable Object> toMap(ToolCall c) {
    Map<String, @Nullable Object> function = new LinkedHashMap<>();
    function.put("name", c.name());
    function.put("arguments", arguments(c));
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    out.put("id", c.id());
    out.put("type", "function");
    out.put("function", function);
    return out;
  }

  private static Object arguments(ToolCall c) {
    try {
      Object value = JSON.readValue(c.arguments(), Object.class);
      return value instanceof Map ? value : c.arguments();
    } catch (JacksonException e) {
      return c.arguments();
    }
  }
}
