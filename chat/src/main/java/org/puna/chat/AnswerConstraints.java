package org.puna.chat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.puna.chat.constraint.Alphabet;
import org.puna.chat.constraint.Automaton;
import org.puna.chat.constraint.Gbnf;
import org.puna.chat.constraint.Grammar;
import org.puna.chat.constraint.Grammar.Node;
import org.puna.chat.constraint.JsonSchema;
import org.puna.chat.constraint.TokenMasks;
import org.puna.engine.Constraint;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;
import tools.jackson.databind.ObjectMapper;

/**
 * Compiles what an answer must look like into masks for one model, and keeps what was compiled
 * last. Safe for use by many threads.
 */
final class AnswerConstraints {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Compiled grammars that are kept. */
  private static final int MAX_KEPT = 64;

  /** Nodes of all kept grammars together. */
  private static final long MAX_NODES = 1_000_000;

  private final Tokenizer tokenizer;
  private final Optional<String> template;
  private final CallForm form;
  private final Alphabet alphabet;
  private final Map<Key, TokenMasks> compiled = new LinkedHashMap<>(16, 0.75f, true);

  /** What was asked for, in texts that tell all differences: the order of properties matters. */
  private record Key(
      String format, List<String> tools, boolean several, Optional<Thinking> thinking) {}

  AnswerConstraints(Tokenizer tokenizer, Optional<String> template, Set<Integer> endTokens) {
    this.tokenizer = tokenizer;
    this.template = template;
    this.form = CallForm.of(template);
    List<String> marks = new ArrayList<>();
    marks.addAll(AnswerParser.THINKING.keySet());
    marks.addAll(AnswerParser.THINKING.values());
    marks.addAll(AnswerParser.CALLS.keySet());
    marks.addAll(AnswerParser.CALLS.values());
    marks.add("[ARGS]");
    marks.removeIf(String::isEmpty);
    this.alphabet = new Alphabet(tokenizer, endTokens, marks);
  }

  /**
   * Returns the constraint of a completion's format.
   *
   * @throws BadInput if the format cannot be compiled
   */
  Optional<Constraint> of(ResponseFormat format) {
    return start(format, List.of(), false, Optional.empty());
  }

  /** As {@link #of(ResponseFormat)}, with the thoughts that a prompt has begun before it. */
  Optional<Constraint> of(ResponseFormat format, String prompt) {
    return start(
        format,
        List.of(),
        false,
        Thinking.after(prompt, template, tokenizer).filter(Thinking::begun));
  }

  /**
   * Returns the constraint of an answer to a conversation.
   *
   * @param prompt the rendered conversation
   * @throws BadInput if format or tools cannot be compiled, the choice names no tool, or the answer
   *     is to go on with a message besides
   */
  Optional<Constraint> of(ChatRequest r, String prompt) {
    List<Tool> callable =
        switch (r.toolChoice()) {
          case ToolChoice.None _ -> List.of();
          case ToolChoice.Auto _ ->
              r.format() instanceof ResponseFormat.Text ? List.of() : r.tools();
          case ToolChoice.Required _ -> r.tools();
          case ToolChoice.Function f ->
              r.tools().stream().filter(t -> t.name().equals(f.name())).toList();
        };
    boolean must = mustCall(r.toolChoice());
    if (r.continuing() && (must || !(r.format() instanceof ResponseFormat.Text))) {
      throw new BadInput(
          "an answer that goes on with a message cannot keep to a format or be the call of a tool,"
              + " which would start anew; leave one of the two out");
    }
    if (must && callable.isEmpty()) {
      throw new BadInput(
          r.toolChoice() instanceof ToolChoice.Function f
              ? "tool_choice: no tool is called \"" + f.name() + "\"; add it to the tools"
              : "tool_choice: a call is required, but there are no tools");
    }
    ResponseFormat format = must ? ResponseFormat.TEXT : r.format();
    boolean several = r.parallelToolCalls() && !(r.toolChoice() instanceof ToolChoice.Function);
    return start(format, callable, several, Thinking.after(prompt, template, tokenizer));
  }

  private static boolean mustCall(ToolChoice c) {
    return c instanceof ToolChoice.Required || c instanceof ToolChoice.Function;
  }

  private Optional<Constraint> start(
      ResponseFormat format, List<Tool> tools, boolean several, Optional<Thinking> thinking) {
    if (format instanceof ResponseFormat.Text && tools.isEmpty()) return Optional.empty();
    Key key =
        new Key(
            spelling(format),
            tools.stream().map(t -> t.name() + JSON.writeValueAsString(t.parameters())).toList(),
            several,
            thinking);
    return Optional.of(masks(key, format, tools).start());
  }

  private static String spelling(ResponseFormat format) {
    return switch (format) {
      case ResponseFormat.Text _ -> "text";
      case ResponseFormat.JsonObject _ -> "object";
      case ResponseFormat.JsonSchema s -> "schema " + s.schema();
      case ResponseFormat.Grammar g -> "grammar " + g.gbnf();
      case ResponseFormat.Regex r -> "regex " + r.pattern();
    };
  }

  private TokenMasks masks(Key key, ResponseFormat format, List<Tool> tools) {
    synchronized (compiled) {
      TokenMasks known = compiled.get(key);
      if (known != null) return known;
    }
    TokenMasks fresh = compile(key, format, tools);
    synchronized (compiled) {
      compiled.put(key, fresh);
      long nodes = compiled.values().stream().mapToLong(TokenMasks::size).sum();
      Iterator<TokenMasks> oldest = compiled.values().iterator();
      while (compiled.size() > MAX_KEPT || (nodes > MAX_NODES && compiled.size() > 1)) {
        nodes -= oldest.next().size();
        oldest.remove();
      }
    }
    return fresh;
  }

  private TokenMasks compile(Key key, ResponseFormat format, List<Tool> tools) {
    try {
      Map<String, Node> rules = new HashMap<>();
      List<Node> options = new ArrayList<>();
      if (!tools.isEmpty()) options.add(form.grammar(tools, key.several(), alphabet, rules));
      switch (format) {
        case ResponseFormat.Text _ -> {}
        case ResponseFormat.JsonObject _ -> options.add(embed(JsonSchema.anyObject(), rules));
        case ResponseFormat.JsonSchema s -> options.add(JsonSchema.addTo(rules, "", s.schema()));
        case ResponseFormat.Grammar g -> options.add(embed(Gbnf.parse(g.gbnf()), rules));
        case ResponseFormat.Regex r -> options.add(embed(Grammar.ofRegex(r.pattern()), rules));
      }
      Node answer = options.size() == 1 ? options.getFirst() : new Node.Choice(options);
      Node whole =
          key.thinking().isPresent()
              ? key.thinking().get().before(answer, alphabet, rules)
              : answer;
      rules.put(" answer", whole);
      return new TokenMasks(new Automaton(new Grammar(rules, " answer")), alphabet);
    } catch (StackOverflowError e) {
      throw new BadInput("format: too deeply nested; make it flatter", e);
    }
  }

  /** Joins a whole grammar to the rules. */
  private static Node embed(Grammar g, Map<String, Node> rules) {
    rules.putAll(g.rules());
    return new Node.Rule(g.root());
  }
}
