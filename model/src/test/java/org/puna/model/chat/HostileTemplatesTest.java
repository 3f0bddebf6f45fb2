package org.puna.model.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.puna.model.config.BadInput;

/** Foreign code: whatever a template says, it renders or fails in one line, soon and in bounds. */
class HostileTemplatesTest {
  private static final LocalDateTime NOW = LocalDateTime.of(2026, 3, 4, 5, 6, 7);

  /** Half of what a JVM gives a thread, so that a caller deep in a server has room too. */
  private static final int STACK_BYTES = 512 * 1024;

  /** Far above what any of them takes: the point is that they end. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  static List<String> templates() {
    String big = "{% set x = 'a' * 8000000 %}";
    String grow = "{% set ns = namespace(v=[1], s='ab') %}{% for i in range(99999) %}";
    return List.of(
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}"
            + "{% if 1 %}".repeat(90)
            + "{{ m(n) }}"
            + "{% endif %}".repeat(90)
            + "{% endmacro %}{{ m(1) }}",
        "{% macro m(n) %}{{ "
            + "[".repeat(90)
            + "m(n)"
            + "]".repeat(90)
            + " }}{% endmacro %}{{ m(1) }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        grow + "{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        grow + "{% set ns.v = ns.v + ns.v %}{% endfor %}",
        grow + "{% set ns.v = [ns.v, ns.v] %}{% endfor %}{{ ns.v == ns.v }}",
        grow + "{% set ns.v = [ns.v] %}{% endfor %}{{ ns.v|tojson }}",
        grow + "{% set ns.v = ns.v + ['x' * 100] %}{% endfor %}",
        "{% set ns = namespace() %}{% set ns.a = [ns, ns] %}{{ ns }}",
        "{{ 'a' * 10**9 }}",
        "{{ [1] * 10**18 }}",
        "{{ 10**(10**10) }}",
        "{{ 'a'.center(10**9) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%.1000000000f' % 1.5 }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ 'a\nb'|indent(10**9) }}",
        "{{ [1]|tojson(indent=10**9) }}",
        "{{ [1]|batch(10**9, 1)|list }}",
        "{{ [1]|slice(10**9)|list }}",
        "{{ 'a\tb'.expandtabs(10**9) }}",
        "{{ range(10**18) }}",
        big + "{{ x.replace('a', 'b' * 10000)|length }}",
        big + "{% set y = 'a' * 4000000 ~ 'b' %}{{ y in x }}{{ x.rfind(y) }}{{ x.count(y) }}",
        big + "{{ x.strip('b' * 4000000 ~ 'a')|length }}",
        big + "{{ (x|replace('a', 'a,')).split(',')|length }}",
        big + "{{ x|list|length }}{{ x|wordwrap(1)|length }}",
        big + "{% for i in range(99999) %}{{ x == x ~ '' }}{% endfor %}",
        "{% set x = 'é' * 8000000 %}{% for i in range(99999) %}{% set y = x[i] %}{% endfor %}",
        "{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}",
        "{{ " + "not ".repeat(5000) + "1 }}",
        "{{ " + "-".repeat(5000) + "1 }}",
        "{{ 1" + "+1".repeat(50_000) + " }}",
        "{{ s" + ".x".repeat(5000) + " }}",
        "{{ s" + "|upper".repeat(5000) + " }}",
        "{% if 1 %}".repeat(5000),
        "{#".repeat(50_000),
        "{% raw %}{% endraw".repeat(50_000),
        "{{".repeat(50_000),
        "{{ " + "9".repeat(4000) + " * " + "9".repeat(4000) + " }}",
        "{{ " + "9".repeat(100_000) + " }}",
        "{{ 1e999999999 }}{{ ('9' * 4000000)|int }}{{ '1e999999999'|int }}",
        "{{ ('{' * 5000).format() }}");
  }

  @ParameterizedTest
  @MethodSource("templates")
  void endsInBounds(String template) {
    assertTimeoutPreemptively(PATIENCE, () -> renderOnSmallStack(template));
  }

  private static void renderOnSmallStack(String template) throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread t =
        new Thread(
            null,
            () -> {
              try {
                rendersOrFailsInOneLine(template);
              } catch (Throwable e) {
                thrown.set(e);
              }
            },
            "small stack",
            STACK_BYTES);
    t.start();
    t.join();
    assertThat(thrown.get()).isNull();
  }

  private static void rendersOrFailsInOneLine(String template) {
    try {
      assertThat(ChatTemplate.parse(template).render(Map.of("s", "abc"), NOW)).isNotNull();
    } catch (TemplateError | BadInput e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
    }
  }

  @Property(tries = 3000)
  void randomPiecesRenderOrFailInOneLine(@ForAll("pieces") List<String> pieces) {
    rendersOrFailsInOneLine(String.join("", pieces));
  }

  @Provide
  Arbitrary<List<String>> pieces() {
    Arbitrary<String> token =
        Arbitraries.of(
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "-",
            "+",
            " ",
            "\n",
            "if ",
            "else",
            "elif ",
            "endif",
            "for ",
            " in ",
            "endfor",
            "set ",
            "endset",
            "macro ",
            "endmacro",
            "call ",
            "endcall",
            "raw",
            "endraw",
            "with ",
            "endwith",
            "filter ",
            "endfilter",
            "break",
            "continue",
            "x",
            "y",
            "messages",
            "loop",
            "namespace",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ",",
            ":",
            "|",
            ".",
            "=",
            "==",
            "<",
            "*",
            "**",
            "/",
            "//",
            "%",
            "~",
            "'",
            "\"",
            "a",
            "é",
            "🦙",
            "\\",
            "1",
            "0",
            "1.5",
            "none",
            "true",
            "is ",
            "not ",
            "and ",
            "or ",
            "defined",
            "string",
            "upper",
            "tojson",
            "list",
            "map",
            "join",
            "default",
            "range",
            "{{ x }}",
            "{% if x %}",
            "{% endif %}",
            "{% for i in [1,2] %}",
            "{% endfor %}",
            "{{ loop.index }}");
    return token.list().ofMaxSize(25);
  }

  @Property(tries = 1000)
  void randomTextRendersOrFailsInOneLine(@ForAll String text) {
    rendersOrFailsInOneLine(text);
    rendersOrFailsInOneLine("{{ " + text + " }}");
    rendersOrFailsInOneLine("{{ '" + text.replace("'", "") + "' }}");
  }
}
