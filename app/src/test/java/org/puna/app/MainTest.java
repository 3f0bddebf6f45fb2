package org.puna.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.cli.Console;
import org.puna.app.cli.Context;
import org.puna.app.cli.Settings;
import picocli.CommandLine;

class MainTest {
  @TempDir private Path home;

  private Shell.Result run(String... args) {
    return new Shell(home).run(args);
  }

  @Test
  void withoutArgumentsItShowsItsHelp() {
    Shell.Result r = run();
    assertThat(r.code()).isZero();
    assertThat(r.out()).startsWith("Usage: puna").contains("Examples:");
    assertThat(r.err()).isEmpty();
  }

  @Test
  void saysItsVersion() {
    assertThat(run("--version").out()).matches("puna \\d+\\.\\d+\\.\\d+\\S* \\(Java .*\\)\\s+");
  }

  @Test
  void aTypoIsTheUsersMistakeAndGetsTheLikelyWord() {
    assertOneLine(run("hlp"), "no command 'hlp'; did you mean help?");
    assertOneLine(run("run", "x.gguf", "- a, b and c"), "put -- before a text");
    assertOneLine(run("--verison"), "no option '--verison'; did you mean");
    assertOneLine(run("help", "--markdwn"), "no option '--markdwn'; did you mean --markdown");
  }

  @Test
  void copiesOfWeightsAreSwitchedOffWhereTheyAreMade() {
    for (String c : List.of("run", "serve", "bench", "eval", "logits", "perplexity")) {
      assertThat(run(c, "--help").out()).as(c).contains("--no-repack");
    }
    for (String c : List.of("embed", "rerank")) {
      assertThat(run(c, "--help").out()).as(c).contains("--backend").doesNotContain("--no-repack");
    }
  }

  private static void assertOneLine(Shell.Result r, String said) {
    assertThat(r.code()).isEqualTo(2);
    assertThat(r.out()).isEmpty();
    assertThat(r.err().lines()).hasSize(1);
    assertThat(r.err()).startsWith("puna: ").contains(said);
  }

  @TestFactory
  Stream<DynamicTest> everyCommandHasExamplesAndHelp() {
    return leaves(root()).stream()
        .map(c ->
            DynamicTest.dynamicTest(
                c.getCommandSpec().qualifiedName(),
                () -> {
                  assertThat(c.getCommandSpec().usageMessage().description()).isNotEmpty();
                  assertThat(c.getCommandSpec().usageMessage().footer())
                      .anyMatch(l -> l.contains(c.getCommandSpec().qualifiedName()));
                }));
  }

  @Test
  void makesOnlyTheCommandThatIsNamed() {
    root()
        .getSubcommands()
        .forEach((name, c) -> assertThat(c.getCommandSpec().name()).isEqualTo(name));
    assertThat(root("run", "model", "help").getSubcommands()).containsOnlyKeys("run");
    assertThat(root("-v", "--debug", "bench").getSubcommands()).containsOnlyKeys("bench");
    int all = root().getSubcommands().size();
    assertThat(root("help", "run").getSubcommands()).hasSize(all);
    assertThat(root("rnu").getSubcommands()).as("to guess from").hasSize(all);
    assertThat(root("--help").getSubcommands()).hasSize(all);
  }

  private CommandLine root(String... args) {
    Console none =
        Console.of(bytes(""), OutputStream.nullOutputStream(), new ByteArrayOutputStream());
    return Main.commandLine(new Context(none, new Settings(home, false, 1)), new Puna(), args);
  }

  private static ByteArrayInputStream bytes(String s) {
    return new ByteArrayInputStream(s.getBytes(StandardCharsets.UTF_8));
  }

  private static List<CommandLine> leaves(CommandLine at) {
    if (at.getSubcommands().isEmpty()) {
      return List.of(at);
    }
    List<CommandLine> all = new ArrayList<>();
    at.getSubcommands().values().forEach(c -> all.addAll(leaves(c)));
    return all;
  }

  @Test
  void aClosedPipeEndsQuietly() {
    assertThat(runInto(broken("Broken pipe"))).isEqualTo(new Shell.Result(0, "", ""));
  }

  @Test
  void aFullDiskIsAFailureInOneLine() {
    Shell.Result r = runInto(broken("No space left on device"));
    assertThat(r.code()).isEqualTo(1);
    assertThat(r.err()).startsWith("puna: standard output: No space left on device");
  }

  private Shell.Result runInto(OutputStream out) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = Console.of(bytes(""), out, err);
    int code = Main.run(new Context(console, new Settings(home, false, 1)), "help", "--markdown");
    return new Shell.Result(code, "", err.toString(StandardCharsets.UTF_8));
  }

  private static OutputStream broken(String why) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException(why);
      }
    };
  }
}
