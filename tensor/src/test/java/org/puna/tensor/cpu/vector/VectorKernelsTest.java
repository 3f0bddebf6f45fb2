package org.puna.tensor.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The kernels on this machine's vectors, and on shorter ones in another Java: the compiler knows a
 * vector's length only as a constant, so a process has one.
 */
class VectorKernelsTest {
  private final KernelChecks checks = new KernelChecks();

  @Test
  void decodesTheScalarBits() {
    checks.decodesTheScalarBits();
  }

  @Test
  void linear() {
    checks.linear();
  }

  @Test
  void interleaved() {
    checks.interleaved();
  }

  @Test
  void int8() {
    new Int8Checks(checks).all();
  }

  @Test
  void specialScales() {
    checks.specialScales();
  }

  @Test
  void powers() {
    checks.powers();
  }

  @Test
  void repeats() {
    checks.repeats();
  }

  @Test
  void norms() {
    checks.norms();
  }

  @Test
  void elements() {
    checks.elements();
  }

  @Test
  void functions() {
    new FunctionChecks().all();
  }

  @Test
  void rope() {
    checks.rope();
  }

  @Test
  void attention() {
    checks.attention();
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 256})
  void shorterVectors(int bits) throws IOException, InterruptedException {
    Assumptions.assumeTrue(Lanes.F.vectorBitSize() > bits, "vectors here are not longer");
    Process p =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--add-modules",
                    "jdk.incubator.vector",
                    "-XX:MaxVectorSize=" + bits / 8,
                    "-cp",
                    System.getProperty("java.class.path"),
                    KernelChecks.class.getName()))
            .redirectErrorStream(true)
            .start();
    String output = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(p.waitFor()).as(output).isZero();
    assertThat(output).contains("checked Vector API, " + bits + " bits");
  }
}
