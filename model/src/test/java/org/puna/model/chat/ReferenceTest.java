package org.puna.model.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Several hundred small templates and what Jinja 3.1.6 makes of them in transformers' environment
 * ({@code fixtures/templates/snippets.json}): {@code expected} text, the {@code error}'s message,
 * {@code fails} where the message is Python's own business, {@code refused} where it is no
 * template.
 */
class ReferenceTest {
  private static final LocalDateTime NOW = LocalDateTime.of(2026, 3, 4, 5, 6, 7);
  private static final Map<String, String> VARIABLES = Map.of("g", "ctx", "h", "hctx", "u", "uctx");

  @TestFactory
  Stream<DynamicTest> rendersAsJinja() throws IOException {
    try (InputStream in =
        ReferenceTest.class.getResourceAsStream("/fixtures/templates/snippets.json")) {
      JsonNode cases = new ObjectMapper().readTree(in);
      assertThat(cases.size()).isGreaterThan(400);
      return cases
          .valueStream()
          .map(c -> DynamicTest.dynamicTest(name(c), () -> check(c)))
          .toList()
          .stream();
    }
  }

  /** A template as a literal, since some are blank. */
  private static String name(JsonNode c) {
    return Repr.quote(c.get("template").asString());
  }

  private static void check(JsonNode c) {
    String template = c.get("template").asString();
    if (c.has("expected")) {
      assertThat(render(template)).isEqualTo(c.get("expected").asString());
    } else if (c.has("error")) {
      assertThatThrownBy(() -> render(template))
          .isInstanceOf(TemplateError.class)
          .hasMessage(c.get("error").asString());
    } else {
      assertThatThrownBy(() -> render(template))
          .isInstanceOf(c.has("refused") ? BadInput.class : TemplateError.class);
    }
  }

  private static String render(String template) {
    return ChatTemplate.parse(template).render(VARIABLES, NOW);
  }
}
