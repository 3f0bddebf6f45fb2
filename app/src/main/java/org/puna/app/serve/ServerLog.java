package org.puna.app.serve;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.puna.app.cli.Logging;
import org.puna.server.http.LoggedRequest;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/**
 * A server's log on standard error: lines for people, or for programs one JSON object a line.
 * Requests and notes are written past loggers, which are silent once a shutdown has begun.
 */
final class ServerLog {
  private final PrintStream err;
  private final Format format;
  private final ObjectMapper json = JsonMapper.builder().build();
  private final Formatter formatter = new SimpleFormatter();

  /** How the log is written. */
  enum Format {
    /** Lines for people. */
    TEXT,

    /** One JSON object a line. */
    JSON
  }

  ServerLog(PrintStream err, Format format) {
    this.err = err;
    this.format = format;
  }

  /**
   * Lets through what loggers say: the house's notes, and warnings of libraries.
   *
   * @return the house's logger, which keeps its level as long as somebody holds it
   */
  Logger install() {
    Handler handler = handler();
    Logger root = Logger.getLogger("");
    if (format == Format.JSON) {
      for (Handler h : root.getHandlers()) root.removeHandler(h);
      root.addHandler(handler);
    }
    for (Handler h : root.getHandlers()) {
      // The command reports it in one line, with the reason.
      h.setFilter(r -> !"Failed to start Javalin".equals(r.getMessage()));
    }
    Logger puna = Logger.getLogger("org.puna");
    puna.setUseParentHandlers(false);
    for (Handler h : puna.getHandlers()) puna.removeHandler(h);
    if (puna.getLevel() == null) puna.setLevel(Level.INFO);
    puna.addHandler(handler);
    return puna;
  }

  /** Writes what the server says of itself. */
  void note(String message) {
    switch (format) {
      case TEXT -> err.println(Logging.now() + " " + message);
      case JSON -> {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("event", "server");
        fields.put("message", message);
        object(Instant.now(), "info", fields);
      }
    }
  }

  /** Writes a request. */
  void request(LoggedRequest r) {
    switch (format) {
      case TEXT -> err.println(Logging.now() + " " + r.line());
      case JSON -> object(Instant.now(), "info", r.fields());
    }
  }

  private Handler handler() {
    return new Handler() {
      @Override
      public void publish(LogRecord r) {
        if (!isLoggable(r)) return;
        switch (format) {
          case TEXT -> text(r);
          case JSON -> json(r);
        }
      }

      @Override
      public void flush() {
        err.flush();
      }

      @Override
      public void close() {}
    };
  }

  private void text(LogRecord r) {
    String level = r.getLevel().getName().toLowerCase(Locale.ROOT);
    err.println(Logging.time(r.getInstant()) + " " + level + " " + formatter.formatMessage(r));
    Throwable thrown = r.getThrown();
    if (thrown != null && r.getLevel().intValue() >= Level.SEVERE.intValue()) {
      thrown.printStackTrace(err);
    }
  }

  private void json(LogRecord r) {
    Map<String, Object> fields = new LinkedHashMap<>();
    String name = String.valueOf(r.getLoggerName());
    fields.put("event", "log");
    fields.put("logger", name.substring(name.lastIndexOf('.') + 1));
    fields.put("message", formatter.formatMessage(r));
    Throwable thrown = r.getThrown();
    if (thrown != null) {
      StringWriter stack = new StringWriter();
      thrown.printStackTrace(new PrintWriter(stack, true));
      fields.put("stack", stack.toString());
    }
    object(r.getInstant(), level(r.getLevel()), fields);
  }

  private static String level(Level level) {
    int value = level.intValue();
    if (value >= Level.SEVERE.intValue()) return "error";
    if (value >= Level.WARNING.intValue()) return "warning";
    return value >= Level.INFO.intValue() ? "info" : "debug";
  }

  /** Writes one line with one call, so that lines of several threads do not mix. */
  private void object(Instant time, String level, Map<String, ?> fields) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("time", Logging.time(time));
    all.put("level", level);
    all.putAll(fields);
    err.println(json.writeValueAsString(all));
  }
}
