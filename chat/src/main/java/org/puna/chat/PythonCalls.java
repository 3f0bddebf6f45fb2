package org.puna.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.puna.chat.ToolCallReader.Parsed;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Calls in Python's syntax, {@code [f(a=1), g(b="x")]} or one alone, with literals as arguments;
 * {@code f.call(…)} as Llama 3.1 writes its built-in tools.
 */
final class PythonCalls {
  /** Nested lists and mappings in an argument. */
  private static final int MAX_DEPTH = 50;

  private final String s;
  private final JsonNodeFactory nodes;
  private int i;

  private PythonCalls(String s, JsonNodeFactory nodes) {
    this.s = s;
    this.nodes = nodes;
  }

  /** What is written is not a call. */
  private static final class NoCall extends Exception {
    private static final long serialVersionUID = 1L;

    NoCall() {
      super("no call", null, false, false);
    }
  }

  static Optional<List<Parsed>> read(String body, ObjectMapper json) {
    try {
      return Optional.of(new PythonCalls(body, json.getNodeFactory()).calls());
    } catch (NoCall e) {
      return Optional.empty();
    }
  }

  private List<Parsed> calls() throws NoCall {
    List<Parsed> out = new ArrayList<>();
    boolean list = take('[');
    do {
      out.add(call());
    } while (list && take(','));
    if (list) expect(']');
    space();
    if (i < s.length()) throw new NoCall();
    return out;
  }

  private Parsed call() throws NoCall {
    String name = word(true);
    if (name.endsWith(".call")) name = name.substring(0, name.length() - ".call".length());
    expect('(');
    ObjectNode arguments = nodes.objectNode();
    while (!take(')')) {
      String key = word(false);
      expect('=');
      arguments.set(key, value(0));
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return new Parsed(name, arguments.toString(), Optional.empty());
  }

  private JsonNode value(int depth) throws NoCall {
    if (depth > MAX_DEPTH) throw new NoCall();
    space();
    if (i >= s.length()) throw new NoCall();
    char c = s.charAt(i);
    if (c == '"' || c == '\'') return nodes.stringNode(string());
    if (take('[')) return list(']', depth);
    if (take('(')) return list(')', depth);
    if (take('{')) return mapping(depth);
    if (c == '-' || c == '+' || Character.isDigit(c)) return number();
    return switch (word(false)) {
      case "True", "true" -> nodes.booleanNode(true);
      case "False", "false" -> nodes.booleanNode(false);
      case "None", "null" -> nodes.nullNode();
      default -> throw new NoCall();
    };
  }

  private ArrayNode list(char close, int depth) throws NoCall {
    ArrayNode out = nodes.arrayNode();
    while (!take(close)) {
      out.add(value(depth + 1));
      if (!take(',')) {
        expect(close);
        break;
      }
    }
    return out;
  }

  private ObjectNode mapping(int depth) throws NoCall {
    ObjectNode out = nodes.objectNode();
    while (!take('}')) {
      space();
      JsonNode key = value(depth + 1);
      expect(':');
      out.set(key.asString(), value(depth + 1));
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    return out;
  }

  private String string() throws NoCall {
    char quote = s.charAt(i++);
    StringBuilder out = new StringBuilder();
    while (i < s.length() && s.charAt(i) != quote) {
      char c = s.charAt(i++);
      if (c != '\\' || i >= s.length()) {
        out.append(c);
        continue;
      }
      char e = s.charAt(i++);
      switch (e) {
        case 'n' -> out.append('\n');
        case 't' -> out.append('\t');
        case 'r' -> out.append('\r');
        case 'u' -> out.append(unicode());
        case '\\', '"', '\'' -> out.append(e);
        default -> out.append('\\').append(e);
      }
    }
    if (i >= s.length()) throw new NoCall();
    i++;
    return out.toString();
  }

  private char unicode() throws NoCall {
    if (i + 4 > s.length()) throw new NoCall();
    try {
      char c = (char) Integer.parseInt(s.substring(i, i + 4), 16);
      i += 4;
      return c;
    } catch (NumberFormatException e) {
      throw new NoCall();
    }
  }

  private JsonNode number() throws NoCall {
    int start = i;
    while (i < s.length() && "+-.eE0123456789_".indexOf(s.charAt(i)) >= 0) i++;
    String text = s.substring(start, i).replace("_", "");
    try {
      if (text.length() < 19 && text.chars().allMatch(c -> c == '-' || Character.isDigit(c))) {
        return nodes.numberNode(Long.parseLong(text));
      }
      double x = Double.parseDouble(text);
      if (Double.isFinite(x)) return nodes.numberNode(x);
    } catch (NumberFormatException e) {
      throw new NoCall();
    }
    throw new NoCall();
  }

  private String word(boolean withDots) throws NoCall {
    space();
    int start = i;
    while (i < s.length()
        && (Character.isLetterOrDigit(s.charAt(i))
            || s.charAt(i) == '_'
            || (withDots && (s.charAt(i) == '.' || s.charAt(i) == '-')))) {
      i++;
    }
    if (i == start) throw new NoCall();
    return s.substring(start, i);
  }

  private boolean take(char c) {
    space();
    if (i >= s.length() || s.charAt(i) != c) return false;
    i++;
    return true;
  }

  private void expect(char c) throws NoCall {
    if (!take(c)) throw new NoCall();
  }

  private void space() {
    while (i < s.length() && Character.isWhitespace(s.charAt(i))) i++;
  }
}
