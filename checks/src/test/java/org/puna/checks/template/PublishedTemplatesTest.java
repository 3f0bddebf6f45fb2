package org.puna.checks.template;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.puna.checks.Published;
import org.puna.model.chat.ChatTemplate;
import org.puna.model.chat.TemplateError;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.ObjectMapper;

/** Eleven published templates and 99 conversations, text or error as transformers gives it. */
class PublishedTemplatesTest {
  private static final String FOLDER = "thirdparty/chat-templates/";

  /** One conversation and what becomes of it. */
  record Case(
      String template,
      String name,
      List<Map<String, @Nullable Object>> messages,
      @Nullable List<Object> tools,
      boolean addGenerationPrompt,
      String bos,
      String eos,
      LocalDateTime now,
      @Nullable String expected,
      @Nullable String error) {

    String outcome() throws IOException {
      Path file = Published.fixture(FOLDER + template + ".jinja");
      try {
        return ChatTemplate.parse(Files.readString(file))
            .render(messages, tools, addGenerationPrompt, bos, eos, now, Map.of());
      } catch (TemplateError e) {
        return "error: " + e.getMessage();
      }
    }

    String wanted() {
      return error == null ? String.valueOf(expected) : "error: " + error;
    }
  }

  @SuppressWarnings("unchecked")
  private static List<Case> cases() throws IOException {
    byte[] json = Files.readAllBytes(Published.fixture(FOLDER + "expected.json"));
    List<Case> out = new ArrayList<>();
    for (Map<String, @Nullable Object> c :
        new ObjectMapper()
            .readValue(json, new TypeReference<List<Map<String, @Nullable Object>>>() {})) {
      out.add(
          new Case(
              String.valueOf(c.get("template")),
              String.valueOf(c.get("case")),
              (List<Map<String, @Nullable Object>>) c.get("messages"),
              (List<Object>) c.get("tools"),
              Boolean.TRUE.equals(c.get("add_generation_prompt")),
              String.valueOf(c.get("bos_token")),
              String.valueOf(c.get("eos_token")),
              LocalDateTime.parse(String.valueOf(c.get("now"))),
              (String) c.get("expected"),
              (String) c.get("error")));
    }
    return out;
  }

  @Test
  void allConversationsRenderAsTransformersRendersThem(TestReporter reporter) throws IOException {
    Map<String, int[]> counts = new TreeMap<>();
    List<String> wrong = new ArrayList<>();
    List<Case> cases = cases();
    for (Case c : cases) {
      int[] count = counts.computeIfAbsent(c.template(), _ -> new int[2]);
      count[1]++;
      String outcome = c.outcome();
      if (outcome.equals(c.wanted())) {
        count[0]++;
      } else {
        wrong.add(c.template() + "/" + c.name() + "\n  " + c.wanted() + "\n  " + outcome);
      }
    }
    counts.forEach((t, n) -> reporter.publishEntry(t, n[0] + " of " + n[1]));
    assertThat(wrong).isEmpty();
    assertThat(cases).hasSizeGreaterThanOrEqualTo(99);
  }
}
