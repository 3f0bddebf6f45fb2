package org.puna.app.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.server.access.ApiKey;
import org.puna.server.access.Keys;

class KeysWatchTest {
  private static final long SECONDS = 20;

  @TempDir private Path folder;

  private static Keys keys(String... names) {
    return new Keys(
        List.of(names).stream().map(n -> new ApiKey(n, Keys.hash(n), null, null)).toList());
  }

  @Test
  void whatIsWrittenCountsAndWhatIsBrokenDoesNot() throws Exception {
    Path file = folder.resolve("keys.json");
    keys("a").write(file);
    BlockingQueue<Keys> seen = new LinkedBlockingQueue<>();
    BlockingQueue<String> log = new LinkedBlockingQueue<>();
    Duration often = Duration.ofMillis(5);
    try (KeysWatch _ = new KeysWatch(file, () -> Keys.read(file), often, seen::add, log::add)) {
      keys("a", "b").write(file);
      assertThat(seen.poll(SECONDS, TimeUnit.SECONDS)).isEqualTo(keys("a", "b"));
      assertThat(log.poll(SECONDS, TimeUnit.SECONDS)).endsWith("may be used: 2");
      Files.writeString(file, "{");
      assertThat(log.poll(SECONDS, TimeUnit.SECONDS)).contains("is not used");
      Files.delete(file);
      assertThat(log.poll(SECONDS, TimeUnit.SECONDS)).contains("is not used");
      keys("b").write(file);
      assertThat(seen.poll(SECONDS, TimeUnit.SECONDS)).isEqualTo(keys("b"));
    }
  }
}
