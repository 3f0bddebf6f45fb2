package org.puna.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.puna.chat.ToolCallReader.Parsed;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Calls as Qwen Coder writes them: {@code <function=name>}, for each argument {@code
 * <parameter=key>value</parameter>}, {@code </function>}. A value that is JSON but no text counts
 * as JSON.
 */
final class XmlCalls {
  private static final String FUNCTION = "<function=";
  private static final String FUNCTION_END = "</function>";
  private static final String PARAMETER = "<parameter=";
  private static final String PARAMETER_END = "</parameter>";

  private XmlCalls() {}

  static Optional<List<Parsed>> read(String body, ObjectMapper json) {
    List<Parsed> out = new ArrayList<>();
    int i = 0;
    while (i < body.length()) {
      int close = body.indexOf('>', i);
      int end = body.indexOf(FUNCTION_END, i);
      if (!body.startsWith(FUNCTION, i) || close < 0 || end < close) return Optional.empty();
      String name = body.substring(i + FUNCTION.length(), close).strip();
      if (!ToolCallReader.isName(name)) return Optional.empty();
      String arguments = parameters(body.substring(close + 1, end), json).toString();
      out.add(new Parsed(name, arguments, Optional.empty()));
      i = end + FUNCTION_END.length();
      while (i < body.length() && Character.isWhitespace(body.charAt(i))) i++;
    }
    return out.isEmpty() ? Optional.empty() : Optional.of(out);
  }

  private static ObjectNode parameters(String body, ObjectMapper json) {
    ObjectNode out = json.createObjectNode();
    int i = body.indexOf(PARAMETER);
    while (i >= 0) {
      int close = body.indexOf('>', i);
      int next = body.indexOf(PARAMETER, i + 1);
      if (close < 0) break;
      int end = body.indexOf(PARAMETER_END, close);
      // Models sometimes leave out the end mark.
      if (end < 0 || (next >= 0 && next < end)) end = next >= 0 ? next : body.length();
      String key = body.substring(i + PARAMETER.length(), close).strip();
      out.set(key, value(body.substring(close + 1, end), json));
      i = next;
    }
    return out;
  }

  private static JsonNode value(String raw, ObjectMapper json) {
    String text = raw.startsWith("\n") ? raw.substring(1) : raw;
    if (text.endsWith("\n")) text = text.substring(0, text.length() - 1);
    try {
      JsonNode node = json.readTree(text);
      if (!node.isMissingNode() && !node.isString()) return node;
    } catch (JacksonException e) {
      return json.getNodeFactory().stringNode(text);
    }
    return json.getNodeFactory().stringNode(text);
  }
}
