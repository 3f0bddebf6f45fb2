package org.puna.train.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  @TempDir private Path dir = Path.of("");

  @Test
  void aLineTornWithinALetterIsDropped() throws IOException {
    Path file = dir.resolve("samples.jsonl");
    byte[] all =
        "{\"step\":0,\"text\":\"é\"}\n{\"step\":1,\"text\":\"é".getBytes(StandardCharsets.UTF_8);
    Files.write(file, Arrays.copyOf(all, all.length - 1));
    try (Journal j = new Journal(file, 9)) {
      j.add(Map.of("step", 2));
    }
    assertThat(Files.readString(file)).isEqualTo("{\"step\":0,\"text\":\"é\"}\n{\"step\":2}\n");
  }
}
