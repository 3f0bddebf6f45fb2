package org.puna.model.chat;

import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;

/**
 * A model's chat template: renders a conversation as the text that the model was trained on,
 * exactly as transformers does with {@code trim_blocks}, {@code lstrip_blocks}, loop controls and
 * its immutable sandbox.
 *
 * <p>Values are plain Java: {@link Map}, {@link List}, {@link String}, {@link Number}, {@link
 * Boolean} and null; mappings keep their order.
 */
public final class ChatTemplate {
  private final Node.Body root;
  private final Frames frames;

  private ChatTemplate(Node.Body root) {
    this.root = root;
    this.frames = Frames.of(root);
  }

  /**
   * Reads a template.
   *
   * @param source in the Jinja language
   * @throws BadInput if the syntax is wrong, naming the line
   */
  public static ChatTemplate parse(String source) {
    return new ChatTemplate(Parser.parse(source));
  }

  /**
   * Renders the template.
   *
   * @param variables by name
   * @param now what {@code strftime_now} tells, local time
   * @throws TemplateError if the template raises an exception or an expression fails
   * @throws BadInput if rendering exceeds a limit or a variable is no plain value
   */
  public String render(Map<String, ? extends @Nullable Object> variables, LocalDateTime now) {
    Limits limits = new Limits();
    Inputs inputs = new Inputs();
    Map<String, Value> values = inputs.convert(variables);
    limits.allowFor(inputs.size());
    Interpreter rt = new Interpreter(frames, now, limits);
    try {
      return rt.render(root, values);
    } catch (TemplateError e) {
      throw e.at(rt.line());
    }
  }

  /**
   * Renders a conversation with the variables that transformers passes: {@code messages}, {@code
   * tools} and {@code documents} (None where there are none), {@code add_generation_prompt}, the
   * special tokens, and what the caller adds.
   *
   * @param messages each with {@code role} and {@code content} at least
   * @param tools JSON schemas of functions, or null for none
   * @param addGenerationPrompt whether the text ends where the assistant's answer starts
   * @param bosToken the token that starts a text, or null if the model has none
   * @param eosToken the token that ends one, or null if the model has none
   * @param now what {@code strftime_now} tells, local time
   * @param extra further variables, which win over the others
   * @throws TemplateError if the template raises an exception or an expression fails
   * @throws BadInput if rendering exceeds a limit or a variable is no plain value
   */
  public String render(
      List<?> messages,
      @Nullable List<?> tools,
      boolean addGenerationPrompt,
      @Nullable String bosToken,
      @Nullable String eosToken,
      LocalDateTime now,
      Map<String, ? extends @Nullable Object> extra) {
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    variables.put("messages", messages);
    variables.put("tools", tools);
    variables.put("documents", null);
    variables.put("add_generation_prompt", addGenerationPrompt);
    if (bosToken != null) variables.put("bos_token", bosToken);
    if (eosToken != null) variables.put("eos_token", eosToken);
    variables.putAll(extra);
    return render(variables, now);
  }
}
