package org.puna.app.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.Fixture;
import org.puna.app.Shell;

class TemplateCommandTest {
  private static final String TEMPLATE =
      """
      {{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}\
      {% if tools %}tools={{ tools | length }}{% endif %}\
      {% if mood %}mood={{ mood }}{% endif %}\
      {% if strftime_now %}{{ strftime_now('%Y-%m-%d %H:%M') }}{% endif %}\
      {% if messages[0].role == 'bad' %}{{ raise_exception('no bad roles') }}{% endif %}\
      {% if add_generation_prompt %}[assistant]{% endif %}\
      """;

  @TempDir private Path dir;
  private String template = "";
  private String messages = "";

  @BeforeEach
  void write() throws IOException {
    template = file("t.jinja", TEMPLATE);
    messages = file("m.json", "[{\"role\": \"user\", \"content\": \"hé\"}]");
  }

  private String file(String name, String text) throws IOException {
    return Files.writeString(dir.resolve(name), text).toString();
  }

  private Shell.Result run(String... args) {
    return new Shell(dir).run(args);
  }

  @Test
  void rendersAFile() throws IOException {
    String tools = file("tools.json", "[{}, {}]");
    String now = "2026-03-04T05:06:07";
    assertThat(
            run("template", template, "-m", messages, "--bos", "<s>", "--eos", "</s>", "--now", now)
                .out())
        .isEqualTo("<s>[user]hé</s>2026-03-04 05:06[assistant]");
    assertThat(
            run(
                    "template",
                    template,
                    "-m",
                    messages,
                    "--now",
                    "2026-03-04",
                    "--tools",
                    tools,
                    "--no-generation-prompt",
                    "--set",
                    "mood=\"fine\"")
                .out())
        .isEqualTo("[user]hétools=2mood=fine2026-03-04 00:00");
    Shell.Result both =
        new Shell(dir)
            .feed(
                "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"tools\": [1]}",
                "template",
                template,
                "-m",
                "-",
                "--now",
                now);
    assertThat(both.out()).contains("[user]x").contains("tools=1");
  }

  @Test
  void rendersAModelsOwnTemplate() {
    Shell.Result r = run("template", Fixture.path("gguf/tiny-q4_0.gguf"), "-m", messages);
    assertThat(r.code()).as(r.err()).isZero();
    assertThat(r.out()).startsWith("<|begin_of_text|>").contains("hé");
  }

  @Test
  void aConversationIsAnsweredThroughTheTemplate() {
    Shell.Result r =
        run(
            "run",
            Fixture.path("gguf/tiny-q4_0.gguf"),
            "--greedy",
            "-n",
            "5",
            "--stats",
            "--system",
            "be brief",
            "Hello");
    assertThat(r.code()).as(r.err()).isZero();
    assertThat(r.err()).contains("answer ");
  }

  @Test
  void mistakesGetOneLine() throws IOException {
    String bad = file("bad.json", "[{\"role\": \"bad\", \"content\": \"x\"}]");
    wrong("no bad roles", "template", template, "-m", bad);
    wrong("expected JSON", "template", template, "-m", file("x.json", "[1,"));
    wrong("expected a JSON array, found none", "template", template, "-m", file("y.json", "{}"));
    wrong("no such file", "template", template, "-m", "/no/such.json");
    wrong("--now: expected a time", "template", template, "-m", messages, "--now", "noon");
    wrong("no such file", "template", "/no/such.jinja", "-m", messages);
    wrong("line", "template", file("broken.jinja", "{% if %}"), "-m", messages);
  }

  private void wrong(String said, String... args) {
    Shell.Result r = run(args);
    assertThat(r.err()).hasLineCount(1).contains(said);
    assertThat(r.code()).isEqualTo(2);
  }
}
