package org.puna.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** However an answer is cut into pieces, the same is heard. */
class AnswerParserTest {
  private static final List<Tool> TOOLS = List.of(new Tool("f", "", Map.of()));

  /** Reasoning, text and calls of an answer that arrives in pieces of {@code size} characters. */
  private static List<String> hear(String answer, int size, List<Tool> tools) {
    AnswerParser parser = new AnswerParser(tools, "");
    List<ChatEvent> events = new ArrayList<>();
    for (int i = 0; i < answer.length(); i += size) {
      parser.text(
          answer.substring(i, Math.min(answer.length(), i + size)), (e, _) -> events.add(e));
    }
    parser.finish((e, _) -> events.add(e));
    List<String> out = new ArrayList<>();
    String last = "";
    for (ChatEvent e : events) {
      String kind = e.getClass().getSimpleName();
      String what =
          switch (e) {
            case ChatEvent.Text(String t, var _) -> t;
            case ChatEvent.Reasoning(String t) -> t;
            case ChatEvent.Call(ToolCall c) -> c.name() + c.arguments();
            case ChatEvent.Usage _, ChatEvent.Done _, ChatEvent.Failed _ ->
                throw new AssertionError(e);
          };
      if (kind.equals(last) && !kind.equals("Call")) {
        out.set(out.size() - 1, out.getLast() + what);
      } else {
        out.add(kind + ": " + what);
      }
      last = kind;
    }
    return out;
  }

  @Property(tries = 3000)
  void piecesDoNotMatter(@ForAll("answers") List<String> parts, @ForAll boolean withTools) {
    String answer = String.join("", parts);
    List<Tool> tools = withTools ? TOOLS : List.of();
    List<String> whole = hear(answer, Math.max(1, answer.length()), tools);
    for (int size : new int[] {1, 2, 3, 7}) {
      assertThat(hear(answer, size, tools)).as(answer).isEqualTo(whole);
    }
  }

  @Provide
  Arbitrary<List<String>> answers() {
    return Arbitraries.of(
            "<think>",
            "</think>",
            "[THINK]",
            "[/THINK]",
            "<tool_call>",
            "</tool_call>",
            "a",
            " ",
            "\n",
            "<",
            "[",
            "{",
            "}",
            "\"name\": \"f\"",
            "{\"name\": \"f\", \"arguments\": {}}",
            "[f()]",
            "f(",
            ")",
            "[TOOL_CALLS]",
            "<|python_tag|>",
            "x y",
            ";",
            "<function=f></function>")
        .list()
        .ofMaxSize(9);
  }
}
