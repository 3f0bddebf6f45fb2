package org.puna.app.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.puna.app.hub.HubFailure;
import org.puna.engine.NotNumbers;
import org.puna.model.chat.TemplateError;
import org.puna.model.config.BadInput;
import org.puna.model.config.DiskFull;
import org.puna.train.run.Diverged;

/** Says what a failure is: an exit code and one line. */
public final class Failures {
  /** Everything was done. */
  public static final int DONE = 0;

  /** A failure that is not the user's. */
  public static final int FAILED = 1;

  /** The user's mistake. */
  public static final int BAD_INPUT = 2;

  private Failures() {}

  /** Prints one line (and the stack trace where asked for) and returns the exit code. */
  public static int report(Throwable thrown, Console console, boolean debug) {
    Throwable t =
        thrown instanceof UncheckedIOException u && u.getCause() instanceof FileSystemException f
            ? f
            : thrown;
    if (t instanceof Console.ClosedPipe) {
      return DONE;
    }
    console.err().println("puna: " + line(t));
    if (debug) {
      thrown.printStackTrace(console.err());
    } else if (code(t) == FAILED && !isPlain(t)) {
      console.err().println("puna: run again with --debug for the stack trace");
    }
    return code(t);
  }

  /** Returns whether the line says all, so that no stack trace would tell more. */
  private static boolean isPlain(Throwable t) {
    return switch (t) {
      case HubFailure e -> true;
      case Diverged e -> true;
      case NotNumbers e -> true;
      case DiskFull e -> true;
      default -> false;
    };
  }

  private static int code(Throwable t) {
    return switch (t) {
      case DiskFull e -> FAILED;
      case BadInput e -> BAD_INPUT;
      case TemplateError e -> BAD_INPUT;
      case NoSuchFileException e -> BAD_INPUT;
      case NotDirectoryException e -> BAD_INPUT;
      case AccessDeniedException e -> BAD_INPUT;
      case FileAlreadyExistsException e -> BAD_INPUT;
      case DirectoryNotEmptyException e -> BAD_INPUT;
      default -> FAILED;
    };
  }

  private static String line(Throwable t) {
    String said =
        switch (t) {
          case BadInput e -> String.valueOf(e.getMessage());
          case HubFailure e -> String.valueOf(e.getMessage());
          case Diverged e -> String.valueOf(e.getMessage());
          case NotNumbers e -> String.valueOf(e.getMessage());
          case TemplateError e ->
              "the chat template refuses"
                  + (e.line() > 0 ? " (its line " + e.line() + "): " : ": ")
                  + e.getMessage();
          case NoSuchFileException e -> e.getFile() + ": no such file or folder";
          case NotDirectoryException e -> e.getFile() + ": expected a folder, found a file";
          case AccessDeniedException e -> e.getFile() + ": access denied";
          case FileAlreadyExistsException e -> e.getFile() + ": exists already";
          case IOException e -> e.getMessage() == null ? e.toString() : e.getMessage();
          case UncheckedIOException e -> String.valueOf(e.getMessage());
          case OutOfMemoryError e ->
              "out of memory ("
                  + e.getMessage()
                  + "); give the JVM more with PUNA_JAVA_OPTS=-Xmx…, or a smaller --ctx";
          default -> "internal error: " + t;
        };
    return said.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
