package org.puna.app.cli;

import java.io.PrintStream;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Sends what rooms say through {@link System.Logger} to standard error, one line each: warnings
 * always, notes with {@code -v}, details with {@code -vv}.
 */
public final class Logging {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSXXX", Locale.ROOT);

  private Logging() {}

  /** Returns the time as a server's log shows it. */
  public static String now() {
    return time(Instant.now());
  }

  /** Returns a time with three digits of the second's fraction, so that columns stay in place. */
  public static String time(Instant t) {
    return TIME.format(t.atZone(ZoneId.systemDefault()));
  }

  /** Sets the level by how often {@code -v} was given. */
  public static void configure(int verbosity, PrintStream err) {
    LogManager.getLogManager().reset();
    // A server of this JVM may have taken the house's notes for itself, which a reset leaves so.
    Logger.getLogger("org.puna").setUseParentHandlers(true);
    Logger root = Logger.getLogger("");
    root.setLevel(verbosity <= 0 ? Level.WARNING : verbosity == 1 ? Level.INFO : Level.FINE);
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord r) {
            if (isLoggable(r)) {
              String name = String.valueOf(r.getLoggerName());
              String shortName = name.substring(name.lastIndexOf('.') + 1);
              err.println(
                  r.getLevel().getName().toLowerCase(Locale.ROOT)
                      + " "
                      + shortName
                      + ": "
                      + new java.util.logging.SimpleFormatter().formatMessage(r));
              Throwable thrown = r.getThrown();
              if (thrown != null && verbosity > 1) {
                thrown.printStackTrace(err);
              }
            }
          }

          @Override
          public void flush() {
            err.flush();
          }

          @Override
          public void close() {}
        };
    handler.setLevel(Level.ALL);
    root.addHandler(handler);
  }
}
