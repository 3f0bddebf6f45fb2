package org.puna.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * What C2 makes of the kernels in a process that runs all of them, formats in turn: no helper with
 * vectors is left a call for its size or its place, nor so late that another profile would do so.
 */
class CompiledLoopsTest {
  /** Nodes of which a profile more or less makes no limit of 18,000. */
  private static final int SAFE = 16_000;

  @TempDir private Path folder;

  @Test
  void leaveNoHelperACallNorNearlySo() throws Exception {
    Path log = folder.resolve("c2.xml");
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(
        List.of(
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-XX:PerMethodRecompilationCutoff=100000",
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:+LogCompilation",
            "-XX:LogFile=" + log,
            "-cp",
            System.getProperty("java.class.path"),
            CompiledLoopsTest.class.getName()));
    Process p = new ProcessBuilder(line).redirectErrorStream(true).start();
    String output = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(p.waitFor()).as(output).isZero();
    List<Inlining.Finding> found = Inlining.read(log);
    assertThat(Files.size(log)).as("what the compiler said").isGreaterThan(1_000_000);
    assertThat(found)
        // JMH's own loops take in more than those of the engine do.
        .filteredOn(f -> !f.method().contains("_jmhTest"))
        .filteredOn(f ->
            f.left().isEmpty() && f.nodes() > SAFE
                || f.left().equals("NodeCountInliningCutoff")
                || f.left().endsWith("big method"))
        .isEmpty();
  }

  /** Runs what the test looks at, in a JVM of its own. */
  public static void main(String[] none) throws RunnerException {
    new Runner(
            new OptionsBuilder()
                .include("StoredProduct|TrainingProduct|CachedAttention|SmallOperations")
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(400))
                .verbosity(VerboseMode.SILENT)
                .shouldFailOnError(true)
                .param("backend", "cpu.vector")
                .param("threads", "2")
                .param("format", "Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K", "F16", "BF16", "F32")
                .param("rows", "1", "8", "37")
                .param("shape", "64x2048")
                .param("megabytes", "1")
                .param("sequence", "1x128", "64x128")
                .param("layers", "2")
                .build())
        .run();
  }
}
