package org.puna.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {
  @TempDir private Path dir;

  @Test
  void readsWhatLinuxTells() throws IOException {
    Path cpu =
        Files.writeString(
            dir.resolve("cpuinfo"), "processor\t: 0\nmodel name\t: Some  CPU: 9\nmodel name: b\n");
    assertThat(Machine.processor(cpu, Map.of())).isEqualTo("Some CPU: 9");
    Path status = Files.writeString(dir.resolve("status"), "VmPeak:\t9 kB\nVmHWM:\t  2048 kB\n");
    assertThat(Machine.mostBytes(status)).hasValue(2 << 20);
  }

  @Test
  void whatNobodyTellsIsUnknown() throws IOException {
    Path none = dir.resolve("none");
    assertThat(Machine.processor(none, Map.of("PROCESSOR_IDENTIFIER", "Intel64")))
        .isEqualTo("Intel64");
    assertThat(Machine.processor(none, Map.of())).isEqualTo("processor unknown");
    assertThat(Machine.mostBytes(Files.writeString(dir.resolve("s"), "VmHWM: much\n"))).isEmpty();
    assertThat(Machine.line(3)).contains("3 threads").contains("Java " + Runtime.version());
  }
}
