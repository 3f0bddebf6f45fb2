package org.puna.app.cli;

import java.io.PrintStream;
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
  private Logging() {}

  /** Sets the level by how often {@code -v} was given. */
  public static void configure(int verbosity, PrintStream err) {
    LogManager.getLogManager().reset();
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
