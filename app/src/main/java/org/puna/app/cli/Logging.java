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

  /**
   * Lets a server's log through: one line per request with its time, failures with their stack.
   * Warnings of libraries still pass, their notes do not.
   *
   * @return the logger, which keeps its level as long as somebody holds it
   */
  public static Logger serve(PrintStream err) {
    // The command reports it in one line, with the reason.
    for (Handler h : Logger.getLogger("").getHandlers()) {
      h.setFilter(r -> !"Failed to start Javalin".equals(r.getMessage()));
    }
    Logger puna = Logger.getLogger("org.puna");
    puna.setUseParentHandlers(false);
    for (Handler h : puna.getHandlers()) puna.removeHandler(h);
    if (puna.getLevel() == null) puna.setLevel(Level.INFO);
    puna.addHandler(
        new Handler() {
          @Override
          public void publish(LogRecord r) {
            if (!isLoggable(r)) return;
            err.println(
                time(r.getInstant())
                    + " "
                    + r.getLevel().getName().toLowerCase(Locale.ROOT)
                    + " "
                    + new java.util.logging.SimpleFormatter().formatMessage(r));
            if (r.getThrown() != null && r.getLevel().intValue() >= Level.SEVERE.intValue()) {
              r.getThrown().printStackTrace(err);
            }
          }

          @Override
          public void flush() {
            err.flush();
          }

          @Override
          public void close() {}
        });
    return puna;
  }

  /** Returns the time as a server's log shows it. */
  public static String now() {
    return time(Instant.now());
  }

  /** Returns a time with three digits of the second's fraction, so that columns stay in place. */
  static String time(Instant t) {
    return TIME.format(t.atZone(ZoneId.systemDefault()));
  }

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
