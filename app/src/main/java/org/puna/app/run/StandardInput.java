package org.puna.app.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A prompt from standard input. */
final class StandardInput {
  private StandardInput() {}

  /** Returns all of it, without the line ends at its end. */
  static String prompt(InputStream in) {
    return text(read(in));
  }

  /**
   * Returns all of it, or nothing where it stays silent: a program started by another often
   * inherits an input that neither says anything nor ends.
   *
   * @param millis how long to wait for the first byte or the end
   */
  static Optional<String> promptWithin(InputStream in, long millis) throws InterruptedException {
    CompletableFuture<Integer> first = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("standard input")
        .start(() -> {
          try {
            first.complete(in.read());
          } catch (IOException e) {
            first.completeExceptionally(e);
          }
        });
    try {
      int b = first.get(millis, TimeUnit.MILLISECONDS);
      if (b < 0) {
        return Optional.empty();
      }
      byte[] rest = read(in);
      byte[] all = new byte[rest.length + 1];
      all[0] = (byte) b;
      System.arraycopy(rest, 0, all, 1, rest.length);
      return Optional.of(text(all)).filter(s -> !s.isEmpty());
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException("standard input: " + e.getCause(), e);
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8).replaceFirst("[\\r\\n]+$", "");
  }

  private static byte[] read(InputStream in) {
    try {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("standard input: " + e.getMessage(), e);
    }
  }
}
