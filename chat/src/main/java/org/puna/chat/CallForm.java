package org.puna.chat;

import static org.puna.chat.constraint.Grammar.Node.sequence;
import static org.puna.chat.constraint.Grammar.Node.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.chat.constraint.Alphabet;
import org.puna.chat.constraint.Grammar.Node;
import org.puna.chat.constraint.JsonSchema;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/** How a model writes the calls of functions, told by the marks in its template and vocabulary. */
enum CallForm {
  /** {@code <tool_call>\n{"name": …, "arguments": …}\n</tool_call>}: Qwen, Hermes. */
  HERMES("<tool_call>"),
  /** {@code <|tool_call|>[{"name": …, "arguments": …}]<|/tool_call|>}: Phi. */
  PHI("<|tool_call|>"),
  /** {@code [TOOL_CALLS]name[ARGS]{…}}: Mistral from 2025. */
  MISTRAL_NAMED("[ARGS]"),
  /** {@code [TOOL_CALLS][{"name": …, "arguments": …}]}: Mistral until 2024. */
  MISTRAL_LIST("[TOOL_CALLS]"),
  /**
   * {@code <|START_ACTION|>[{"tool_call_id": "0", "tool_name": …, "parameters": …}]<|END_ACTION|>}.
   */
  COMMAND("<|START_ACTION|>"),
  /** {@code {"name": …, "parameters": …}} and nothing else: Llama 3 and 4. */
  LLAMA("\"parameters\": dictionary"),
  /** {@code {"name": …, "arguments": …}} and nothing else. */
  GENERIC("");

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Calls in one answer at most, where several may come. */
  private static final int MOST_CALLS = 16;

  private final String sign;

  CallForm(String sign) {
    this.sign = sign;
  }

  /** Returns the form of a model: of the first sign that its template has. */
  static CallForm of(Optional<String> template) {
    for (CallForm f : values()) if (template.orElse("").contains(f.sign)) return f;
    return GENERIC;
  }

  /**
   * Returns what an answer that calls tools matches.
   *
   * @param rules where the rules of the tools' parameters go
   * @param several whether more than one call may come
   * @throws BadInput if a tool's parameters are a schema that cannot be compiled
   */
  Node grammar(List<Tool> tools, boolean several, Alphabet alphabet, Map<String, Node> rules) {
    List<Node> calls = new ArrayList<>();
    for (Tool t : tools) calls.add(call(t, arguments(t, rules), alphabet));
    rules.put("call", calls.size() == 1 ? calls.getFirst() : new Node.Choice(calls));
    Node one = new Node.Rule("call");
    int more = several ? MOST_CALLS - 1 : 0;
    return switch (this) {
      case HERMES -> list(one, text("\n"), more);
      case PHI ->
          sequence(
              alphabet.mark("<|tool_call|>"),
              text("["),
              list(one, text(", "), more),
              text("]"),
              alphabet.mark("<|/tool_call|>"));
      case MISTRAL_NAMED -> list(one, Node.EMPTY, more);
      case MISTRAL_LIST ->
          sequence(
              alphabet.mark("[TOOL_CALLS]"), text("["), list(one, text(", "), more), text("]"));
      case COMMAND ->
          sequence(
              alphabet.mark("<|START_ACTION|>"),
              text("["),
              list(one, text(", "), more),
              text("]"),
              alphabet.mark("<|END_ACTION|>"));
      case LLAMA, GENERIC -> one;
    };
  }

  private static Node list(Node one, Node between, int more) {
    return more == 0 ? one : sequence(one, new Node.Repeat(sequence(between, one), 0, more));
  }

  private Node call(Tool tool, Node arguments, Alphabet alphabet) {
    String name = StringNode.valueOf(tool.name()).toString();
    Node end = text("}");
    return switch (this) {
      case HERMES ->
          sequence(
              alphabet.mark("<tool_call>"),
              text("\n{\"name\": " + name + ", \"arguments\": "),
              arguments,
              text("}\n"),
              alphabet.mark("</tool_call>"));
      case MISTRAL_NAMED ->
          sequence(
              alphabet.mark("[TOOL_CALLS]"), text(tool.name()), alphabet.mark("[ARGS]"), arguments);
      case COMMAND ->
          sequence(
              text("{\"tool_call_id\": \"0\", \"tool_name\": " + name + ", \"parameters\": "),
              arguments,
              end);
      case LLAMA -> sequence(text("{\"name\": " + name + ", \"parameters\": "), arguments, end);
      case PHI, MISTRAL_LIST, GENERIC ->
          sequence(text("{\"name\": " + name + ", \"arguments\": "), arguments, end);
    };
  }

  private static Node arguments(Tool tool, Map<String, Node> rules) {
    JsonNode schema = JSON.valueToTree(tool.parameters());
    if (schema instanceof ObjectNode o && !o.has("type") && !o.has("$ref")) o.put("type", "object");
    try {
      return JsonSchema.addTo(rules, "tool " + tool.name() + " ", schema);
    } catch (BadInput e) {
      throw new BadInput("tool \"" + tool.name() + "\": " + e.getMessage(), e);
    }
  }
}
