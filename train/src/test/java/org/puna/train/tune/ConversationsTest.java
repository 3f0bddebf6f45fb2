package org.puna.train.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.model.config.BadInput;

/** The forms that published sets have, and what is refused of them. */
class ConversationsTest {
  private static final String ASKED = "{\"role\":\"user\",\"content\":\"Who?\"}";
  private static final String TOLD = "{\"role\":\"assistant\",\"content\":\"Me.\"}";
  private static final String WORSE = "{\"role\":\"assistant\",\"content\":\"No.\"}";
  private static final Map<String, Object> WHO = Map.of("role", "user", "content", "Who?");
  private static final Map<String, Object> ME = Map.of("role", "assistant", "content", "Me.");

  @TempDir private Path dir = Path.of("");

  private List<Path> data(String text) throws IOException {
    return List.of(Files.writeString(dir.resolve("a.jsonl"), text + "\n"));
  }

  @Test
  void theFormsOfTrlAndShareGptAreRead() throws IOException {
    for (String form :
        List.of(
            "{\"prompt\":\"Who?\",\"completion\":\"Me.\"}",
            "{\"prompt\":[" + ASKED + "],\"completion\":[" + TOLD + "]}",
            "{\"conversations\":[{\"from\":\"human\",\"value\":\"Who?\"},"
                + "{\"from\":\"gpt\",\"value\":\"Me.\"}]}")) {
      assertThat(Conversations.read(data(form)).getFirst().messages())
          .as(form)
          .isEqualTo(List.of(WHO, ME));
    }
    String system =
        "{\"conversations\":[{\"from\":\"system\",\"value\":\"Be brief.\"},"
            + "{\"from\":\"human\",\"value\":\"Who?\"},{\"from\":\"gpt\",\"value\":\"Me.\"}]}";
    assertThat(Conversations.read(data(system)).getFirst().messages().getFirst())
        .isEqualTo(Map.of("role", "system", "content", "Be brief."));
  }

  @Test
  void pairsMayBeListsOfMessages() throws IOException {
    String lists =
        "\"chosen\":[" + ASKED + "," + TOLD + "],\"rejected\":[" + ASKED + "," + WORSE + "]";
    for (String form :
        List.of(
            "{" + lists + "}",
            "{\"prompt\":\"Who?\"," + lists + "}",
            "{\"prompt\":[" + ASKED + "],\"chosen\":[" + TOLD + "],\"rejected\":[" + WORSE + "]}",
            "{\"question\":\"Who?\",\"chosen\":\"Me.\",\"rejected\":\"No.\"}")) {
      var pair = Conversations.pairs(data(form)).getFirst();
      assertThat(pair.prompt()).as(form).isEqualTo(List.of(WHO));
      assertThat(pair.chosen()).isEqualTo("Me.");
      assertThat(pair.rejected()).isEqualTo("No.");
    }
    String other = ASKED.replace("Who", "What");
    refusedPair(
        "answer different questions",
        "{\"chosen\":[" + ASKED + "," + TOLD + "],\"rejected\":[" + other + "," + WORSE + "]}");
    refusedPair(
        "expected a last message of role assistant",
        "{\"chosen\":[" + ASKED + "],\"rejected\":[" + ASKED + "]}");
    refusedPair("found no such \"rejected\"", "{\"question\":\"Who?\",\"chosen\":\"Me.\"}");
    refusedPair(
        "rejected: the answer is empty",
        "{\"question\":\"Who?\",\"chosen\":\"Me.\",\"rejected\":\"\"}");
  }

  private void refusedPair(String says, String line) {
    assertThatThrownBy(() -> Conversations.pairs(data(line)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("a.jsonl:1")
        .hasMessageContaining(says)
        .hasMessageNotContaining("\n");
  }

  @Test
  void whoSpeaksIsKnownAndSaysSomething() throws IOException {
    refused(
        "message 0: role: expected system, developer, user, assistant",
        "{\"messages\":[{\"role\":\"wizard\",\"content\":\"Who?\"}]}");
    refused(
        "message 0: from: expected human, gpt",
        "{\"conversations\":[{\"from\":\"wizard\",\"value\":\"Who?\"}]}");
    refused(
        "message 0: expected \"from\" and \"value\"", "{\"conversations\":[{\"from\":\"gpt\"}]}");
    for (String empty : List.of("null", "\"\"", "\" \"", "[]")) {
      refused(
          "message 1: the assistant's content is empty",
          "{\"messages\":[" + ASKED + ",{\"role\":\"assistant\",\"content\":" + empty + "}]}");
    }
    refused("the answer is empty", "{\"prompt\":\"Who?\",\"completion\":\"\"}");
    refused("or \"prompt\" and \"completion\"", "{\"q\":1}");
    String calls =
        "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"type\":\"function\"}]}";
    String unlearned = "{\"role\":\"assistant\",\"content\":\"\",\"weight\":0}";
    for (String fine : List.of(calls, unlearned)) {
      assertThat(Conversations.read(data("{\"messages\":[" + ASKED + "," + fine + "]}")))
          .hasSize(1);
    }
  }

  private void refused(String says, String line) {
    assertThatThrownBy(() -> Conversations.read(data(TOLD_BEFORE + line)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("a.jsonl:2")
        .hasMessageContaining(says)
        .hasMessageNotContaining("\n");
  }

  private static final String TOLD_BEFORE = "{\"question\":\"Who?\",\"answer\":\"Me.\"}\n";
}
