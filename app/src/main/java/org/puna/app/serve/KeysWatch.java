package org.puna.app.serve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.puna.server.access.Keys;

/**
 * Reads a file of keys again when its content has changed, so that a key that is made or removed
 * counts while the server runs. A file that is missing or wrong changes nothing but the log.
 */
final class KeysWatch implements AutoCloseable {
  /** Time between two looks. */
  static final Duration USUAL = Duration.ofSeconds(5);

  private final Path file;
  private final Callable<Keys> read;
  private final Consumer<Keys> changed;
  private final Consumer<String> log;
  private final Thread thread;
  private byte[] content;

  /**
   * Starts to watch.
   *
   * @param file the file of keys
   * @param read reads it and adds what does not come from it
   * @param every time between two looks
   * @param changed takes the new keys
   * @param log takes a line for each change
   */
  KeysWatch(
      Path file,
      Callable<Keys> read,
      Duration every,
      Consumer<Keys> changed,
      Consumer<String> log) {
    this.file = file;
    this.read = read;
    this.changed = changed;
    this.log = log;
    this.content = content();
    thread = Thread.ofVirtual().name("puna-keys").start(() -> watch(every));
  }

  /** The file's bytes; none where it cannot be read, as while a mounted secret is exchanged. */
  private byte[] content() {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      return new byte[0];
    }
  }

  private void watch(Duration every) {
    try {
      while (true) {
        Thread.sleep(every);
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() {
    byte[] now = content();
    if (Arrays.equals(now, content)) return;
    content = now;
    try {
      Keys keys = read.call();
      changed.accept(keys);
      log.accept("keys: " + file + " has changed; keys that may be used: " + keys.all().size());
    } catch (Exception e) {
      log.accept("keys: " + file + " has changed and is not used: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
