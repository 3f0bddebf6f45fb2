package org.puna.checks.correctness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.puna.checks.Published;
import org.puna.model.chat.ChatTemplate;
import org.puna.model.chat.TemplateError;
import tools.jackson.databind.json.JsonMapper;

/** Chat templates: published conversations, text or error as transformers gives it. */
final class TemplateSection implements Section {
  private static final String FOLDER = "thirdparty/chat-templates/";

  @Override
  public String markdown() throws IOException {
    StringBuilder out =
        new StringBuilder(
            """
            ## Chat templates

            Conversations that render to the text, or raise the error, of transformers' Jinja.

            | template | conversations |
            |---|---:|
            """);
    Map<String, int[]> counts = new TreeMap<>();
    byte[] json = Files.readAllBytes(Published.fixture(FOLDER + "expected.json"));
    for (Object o : JsonMapper.shared().readValue(json, List.class)) {
      Map<?, ?> c = (Map<?, ?>) o;
      int[] count = counts.computeIfAbsent(String.valueOf(c.get("template")), n -> new int[2]);
      Object wanted = c.get("error") == null ? c.get("expected") : "error: " + c.get("error");
      count[0] += outcome(c).equals(wanted) ? 1 : 0;
      count[1]++;
    }
    counts.forEach((name, count) -> {
      assertThat(count[0]).as(name).isEqualTo(count[1]);
      out.append("| `").append(name).append("` | ").append(count[0]);
      out.append(" of ").append(count[1]).append(" |\n");
    });
    return out.toString();
  }

  private static String outcome(Map<?, ?> c) throws IOException {
    String source = Files.readString(Published.fixture(FOLDER + c.get("template") + ".jinja"));
    try {
      return ChatTemplate.parse(source)
          .render(
              (List<?>) c.get("messages"),
              (@Nullable List<?>) c.get("tools"),
              Boolean.TRUE.equals(c.get("add_generation_prompt")),
              (String) c.get("bos_token"),
              (String) c.get("eos_token"),
              LocalDateTime.parse(String.valueOf(c.get("now"))),
              Map.of());
    } catch (TemplateError e) {
      return "error: " + e.getMessage();
    }
  }
}
