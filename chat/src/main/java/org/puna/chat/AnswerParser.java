package org.puna.chat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.chat.ToolCallReader.Parsed;

/**
 * Splits an answer that arrives in pieces into reasoning, text and tool calls.
 *
 * <p>Reasoning stands at the start between marks such as {@code <think>} and {@code </think>}, or
 * the prompt has opened it already. Calls are looked for only where tools were offered: after marks
 * such as {@code <tool_call>} (Qwen, Hermes), {@code [TOOL_CALLS]} (Mistral), {@code
 * <|python_tag|>} (Llama 3), and in an answer that is nothing but JSON or Python calls (Llama 3.2
 * and 4). What looks like a call and is none becomes text again, so nothing is lost.
 */
final class AnswerParser {
  /** Marks around reasoning. */
  static final Map<String, String> THINKING =
      Map.of(
          "<think>", "</think>",
          "[THINK]", "[/THINK]",
          "<|START_THINKING|>", "<|END_THINKING|>",
          "<|reasoning_thinking_start|>", "<|reasoning_thinking_end|>");

  /** Marks before calls, and what ends the calls; an empty end is the answer's. */
  static final Map<String, String> CALLS =
      Map.of(
          "<tool_call>", "</tool_call>",
          "<|tool_call|>", "<|/tool_call|>",
          "<|python_start|>", "<|python_end|>",
          "<|START_ACTION|>", "<|END_ACTION|>",
          "[TOOL_CALLS]", "",
          "<|python_tag|>", "");

  private enum State {
    /** Nothing but white space so far. */
    START,
    REASONING,
    /** Nothing but white space since the reasoning. */
    ANSWER_START,
    TEXT,
    /** After a mark. */
    CALL,
    /** An answer that may be nothing but a call. */
    BARE_CALL
  }

  /** Takes what was found. */
  @FunctionalInterface
  interface Out {
    /**
     * Takes an event.
     *
     * @param from place of its first character among all that were received
     */
    void accept(ChatEvent event, long from);
  }

  private final List<String> names;
  private final ToolCallReader reader;
  private final StringBuilder held = new StringBuilder();
  private State state = State.START;
  private long received;
  private String open = "";
  private String end = "";
  private boolean called;
  private boolean inReasoning;
  private boolean inText;

  /**
   * A parser at the start of an answer.
   *
   * @param tools that were offered
   * @param prompt the rendered conversation, which may have opened the reasoning
   */
  AnswerParser(List<Tool> tools, String prompt) {
    this.names = tools.stream().map(Tool::name).toList();
    this.reader = new ToolCallReader();
    String before = prompt.stripTrailing();
    THINKING.forEach((mark, close) -> {
      if (before.endsWith(mark)) {
        state = State.REASONING;
        end = close;
      }
    });
  }

  /** Takes the next piece of text. */
  void text(String piece, Out out) {
    held.append(piece);
    received += piece.length();
    while (step(out)) {
      // Each step moves the state on or emits what is certain.
    }
  }

  /** Returns whether a control token means something here, so that it is to be taken as text. */
  boolean takes(String spelling) {
    boolean known =
        THINKING.containsKey(spelling)
            || THINKING.containsValue(spelling)
            || CALLS.containsKey(spelling)
            || CALLS.containsValue(spelling);
    // In Mistral's calls [ARGS] and [CALL_ID] separate name, id and arguments.
    return known || state == State.CALL;
  }

  /** The place of a character that is held. */
  private long place(int index) {
    return received - held.length() + index;
  }

  /** Ends the answer; returns whether it had calls. */
  boolean finish(Out out) {
    switch (state) {
      case START -> emit(held.toString(), place(0), false, out);
      case ANSWER_START -> {
        if (!held.toString().isBlank()) emit(held.toString(), place(0), false, out);
      }
      case REASONING -> emit(held.toString().stripTrailing(), place(0), true, out);
      case TEXT -> emit(held.toString(), place(0), false, out);
      case CALL -> calls(held.toString(), out);
      case BARE_CALL -> {
        Optional<List<Parsed>> parsed =
            reader
                .read(held.toString())
                .filter(p -> p.stream().allMatch(c -> names.contains(c.name())));
        if (parsed.isPresent()) {
          parsed.get().forEach(c -> call(c, out));
        } else {
          emit(held.toString(), place(0), false, out);
        }
      }
    }
    held.setLength(0);
    return called;
  }

  /** Moves on as far as the held text decides; returns whether more may be decided. */
  private boolean step(Out out) {
    return switch (state) {
      case START -> start();
      case REASONING -> reasoning(out);
      case ANSWER_START -> answerStart();
      case TEXT -> plain(out);
      case CALL -> call(out);
      case BARE_CALL -> bareCall();
    };
  }

  private boolean start() {
    String s = held.toString().stripLeading();
    for (Map.Entry<String, String> e : THINKING.entrySet()) {
      if (s.startsWith(e.getKey())) {
        held.delete(0, held.indexOf(e.getKey()) + e.getKey().length());
        end = e.getValue();
        state = State.REASONING;
        return true;
      }
      if (e.getKey().startsWith(s)) return false;
    }
    state = names.isEmpty() ? State.TEXT : State.ANSWER_START;
    return true;
  }

  private boolean reasoning(Out out) {
    int close = held.indexOf(end);
    if (close >= 0) {
      emit(held.substring(0, close).stripTrailing(), place(0), true, out);
      held.delete(0, close + end.length());
      inReasoning = false;
      state = State.ANSWER_START;
      return true;
    }
    // White space before the closing mark belongs to the layout, so it waits for what follows.
    int safe = held.length() - beginning(held, List.of(end));
    while (safe > 0 && Character.isWhitespace(held.charAt(safe - 1))) safe--;
    emit(held.substring(0, safe), place(0), true, out);
    held.delete(0, safe);
    return false;
  }

  private boolean answerStart() {
    int i = 0;
    while (i < held.length() && Character.isWhitespace(held.charAt(i))) i++;
    if (i == held.length()) return false;
    held.delete(0, i);
    boolean bare = !names.isEmpty() && (held.charAt(0) == '{' || held.charAt(0) == '[');
    String s = held.toString();
    // As long as a mark may still be coming, both are possible.
    if (bare && CALLS.keySet().stream().anyMatch(m -> m.length() > s.length() && m.startsWith(s))) {
      return false;
    }
    boolean marked = CALLS.keySet().stream().anyMatch(s::startsWith);
    state = bare && !marked ? State.BARE_CALL : State.TEXT;
    return true;
  }

  private boolean plain(Out out) {
    if (names.isEmpty()) {
      emit(held.toString(), place(0), false, out);
      held.setLength(0);
      return false;
    }
    int first = -1;
    for (String mark : CALLS.keySet()) {
      int at = held.indexOf(mark);
      if (at >= 0 && (first < 0 || at < first)) {
        first = at;
        open = mark;
      }
    }
    if (first >= 0) {
      emit(held.substring(0, first).stripTrailing(), place(0), false, out);
      held.delete(0, first + open.length());
      end = CALLS.getOrDefault(open, "");
      state = State.CALL;
      return true;
    }
    int safe = held.length() - beginning(held, CALLS.keySet());
    while (safe > 0 && Character.isWhitespace(held.charAt(safe - 1))) safe--;
    emit(held.substring(0, safe), place(0), false, out);
    held.delete(0, safe);
    return false;
  }

  private boolean call(Out out) {
    // Without an end mark a further opening mark begins the next call.
    String until = end.isEmpty() ? open : end;
    int at = held.indexOf(until);
    if (at < 0) return false;
    calls(held.substring(0, at), out);
    held.delete(0, at + until.length());
    if (!end.isEmpty()) state = State.TEXT;
    return true;
  }

  private boolean bareCall() {
    if (ToolCallReader.mayBeCall(held, names)) return false;
    state = State.TEXT;
    return true;
  }

  private void calls(String body, Out out) {
    Optional<List<Parsed>> parsed = reader.read(body);
    if (parsed.isPresent()) {
      parsed.get().forEach(c -> call(c, out));
    } else if (!body.isBlank()) {
      emit(open + body + end, place(-open.length()), false, out);
    }
  }

  private void call(Parsed c, Out out) {
    called = true;
    out.accept(new ChatEvent.Call(c.withId()), received);
  }

  /** Emits a piece; white space at the beginning of reasoning, or of text after it, is layout. */
  private void emit(String piece, long from, boolean reasoning, Out out) {
    boolean first = reasoning ? !inReasoning : !inText && (called || !names.isEmpty());
    String shown = first ? piece.stripLeading() : piece;
    if (shown.isEmpty()) return;
    if (reasoning) {
      inReasoning = true;
      out.accept(new ChatEvent.Reasoning(shown), from);
    } else {
      inText = true;
      out.accept(new ChatEvent.Text(shown), from + piece.length() - shown.length());
    }
  }

  /** Length of the longest end of {@code s} that begins one of {@code marks}. */
  private static int beginning(StringBuilder s, Iterable<String> marks) {
    int longest = 0;
    for (String mark : marks) {
      for (int n = Math.min(mark.length() - 1, s.length()); n > longest; n--) {
        if (mark.startsWith(s.substring(s.length() - n))) longest = n;
      }
    }
    return longest;
  }
}
