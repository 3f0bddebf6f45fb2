package org.puna.chat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.puna.engine.Constraint;
import org.puna.engine.Sampling;

/**
 * A conversation to answer.
 *
 * @param messages in order, the last one usually the user's
 * @param tools functions that the model may ask to call
 * @param sampling how tokens are drawn
 * @param stops texts that end the answer and are not part of it
 * @param maxTokens tokens of the answer at most; empty for what the context holds
 * @param constraint what the answer must look like; it also binds the model's reasoning
 * @param templateVariables further variables of the chat template, such as {@code enable_thinking},
 *     as plain Java
 */
public record ChatRequest(
    List<Message> messages,
    List<Tool> tools,
    Sampling sampling,
    List<String> stops,
    OptionalInt maxTokens,
    Optional<Constraint> constraint,
    Map<String, ?> templateVariables) {

  /** Copies the lists. */
  public ChatRequest {
    messages = List.copyOf(messages);
    tools = List.copyOf(tools);
    stops = List.copyOf(stops);
  }

  /** A request with messages and sampling alone. */
  public ChatRequest(List<Message> messages, Sampling sampling) {
    this(messages, List.of(), sampling, List.of(), OptionalInt.empty(), Optional.empty(), Map.of());
  }

  /** Returns this request with tools. */
  public ChatRequest withTools(List<Tool> newTools) {
    return new ChatRequest(
        messages, newTools, sampling, stops, maxTokens, constraint, templateVariables);
  }

  /** Returns this request with stop strings. */
  public ChatRequest withStops(List<String> newStops) {
    return new ChatRequest(
        messages, tools, sampling, newStops, maxTokens, constraint, templateVariables);
  }

  /** Returns this request with a largest number of tokens. */
  public ChatRequest withMaxTokens(int n) {
    return new ChatRequest(
        messages, tools, sampling, stops, OptionalInt.of(n), constraint, templateVariables);
  }

  /** Returns this request with a constraint. */
  public ChatRequest withConstraint(Constraint c) {
    return new ChatRequest(
        messages, tools, sampling, stops, maxTokens, Optional.of(c), templateVariables);
  }

  /** Returns this request with variables for the template. */
  public ChatRequest withTemplateVariables(Map<String, ?> variables) {
    return new ChatRequest(messages, tools, sampling, stops, maxTokens, constraint, variables);
  }
}
