package org.puna.app.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The standard streams of a command: results go to {@code out}, progress and notes to {@code err},
 * both in UTF-8 whatever the locale. {@code out} is buffered; whoever streams text flushes.
 *
 * @param in standard input, bytes
 * @param out results
 * @param err progress, notes and the one line of a failure
 * @param inTerminal whether a person types at {@code in}
 * @param outTerminal whether a person reads {@code out}
 * @param errTerminal whether a person reads {@code err}
 */
public record Console(
    InputStream in,
    PrintStream out,
    PrintStream err,
    boolean inTerminal,
    boolean outTerminal,
    boolean errTerminal) {

  private static final int BUFFER_BYTES = 1 << 16;

  /**
   * Returns the console of this process. Java cannot ask which of the three streams is a terminal,
   * so the launcher does and says it in the system property {@code puna.terminals} (the numbers of
   * those that are); without it all three are taken for what {@link System#console()} says of two.
   */
  public static Console system() {
    String said = System.getProperty("puna.terminals");
    String terminals = said != null ? said : bothTerminals() ? "012" : "";
    return new Console(
        inClosed() ? InputStream.nullInputStream() : System.in,
        new PrintStream(
            new BufferedOutputStream(
                new PipeStream(new FileOutputStream(FileDescriptor.out)), BUFFER_BYTES),
            false,
            StandardCharsets.UTF_8),
        new PrintStream(StandardError.open(), true, StandardCharsets.UTF_8),
        terminals.contains("0"),
        terminals.contains("1"),
        terminals.contains("2"));
  }

  /**
   * Returns whether this process was started without a standard input: its number then belongs to
   * the first file that Java itself has opened, which is no text of anybody's.
   */
  private static boolean inClosed() {
    try {
      return Path.of("/proc/self/fd/0")
          .toRealPath()
          .startsWith(Path.of(System.getProperty("java.home")).toRealPath());
    } catch (IOException e) {
      // A pipe, or a system that does not tell.
      return false;
    }
  }

  private static boolean bothTerminals() {
    return Optional.ofNullable(System.console()).map(c -> c.isTerminal()).orElse(false);
  }

  /** Returns a console without terminals over the given streams, for tests and embedding. */
  public static Console of(InputStream in, OutputStream out, OutputStream err) {
    return new Console(
        in,
        new PrintStream(new PipeStream(out), false, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        false,
        false,
        false);
  }

  /** Returns whether a conversation is possible: a person types and reads. */
  public boolean interactive() {
    return inTerminal && outTerminal;
  }

  /** The reader of standard output went away, as {@code head} does; the command ends quietly. */
  public static final class ClosedPipe extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ClosedPipe(IOException cause) {
      super("standard output is closed", cause);
    }
  }

  /**
   * Turns the errors that a {@link PrintStream} would swallow into exceptions that end the work.
   */
  private static final class PipeStream extends FilterOutputStream {
    PipeStream(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] b, int off, int len) {
      try {
        out.write(b, off, len);
      } catch (IOException e) {
        throw failure(e);
      }
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void flush() {
      try {
        out.flush();
      } catch (IOException e) {
        throw failure(e);
      }
    }

    private static RuntimeException failure(IOException e) {
      String said = String.valueOf(e.getMessage());
      return said.contains("Broken pipe") || said.contains("pipe is being closed")
          ? new ClosedPipe(e)
          : new UncheckedIOException("standard output: " + said, e);
    }
  }
}
