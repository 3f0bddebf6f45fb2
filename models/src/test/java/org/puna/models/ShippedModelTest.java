package org.puna.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The model is unpacked once, and again when it was damaged. */
class ShippedModelTest {
  /** The bound. */
  private static final long MOST_BYTES = 16L << 20;

  @TempDir private Path dir;

  @Test
  void unpacksOnceAndAgainWhenDamaged() throws IOException {
    Path file = ShippedModel.in(dir.resolve("new"));
    byte[] first = Files.readAllBytes(file);
    assertThat(new String(Arrays.copyOf(first, 4), StandardCharsets.US_ASCII)).isEqualTo("GGUF");
    assertThat(first.length).isLessThan((int) MOST_BYTES);
    FileTime old = FileTime.fromMillis(1_000_000);
    Files.setLastModifiedTime(file, old);
    assertThat(ShippedModel.in(dir.resolve("new"))).isEqualTo(file);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(old);
    byte[] bad = first.clone();
    bad[bad.length / 2] ^= 1;
    Files.write(file, bad);
    assertThat(Files.readAllBytes(ShippedModel.in(dir.resolve("new")))).isEqualTo(first);
    try (Stream<Path> all = Files.list(dir.resolve("new"))) {
      assertThat(all).containsExactly(file);
    }
  }

  @Test
  void theCardSaysWhatItCannotDo() {
    assertThat(ShippedModel.card()).contains("cannot").contains("public domain");
  }
}
