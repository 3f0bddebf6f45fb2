package org.puna.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.model.arch.Architectures;
import org.puna.model.arch.HfConfig;
import org.puna.model.arch.HfNames;
import org.puna.model.convert.Convert;
import org.puna.model.convert.Progress;

/** Models whose files are broken by the thousand: an error of one line, or a model. */
class HostileCheckpointTest {
  private static final int CONFIGS = 400;
  private static final int FILES = 60;
  private static final String[] VALUES = {
    "0",
    "1",
    "-1",
    "2147483647",
    "2147483648",
    "-9223372036854775808",
    "1e308",
    "1e999",
    "0.5",
    "null",
    "true",
    "\"x\"",
    "[]",
    "{}",
    "[1]",
    "NaN",
    "3",
    "7",
    "64",
    "1000000"
  };
  private static final Pattern VALUE = Pattern.compile("(?<=: )[^,\\n{\\[]+");

  @TempDir Path dir;

  @Test
  void survivesBrokenConfigurations() throws IOException {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (String family : Fixtures.decoders()) {
      String valid = Files.readString(Fixtures.path("models/" + family + "/config.json"));
      List<MatchResult> values = VALUE.matcher(valid).results().toList();
      for (int i = 0; i < CONFIGS; i++) {
        var broken = new StringBuilder(valid);
        MatchResult at = values.get(random.nextInt(values.size()));
        broken.replace(at.start(), at.end(), VALUES[random.nextInt(VALUES.length)]);
        String json = broken.toString();
        try {
          Hostile.survives(() -> read(json));
        } catch (Throwable t) {
          throw new AssertionError("seed " + seed + ", " + family + ": " + json, t);
        }
      }
    }
  }

  private static void read(String json) {
    HfConfig c = HfConfig.parse("config.json", json.getBytes(StandardCharsets.UTF_8));
    var a = Architectures.ofHf(c);
    var config = a.fromHf(c);
    assertThat(a.weights(config)).isNotEmpty();
    assertThat(a.hfLayout(config, HfNames.TEXT)).isNotEmpty();
    assertThat(a.toHf(config)).isNotEmpty();
    assertThat(a.ropeTensors(config)).isNotNull();
  }

  @Test
  void survivesBrokenGguf() throws IOException {
    long seed = System.nanoTime();
    var random = new Random(seed);
    int well = 0;
    for (String family : Fixtures.decoders()) {
      Path path = dir.resolve(family + ".gguf");
      Convert.run(Fixtures.path("models/" + family), path, Optional.empty(), 1, Progress.NONE);
      byte[] valid = Files.readAllBytes(path);
      for (int i = 0; i < FILES; i++) {
        Files.write(path, Hostile.mutate(valid, random, 2500));
        try {
          if (Hostile.survives(() -> Checkpoint.open(path).close())) well++;
        } catch (Throwable t) {
          throw new AssertionError("seed " + seed + ", " + family + ", mutation " + i, t);
        }
      }
    }
    assertThat(well).as("seed %d: some must still open", seed).isPositive();
  }
}
