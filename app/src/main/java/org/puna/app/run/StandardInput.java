package org.puna.app.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.puna.app.cli.Context;
import org.puna.app.cli.Utf8;

/**
 * A prompt from standard input. A program started by another often inherits an input that neither
 * says anything nor ends, which looks like a pipe whose writer is slow; so where the prompt has to
 * come from there it is waited for, and a person hears of it, and where there is a prompt already
 * the wait is short.
 */
final class StandardInput {
  /** How long it may stay silent before a person hears of it. */
  static final long SILENCE_MILLIS = 2000;

  /** How long it may stay silent beside a prompt once the model is loaded. */
  private static final long BESIDE_MILLIS = 500;

  /** How many times longer it is waited for where nothing else has to be said. */
  private static final int LONG = 4;

  private final Context context;
  private final long silenceMillis;
  private final CompletableFuture<Integer> first = new CompletableFuture<>();

  /**
   * Begins to read, so that the silence of a model being loaded counts too.
   *
   * @param silenceMillis how long it may stay silent before a person hears of it
   */
  StandardInput(Context context, long silenceMillis) {
    this.context = context;
    this.silenceMillis = silenceMillis;
    InputStream in = context.console().in();
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
  }

  /** Waits for its end and returns all of it, without the line ends at its end. */
  String prompt() throws InterruptedException {
    try {
      if (!context.console().inTerminal() && silent(silenceMillis)) {
        context.note(
            "puna: waiting for standard input to end; a PROMPT after the model, or < /dev/null,"
                + " spares that");
      }
      return rest(first.get());
    } catch (ExecutionException e) {
      throw unreadable(e);
    }
  }

  /**
   * Returns all of it as {@link #prompt} does, or nothing where it stays silent for long: for what
   * can begin by itself. A person hears of both.
   */
  String promptOrNothing() throws InterruptedException {
    try {
      if (!silent(silenceMillis)) return rest(first.get());
      context.note("puna: waiting for standard input; < /dev/null spares that");
      if (!silent(LONG * silenceMillis)) return rest(first.get());
      context.note("puna: standard input is silent and left out; - as the PROMPT waits for it");
      return "";
    } catch (ExecutionException e) {
      throw unreadable(e);
    }
  }

  /**
   * Returns all of it as {@link #prompt} does where it says anything, and nothing where it ends
   * without a word or stays silent. A person hears of the latter.
   */
  Optional<String> beside() throws InterruptedException {
    try {
      if (silent(Math.min(silenceMillis, BESIDE_MILLIS))) {
        context.note(
            "puna: standard input is silent and left out; - as the PROMPT waits for it, and"
                + " < /dev/null spares the wait");
        return Optional.empty();
      }
      return Optional.of(rest(first.get())).filter(s -> !s.isBlank());
    } catch (ExecutionException e) {
      throw unreadable(e);
    }
  }

  private boolean silent(long millis) throws InterruptedException, ExecutionException {
    try {
      first.get(millis, TimeUnit.MILLISECONDS);
      return false;
    } catch (TimeoutException e) {
      return true;
    }
  }

  private String rest(int begin) {
    if (begin < 0) return "";
    byte[] rest;
    try {
      rest = context.console().in().readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("standard input: " + e.getMessage(), e);
    }
    byte[] all = new byte[rest.length + 1];
    all[0] = (byte) begin;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return Utf8.text(all, "standard input").replaceFirst("[\\r\\n]+$", "");
  }

  private static UncheckedIOException unreadable(ExecutionException e) {
    IOException cause = e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    return new UncheckedIOException("standard input: " + cause.getMessage(), cause);
  }
}
