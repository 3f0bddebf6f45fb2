package org.puna.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.Fixture;
import org.puna.app.Shell;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What bench prints; how fast it was is nobody's business here. */
class BenchCommandTest {
  private static final String SHAPE =
      "layers=2,hidden=64,heads=4,kv_heads=2,ffn=128,vocab=300,context=128";

  @TempDir private Path home;

  private Shell.Result run(String... args) {
    return new Shell(home).run(args);
  }

  @Test
  void measuresAFile() {
    Shell.Result r =
        run(
            "bench",
            Fixture.path("gguf/tiny-q4_0.gguf"),
            "-p",
            "8,16",
            "-n",
            "4",
            "-r",
            "2",
            "--json");
    assertThat(r.code()).as(r.err()).isZero();
    JsonNode rows = JsonMapper.shared().readTree(r.out());
    assertThat(rows.valueStream().map(n -> n.path("test").stringValue()))
        .containsExactly("pp8", "pp16", "tg4");
    assertThat(rows.get(0).path("avg_ts").doubleValue()).isPositive();
    assertThat(rows.get(0).path("samples_ts").size()).isEqualTo(2);
    assertThat(
            run("bench", Fixture.path("gguf/tiny-q4_0.gguf"), "-p", "4", "-n", "2", "-d", "0,8")
                .out())
        .containsSubsequence("pp4 ", "tg2 ", "pp4 @ d8 ", "tg2 @ d8 ");
  }

  @Test
  void measuresTraining() {
    Shell.Result r =
        run("bench", "train", "--shape", "0.3M", "--steps", "1", "--warm-up", "0", "--json");
    assertThat(r.code()).as(r.err()).isZero();
    JsonNode row = JsonMapper.shared().readTree(r.out()).get(0);
    assertThat(row.path("parameters").intValue()).isEqualTo(260_032);
    assertThat(row.path("tokens_per_second").doubleValue()).isPositive();
    assertThat(row.path("flops_per_second").doubleValue())
        .isLessThan(2 * row.path("product_flops_per_second").doubleValue());
    assertThat(row.path("ratio").doubleValue())
        .isEqualTo(row.path("tokens_per_second").doubleValue() / 14_082);
    Shell.Result table =
        run("bench", "train", "--shape", "0.3M", "--steps", "1", "--warm-up", "0", "--markdown");
    assertThat(table.code()).as(table.err()).isZero();
    assertThat(table.out())
        .contains("2 threads", "median of 1 steps", "| PyTorch 2.13 |")
        .containsPattern(
            "\\| 0\\.3M \\| 8 × 512 \\| [\\d,]+ \\([\\d,]+–[\\d,]+\\) \\| 14,082 \\| \\d\\.\\d\\d"
                + " \\|");
    assertThat(run("bench", "train", "--markdown", "--json").code()).isEqualTo(2);
    Shell.Result wrong = run("bench", "train", "--shape", "1T");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.err()).contains("0.3M, 7.2M, 29.5M", "1T");
  }

  @Test
  void trainsBesidePyTorch() throws IOException {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh");
    Path python = home.resolve("python");
    Files.writeString(
        python,
        """
        #!/bin/sh
        echo '{"version": "9.9"}'
        while read line; do echo '{"seconds": 0.5, "bytes": 1048576}'; done
        """);
    assertThat(python.toFile().setExecutable(true)).isTrue();
    List<String> line = List.of("bench", "train", "--shape", "0.3M", "--steps", "2", "--warm-up");
    Shell.Result r = run(with(line, "0", "--peer", python.toString(), "--json"));
    assertThat(r.code()).as(r.err()).isZero();
    JsonNode row = JsonMapper.shared().readTree(r.out()).get(0);
    assertThat(row.path("peer").stringValue()).isEqualTo("PyTorch 9.9");
    assertThat(row.path("peer_samples").toString()).isEqualTo("[8192.0,8192.0]");
    assertThat(row.path("ratio").doubleValue())
        .isEqualTo(row.path("tokens_per_second").doubleValue() / 8192);
    assertThat(run(with(line, "0", "--peer", python.toString(), "--markdown")).out())
        .contains("in turn.", "| PyTorch 9.9 |", "| 8,192 (8,192–8,192) |", "| 1.00 MiB |");
    Files.writeString(python, "#!/bin/sh\necho 'No module named torch' >&2\n");
    Shell.Result none = run(with(line, "0", "--peer", python.toString()));
    assertThat(none.code()).isEqualTo(2);
    assertThat(none.err()).contains("ended without an answer: No module named torch");
    Shell.Result absent = run(with(line, "0", "--peer", home.resolve("none").toString()));
    assertThat(absent.code()).isEqualTo(2);
    assertThat(absent.err()).contains("none does not start");
  }

  private static String[] with(List<String> line, String... more) {
    return Stream.concat(line.stream(), Stream.of(more)).toArray(String[]::new);
  }

  @Test
  void makesAModelThatCanBeSavedAndRead() {
    Path file = home.resolve("random.gguf");
    Shell.Result r =
        run(
            "bench",
            "--synthetic",
            SHAPE + ":q8_0",
            "--write",
            file.toString(),
            "-p",
            "4",
            "-n",
            "2",
            "-r",
            "1");
    assertThat(r.code()).as(r.err()).isZero();
    assertThat(r.out()).contains("pp4").contains("tg2");
    assertThat(run("models", "show", file.toString()).out()).contains("Q8_0 ×");
    Shell.Result said = run("run", file.toString(), "--greedy", "-n", "3", "this");
    assertThat(said.code()).as(said.err()).isZero();
    assertThat(said.out()).isNotBlank();
  }

  @Test
  void mistakesGetOneLine() {
    bad("expected either MODEL or --synthetic", "bench");
    bad("expected SHAPE:TYPE", "bench", "--synthetic", "llama-3.2-1b");
    bad("no such file or named shape", "bench", "--synthetic", "llama-9-1t:q8_0");
    bad("expected a type such as", "bench", "--synthetic", SHAPE + ":q17");
    bad("no engine runs gpt", "bench", "--synthetic", "gpt-1.7b:f16");
    bad("this machine has", "bench", "--synthetic", "llama-3.1-405b:f32");
    bad("--write saves", "bench", Fixture.path("gguf/tiny-q4_0.gguf"), "--write", "x.gguf");
    bad("nothing to measure", "bench", Fixture.path("gguf/tiny-q4_0.gguf"), "-p", "0", "-n", "0");
    bad("-d: expected", "bench", Fixture.path("gguf/tiny-q4_0.gguf"), "-d", "0,-1");
    bad("-r: expected", "bench", Fixture.path("gguf/tiny-q4_0.gguf"), "-r", "-1");
  }

  private void bad(String said, String... args) {
    Shell.Result r = run(args);
    assertThat(r.err()).hasLineCount(1).contains(said);
    assertThat(r.code()).isEqualTo(2);
  }

  @Test
  void measuresBesideALlamaBench() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh");
    Path calls = home.resolve("calls");
    Path peer = Files.createDirectories(home.resolve("a peer")).resolve("llama-bench");
    Files.writeString(
        peer,
        """
        #!/bin/sh
        echo "$*" >>'%s'
        echo '[{"avg_ts": 12.5}]'
        """
            .formatted(calls));
    assertThat(peer.toFile().setExecutable(true)).isTrue();
    String model = Fixture.path("gguf/tiny-q4_0.gguf");
    Shell.Result r =
        run("bench", model, "--peer=" + peer, "-p", "8", "-n", "4", "-d", "8", "-r", "3", "--json");
    assertThat(r.code()).as(r.err()).isZero();
    JsonNode rows = JsonMapper.shared().readTree(r.out()).path("rows");
    assertThat(rows.valueStream().map(n -> n.path("test").stringValue()))
        .containsExactly(
            "prefill 8", "decode, 1 stream", "decode, 8 streams together", "decode, 1 stream at 8");
    assertThat(rows.get(0).path("peer_ts").doubleValue()).isEqualTo(12.5);
    assertThat(rows.get(0).path("puna_samples_ts").size()).isEqualTo(3);
    assertThat(rows.get(0).path("ratio").doubleValue()).isPositive();
    assertThat(rows.get(2).path("ratio").isNull()).as("llama-bench has no streams").isTrue();
    assertThat(Files.readAllLines(calls)).hasSize(3 * 4).anyMatch(l -> l.contains("-n 4 -d 8"));
    assertThat(
            run("bench", model, "--peer=" + peer, "-p", "8", "-n", "4", "-d", "8", "-r", "1").out())
        .contains("| prefill 8 |")
        .contains("| 12.5 (12.5–12.5) |");
    Shell.Result several =
        run("bench", model, "--peer=" + peer, "-p", "8,0", "-n", "4,2", "-d", "0,8,6", "-r", "1");
    assertThat(several.out().lines().filter(l -> l.matches("\\| (prefill|decode).*")))
        .map(l -> l.split(" \\| ")[0].substring(2))
        .containsExactly(
            "prefill 8",
            "decode 4, 1 stream",
            "decode 4, 8 streams together",
            "decode 4, 1 stream at 8",
            "decode 4, 1 stream at 6",
            "decode 2, 1 stream",
            "decode 2, 8 streams together",
            "decode 2, 1 stream at 8",
            "decode 2, 1 stream at 6");
    Shell.Result nothing = run("bench", model, "--peer=" + peer, "-p", "0", "-n", "0");
    assertThat(nothing.err()).hasLineCount(1).contains("nothing to measure");
  }

  @Test
  void withoutAPeerItSaysWhatToDo() {
    String model = Fixture.path("gguf/tiny-q4_0.gguf");
    Shell.Result r = run("bench", model, "--peer=" + home.resolve("none"));
    assertThat(r.code()).isEqualTo(2);
    assertThat(r.err()).hasLineCount(1).contains("npm install --prefix");
  }
}
