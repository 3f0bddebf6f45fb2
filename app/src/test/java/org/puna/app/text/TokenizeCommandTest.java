package org.puna.app.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.Fixture;
import org.puna.app.Shell;

class TokenizeCommandTest {
  private static final String MODEL = Fixture.path("gguf/tiny-q4_0.gguf");
  private static final String TEXT = "Hello, wörld <|eot_id|>\n";
  private static final int BOS = 507;
  private static final int EOT = 511;

  @TempDir private Path home;

  private String ok(String input, String... args) {
    Shell.Result r = new Shell(home).feed(input, args);
    assertThat(r.err()).isEmpty();
    assertThat(r.code()).isZero();
    return r.out();
  }

  @Test
  void readsArgumentOrStandardInput() {
    String fromArgument = ok("", "tokenize", MODEL, TEXT);
    assertThat(ok(TEXT, "tokenize", MODEL)).isEqualTo(fromArgument);
    assertThat(fromArgument).matches("\\d+( \\d+)+\n");
    assertThat(ok("", "tokenize", MODEL, "@nobody")).matches("\\d+( \\d+)+\n");
    assertThat(ok("", "tokenize", MODEL, "")).isEqualTo("\n");
  }

  @Test
  void specialTokensAreParsedAndAddedOnlyWhereAsked() {
    assertThat(ok("", "tokenize", MODEL, "--json", TEXT))
        .doesNotContain("" + BOS)
        .doesNotContain("" + EOT);
    assertThat(ok("", "tokenize", MODEL, "--json", "--special", TEXT))
        .startsWith("[" + BOS + ", ")
        .contains(", " + EOT + ", ");
    assertThat(ok("", "tokenize", MODEL, "--json", "--add-special", TEXT))
        .startsWith("[" + BOS + ", ")
        .doesNotContain("" + EOT);
    assertThat(ok("", "tokenize", MODEL, "--json", "--parse-special", TEXT))
        .doesNotContain("" + BOS)
        .contains(", " + EOT + ", ");
  }

  @Test
  void decodesWhatItEncoded() {
    String ids = ok("", "tokenize", MODEL, "--special", TEXT);
    assertThat(ok("", "tokenize", MODEL, "--decode", ids.strip()))
        .isEqualTo("<|begin_of_text|>" + TEXT + "\n");
    assertThat(ok(ids, "tokenize", MODEL, "--decode", "--hide-special", "--json"))
        .isEqualTo("\"Hello, wörld \\n\"\n");
    assertThat(ok("[]", "tokenize", MODEL, "--decode")).isEqualTo("\n");
  }

  @Test
  void linesGoInAndOutOneForOne() {
    String in = "\"one\"\n\"\"\n\"two \\ud83d\\ude00\"\n";
    String ids = ok(in, "tokenize", MODEL, "--jsonl");
    assertThat(ids.lines()).hasSize(3).element(1).isEqualTo("[]");
    assertThat(ok(ids, "tokenize", MODEL, "--jsonl", "--decode"))
        .isEqualTo("\"one\"\n\"\"\n\"two 😀\"\n");
  }

  @Test
  void manyLinesAreQuick() {
    String in =
        IntStream.range(0, 20_000)
            .mapToObj(i -> "\"line " + i + "\"\n")
            .collect(Collectors.joining());
    assertThat(ok(in, "tokenize", MODEL, "--jsonl").lines()).hasSize(20_000);
  }

  @Test
  void mistakesGetOneLine() {
    bad("line 2: expected a JSON string, found an empty line", "\"a\"\n\n", "--jsonl");
    bad("line 1: expected a JSON string, found {", "{", "--jsonl");
    bad("line 1: expected an array of ids, found [1.5]", "[1.5]", "--jsonl", "--decode");
    bad("leave TEXT out", "", "--jsonl", "text");
    bad("expected ids from 0 to 511, found 512", "512", "--decode");
    bad("expected token ids, found 'x'", "1 x", "--decode");
    Shell.Result none = new Shell(home).run("tokenize", "/no/such.gguf", "x");
    assertThat(none.code()).isEqualTo(2);
    assertThat(none.err()).hasLineCount(1).contains("no such file or folder");
  }

  private void bad(String said, String input, String... options) {
    String[] args = new String[options.length + 2];
    args[0] = "tokenize";
    args[1] = MODEL;
    System.arraycopy(options, 0, args, 2, options.length);
    Shell.Result r = new Shell(home).feed(input, args);
    assertThat(r.code()).isEqualTo(2);
    assertThat(r.err()).hasLineCount(1).contains(said);
  }
}
