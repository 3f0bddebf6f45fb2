package org.puna.model.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.puna.model.config.BadInput;

class ChatTemplateTest {
  private static final LocalDateTime NOW = LocalDateTime.of(2026, 3, 4, 5, 6, 7);

  private static String render(String template, Map<String, ?> variables) {
    return ChatTemplate.parse(template).render(variables, NOW);
  }

  @Test
  void passesWhatTransformersPasses() {
    String template =
        "{{ bos_token }}{% for m in messages %}{{ m.role }}:{{ m['content'] }}{{ eos_token }}"
            + "{% endfor %}{{ tools is none }}{{ tools is defined }}{{ documents is none }}"
            + "{{ add_generation_prompt }}{{ thinking }}";
    String text =
        ChatTemplate.parse(template)
            .render(
                List.of(Map.of("role", "user", "content", "Hi")),
                null,
                true,
                "<s>",
                "</s>",
                NOW,
                Map.of("thinking", 1));
    assertThat(text).isEqualTo("<s>user:Hi</s>TrueTrueTrueTrue1");
  }

  @Test
  void specialTokensThatTheModelLacksAreUndefined() {
    String text =
        ChatTemplate.parse("{{ bos_token is defined }}{{ eos_token }}|")
            .render(List.of(), List.of(), false, null, null, NOW, Map.of());
    assertThat(text).isEqualTo("False|");
  }

  @Test
  void toolsKeepTheOrderOfTheirKeys() {
    Map<String, Object> schema = new LinkedHashMap<>();
    for (String key : List.of("zeta", "alpha", "mid")) schema.put(key, List.of(1, 2.5, true));
    String text = render("{{ t|tojson }}", Map.of("t", schema));
    assertThat(text)
        .isEqualTo(
            "{\"zeta\": [1, 2.5, true], \"alpha\": [1, 2.5, true], \"mid\": [1, 2.5, true]}");
  }

  @Test
  void takesEveryPlainJavaValue() {
    Map<String, Object> v = new LinkedHashMap<>();
    v.put("v", Arrays.asList(1, 2L, (short) 3, 1.5f, 0.1, true, null, "é", new BigDecimal("2.50")));
    v.put("big", new BigInteger("123456789012345678901234567890"));
    v.put("nested", Map.of("a", List.of(Map.of())));
    assertThat(render("{{ v }}{{ big + 1 }}{{ nested }}", v))
        .isEqualTo(
            "[1, 2, 3, 1.5, 0.1, True, None, 'é', 2.5]"
                + "123456789012345678901234567891"
                + "{'a': [{}]}");
  }

  @Test
  void refusesOtherJavaObjects() {
    assertThatThrownBy(() -> render("{{ v }}", Map.of("v", new StringBuilder[0])))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("pass maps, lists");
  }

  @Test
  void raiseExceptionBecomesAnErrorWithItsMessageAndLine() {
    assertThatThrownBy(
            () -> render("a\n{% if true %}\n{{ raise_exception('No é!') }}{% endif %}", Map.of()))
        .isInstanceOfSatisfying(
            TemplateError.class,
            e -> {
              assertThat(e).hasMessage("No é!");
              assertThat(e.line()).isEqualTo(3);
            });
  }

  @Test
  void syntaxErrorsNameTheLine() {
    assertThatThrownBy(() -> ChatTemplate.parse("a\nb\n{% if x %}\n{{ y y }}\n{% endif %}"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("line 4")
        .hasMessageContaining("expected token 'end of print statement', got 'y'");
    assertThatThrownBy(() -> ChatTemplate.parse("{% for x in y %}\n"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("endfor");
  }

  @Test
  void datesAreEnglishWhateverTheLocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertThat(render("{{ strftime_now('%d %b %Y, %A %B') }}{{ 'I'|lower }}{{ 1.5 }}", Map.of()))
          .isEqualTo("04 Mar 2026, Wednesday Marchi1.5");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void reachesNoJavaClass() {
    for (String path :
        List.of(
            "x.class",
            "x.getClass()",
            "x['class']",
            "''.getClass",
            "x.__class__.__bases__",
            "x.hashCode()",
            "messages.stream()",
            "range.__globals__")) {
      String template = "{{ " + path + " }}";
      try {
        assertThat(render(template, Map.of("x", "a", "messages", List.of()))).as(path).isEmpty();
      } catch (TemplateError e) {
        assertThat(e.getMessage())
            .as(path)
            .containsAnyOf("has no attribute", "unsafe", "undefined");
      }
    }
  }

  @Test
  void changingAnObjectIsASecurityError() {
    for (String call : List.of("l.append(1)", "l.pop()", "d.update({})", "d.clear()", "l.sort()")) {
      assertThatThrownBy(() -> render("{{ " + call + " }}", Map.of("l", List.of(1), "d", Map.of())))
          .isInstanceOf(TemplateError.class)
          .hasMessageMatching("access to attribute '\\w+' of '(list|dict)' object is unsafe\\.");
    }
  }

  @Test
  void lengthsAndSlicesCountCodePoints() {
    assertThat(
            render(
                "{{ s|length }}{{ s[1] }}{{ s[::-1] }}{{ s[:2] }}{{ s.find('b') }}",
                Map.of("s", "a🦙b")))
        .isEqualTo("3🦙b🦙aa🦙2");
  }

  @Test
  void otherTemplatesAreRefused() {
    for (String tag :
        List.of("include 'a'", "import 'a' as b", "from 'a' import b", "extends 'a'")) {
      assertThatThrownBy(() -> ChatTemplate.parse("{% " + tag + " %}"))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("reads another template");
    }
  }

  @Test
  void aTemplateMayBeRenderedManyTimes() {
    ChatTemplate t =
        ChatTemplate.parse(
            "{% set ns = namespace(n=0) %}{% for x in xs %}{% set ns.n = ns.n + x %}{% endfor %}{{"
                + " ns.n }}");
    assertThat(t.render(Map.of("xs", List.of(1, 2)), NOW)).isEqualTo("3");
    assertThat(t.render(Map.of("xs", List.of(5)), NOW)).isEqualTo("5");
  }
}
