package org.puna.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads tool calls as models write them: JSON objects with a name and arguments, alone, in a list
 * or one after the other (Llama 3, Qwen, Hermes, Mistral, Phi); a name and its JSON arguments
 * (Mistral from 2025); Python calls (Llama 3.2 and 4); parameters in angle brackets (Qwen Coder).
 */
final class ToolCallReader {
  private static final Set<String> NAME_KEYS = Set.of("name", "function", "tool_name");
  private static final List<String> ARGUMENT_KEYS =
      List.of("arguments", "parameters", "args", "input");

  /** Keys with which an object that is a call begins. */
  private static final List<String> FIRST_KEYS =
      List.of("name", "function", "tool_name", "type", "id", "arguments", "parameters");

  /** Characters that an answer is held back for at most while it may be a call. */
  private static final int MOST_HELD = 1 << 18;

  private static final int ID_LENGTH = 9;
  private static final String ID_LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

  private final ObjectMapper json = new ObjectMapper();

  /**
   * A call as it was written.
   *
   * @param name the function
   * @param arguments a JSON object
   * @param id what the model called it, where it did
   */
  record Parsed(String name, String arguments, Optional<String> id) {
    /** Returns the call, with an id of its own where the model gave none. */
    ToolCall withId() {
      return new ToolCall(id.orElseGet(ToolCallReader::newId), name, arguments);
    }
  }

  private static String newId() {
    StringBuilder id = new StringBuilder();
    for (int i = 0; i < ID_LENGTH; i++) {
      id.append(ID_LETTERS.charAt(ThreadLocalRandom.current().nextInt(ID_LETTERS.length())));
    }
    return id.toString();
  }

  /** Returns the calls that a text consists of, or nothing if it is anything else. */
  Optional<List<Parsed>> read(String text) {
    String body = text.strip();
    if (body.isEmpty()) return Optional.empty();
    return jsonCalls(body)
        .or(() -> namedJson(body))
        .or(() -> XmlCalls.read(body, json))
        .or(() -> PythonCalls.read(body, json));
  }

  /** Whether a text that begins like this may be nothing but a call of one of {@code names}. */
  static boolean mayBeCall(CharSequence text, List<String> names) {
    if (text.length() > MOST_HELD) return false;
    int i = skip(text, 0, "[");
    if (i < text.length() && text.charAt(i) == '{') {
      i = skip(text, i + 1, "");
      if (i == text.length()) return true;
      if (text.charAt(i) != '"') return false;
      return begins(text, i + 1, FIRST_KEYS, '"');
    }
    return i == text.length() || (text.charAt(0) == '[' && begins(text, i, names, '('));
  }

  private static int skip(CharSequence s, int from, String also) {
    int i = from;
    while (i < s.length()
        && (Character.isWhitespace(s.charAt(i)) || also.indexOf(s.charAt(i)) >= 0)) {
      i++;
    }
    return i;
  }

  /** Whether one of the words, with what closes it, stands or may still come at a place. */
  private static boolean begins(CharSequence s, int from, List<String> words, char close) {
    for (String word : words) {
      String whole = word + close;
      int n = Math.min(whole.length(), s.length() - from);
      if (whole.contentEquals(s.subSequence(from, from + n))
          || whole.startsWith(s.subSequence(from, from + n).toString())) {
        return true;
      }
    }
    return false;
  }

  private Optional<List<Parsed>> jsonCalls(String body) {
    List<Parsed> out = new ArrayList<>();
    int i = 0;
    while (i < body.length()) {
      int end = valueEnd(body, i);
      if (end < 0) return Optional.empty();
      if (!addAll(tree(body.substring(i, end)), out)) return Optional.empty();
      i = skip(body, end, ";,");
    }
    return out.isEmpty() ? Optional.empty() : Optional.of(out);
  }

  private boolean addAll(@Nullable JsonNode node, List<Parsed> out) {
    if (node == null) return false;
    if (!node.isArray()) return add(node, out);
    for (JsonNode item : node) if (!add(item, out)) return false;
    return true;
  }

  private boolean add(JsonNode node, List<Parsed> out) {
    JsonNode function = node.path("function");
    JsonNode call = function.isObject() ? function : node;
    Optional<String> name =
        NAME_KEYS.stream()
            .map(call::path)
            .filter(JsonNode::isString)
            .map(JsonNode::asString)
            .findFirst();
    if (!call.isObject() || name.isEmpty() || name.get().isBlank()) return false;
    Optional<String> arguments = arguments(call);
    if (arguments.isEmpty()) return false;
    JsonNode id = node.path("id");
    out.add(
        new Parsed(
            name.get(),
            arguments.get(),
            id.isString() && !id.asString().isBlank()
                ? Optional.of(id.asString())
                : Optional.empty()));
    return true;
  }

  private Optional<String> arguments(JsonNode call) {
    for (String key : ARGUMENT_KEYS) {
      JsonNode a = call.path(key);
      if (a.isMissingNode() || a.isNull()) continue;
      JsonNode inner = a.isString() ? tree(a.asString()) : a;
      return inner instanceof ObjectNode o ? Optional.of(o.toString()) : Optional.empty();
    }
    return Optional.of("{}");
  }

  /** {@code name{…}} or {@code name[CALL_ID]id[ARGS]{…}}. */
  private Optional<List<Parsed>> namedJson(String body) {
    int brace = body.indexOf('{');
    if (brace <= 0 || valueEnd(body, brace) != body.length()) return Optional.empty();
    String head = body.substring(0, brace).strip();
    if (head.endsWith("[ARGS]")) head = head.substring(0, head.length() - "[ARGS]".length());
    Optional<String> id = Optional.empty();
    int mark = head.indexOf("[CALL_ID]");
    if (mark >= 0) {
      id = Optional.of(head.substring(mark + "[CALL_ID]".length()).strip());
      head = head.substring(0, mark);
    }
    String name = head.strip();
    if (!isName(name) || !(tree(body.substring(brace)) instanceof ObjectNode o)) {
      return Optional.empty();
    }
    return Optional.of(List.of(new Parsed(name, o.toString(), id)));
  }

  static boolean isName(String s) {
    return !s.isEmpty()
        && s.codePoints().allMatch(c -> Character.isLetterOrDigit(c) || "_-.:/".indexOf(c) >= 0);
  }

  private @Nullable JsonNode tree(String text) {
    try {
      return json.readTree(text);
    } catch (JacksonException e) {
      return null;
    }
  }

  /** Where the JSON object or list that starts at a place ends, or -1. */
  private static int valueEnd(String s, int start) {
    if (s.charAt(start) != '{' && s.charAt(start) != '[') return -1;
    int depth = 0;
    boolean quoted = false;
    for (int i = start; i < s.length(); i++) {
      char c = s.charAt(i);
      if (quoted) {
        if (c == '\\') i++;
        if (c == '"') quoted = false;
      } else if (c == '"') {
        quoted = true;
      } else if (c == '{' || c == '[') {
        depth++;
      } else if ((c == '}' || c == ']') && --depth == 0) {
        return i + 1;
      }
    }
    return -1;
  }
}
