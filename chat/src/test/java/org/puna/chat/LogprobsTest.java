package org.puna.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.engine.Sampling;
import org.puna.fixtures.ByteTokenizer;

/** Tokens and their log-probabilities with pieces of text that are held back, cut and split. */
class LogprobsTest {
  private static final ByteTokenizer TOKENIZER = new ByteTokenizer("<s>", "[TOOL_CALLS]", "</s>");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain text",
        "  blanks first and last \n",
        "Zürich 🦙 日本",
        "<think>hm é</think>\n\nyes <b> é",
        "<thin, <t",
        "one <tool_ two",
        "let me see.\n<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call> after",
        "{\"name\": \"f\", \"x\": 1}",
        "STO STOP never",
        "[TOOL_CALLS]broken",
      })
  void theTokensAreTheText(String says) throws Exception {
    for (List<Tool> tools : List.of(List.<Tool>of(), List.of(new Tool("f", "", Map.of())))) {
      ChatModel m =
          new ChatModel(
              new Script(TOKENIZER, says),
              TOKENIZER,
              Optional.of("[user]"),
              Set.of(),
              Clock.systemUTC());
      ChatRequest r =
          new ChatRequest(List.of(Message.user("x")), Sampling.greedy())
              .withTools(tools)
              .withStops(List.of("STOP"))
              .withTopLogprobs(2);
      StringBuilder text = new StringBuilder();
      List<TokenLogprob> tokens = new ArrayList<>();
      boolean stopped = false;
      try (ChatAnswer a = m.chat(r)) {
        boolean running = true;
        while (running) {
          switch (a.next()) {
            case ChatEvent.Text(String piece, List<TokenLogprob> l) -> {
              text.append(piece);
              tokens.addAll(l);
            }
            case ChatEvent.Done d -> {
              stopped = d.stop().isPresent();
              running = false;
            }
            case ChatEvent.Failed f -> throw new AssertionError(f.message());
            case ChatEvent.Reasoning _, ChatEvent.Call _, ChatEvent.Usage _ -> {}
          }
        }
      }
      StringBuilder joined = new StringBuilder();
      java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
      for (TokenLogprob t : tokens) {
        joined.append(t.token());
        bytes.writeBytes(t.bytes());
        assertThat(t.top()).hasSize(2);
      }
      assertThat(joined).hasToString(text.toString());
      if (!stopped) {
        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo(text.toString());
      }
    }
  }
}
