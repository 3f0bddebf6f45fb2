package org.puna.chat;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One message of a conversation.
 *
 * @param role who speaks
 * @param content what is said, in order
 * @param reasoning what an assistant thought before it spoke
 * @param toolCalls functions that an assistant asks to call
 * @param toolCallId which call a tool's message answers
 * @param name name of the speaker, or of the function that a tool's message comes from
 */
public record Message(
    Role role,
    List<ContentPart> content,
    Optional<String> reasoning,
    List<ToolCall> toolCalls,
    Optional<String> toolCallId,
    Optional<String> name) {

  /** Copies the lists. */
  public Message {
    content = List.copyOf(content);
    toolCalls = List.copyOf(toolCalls);
  }

  /** Who speaks; templates know them by their names in lower case. */
  public enum Role {
    /** Instructions for the whole conversation. */
    SYSTEM,
    /** Instructions of an application's maker, where a model tells them from the system's. */
    DEVELOPER,
    /** The person. */
    USER,
    /** The model. */
    ASSISTANT,
    /** The result of a function that the model called. */
    TOOL;

    /** Returns the name that templates know. */
    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the role of a name, if there is one. */
    public static Optional<Role> of(String wireName) {
      for (Role r : values()) if (r.wireName().equals(wireName)) return Optional.of(r);
      return Optional.empty();
    }
  }

  /** Whether this is a text of the assistant's and no call: what an answer could go on with. */
  public boolean beginsAnswer() {
    return role == Role.ASSISTANT && toolCalls.isEmpty() && !text().isBlank();
  }

  /** Returns a message with one text. */
  public static Message of(Role role, String text) {
    return new Message(
        role,
        List.of(new ContentPart.Text(text)),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty());
  }

  /** Returns instructions. */
  public static Message system(String text) {
    return of(Role.SYSTEM, text);
  }

  /** Returns what a person says. */
  public static Message user(String text) {
    return of(Role.USER, text);
  }

  /** Returns what the model said. */
  public static Message assistant(String text) {
    return of(Role.ASSISTANT, text);
  }

  /** Returns a message in which the model asked for calls, with what it said before them. */
  public static Message assistant(String text, List<ToolCall> calls) {
    return new Message(
        Role.ASSISTANT,
        text.isEmpty() ? List.of() : List.of(new ContentPart.Text(text)),
        Optional.empty(),
        calls,
        Optional.empty(),
        Optional.empty());
  }

  /** Returns the result of a call. */
  public static Message tool(ToolCall call, String result) {
    return new Message(
        Role.TOOL,
        List.of(new ContentPart.Text(result)),
        Optional.empty(),
        List.of(),
        Optional.of(call.id()),
        Optional.of(call.name()));
  }

  /** Returns this message with what the assistant thought. */
  public Message withReasoning(String text) {
    return new Message(role, content, Optional.of(text), toolCalls, toolCallId, name);
  }

  /** Returns the texts of the content, one a line. */
  public String text() {
    return content.stream()
        .flatMap(p ->
            p instanceof ContentPart.Text t
                ? Optional.of(t.text()).stream()
                : Optional.<String>empty().stream())
        .collect(Collectors.joining("\n"));
  }
}
