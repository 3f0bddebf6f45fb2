package org.puna.server.http;

import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * One request and its answer, as endpoints see them. One thread uses it; a second one only sends
 * signs of life into an answer of events.
 */
public final class Exchange {
  private static final int FIRST_BODY_BYTES = 64 << 10;

  private final Context context;
  private final ObjectMapper json;
  private final InFlight.Ticket ticket;
  private final long bodyLimit;
  private final String requestId;
  private final Duration ping;
  private final RequestNotes notes = new RequestNotes();

  /** Guards what starts or ends an answer of events. */
  private final ReentrantLock starting = new ReentrantLock();

  private @Nullable EventStream stream;
  private @Nullable Thread pinging;
  private boolean streamAsked;
  private boolean answered;

  /**
   * A request.
   *
   * @param bodyLimit bytes of the body at most
   * @param ping silence of an answer of events after which a comment is sent
   */
  public Exchange(
      Context context,
      ObjectMapper json,
      InFlight.Ticket ticket,
      long bodyLimit,
      Duration ping,
      String requestId) {
    this.context = context;
    this.json = json;
    this.ticket = ticket;
    this.bodyLimit = bodyLimit;
    this.ping = ping;
    this.requestId = requestId;
  }

  /** Returns what the log finds this request by. */
  public String requestId() {
    return requestId;
  }

  /** Returns what can end the request from outside. */
  public InFlight.Ticket ticket() {
    return ticket;
  }

  /** Returns what is told of the request in log and metrics. */
  public RequestNotes notes() {
    return notes;
  }

  /** Returns a part of the path. */
  public String pathPart(String name) {
    return context.pathParam(name);
  }

  /** Returns a parameter behind the question mark. */
  public Optional<String> query(String name) {
    return Optional.ofNullable(context.queryParam(name)).filter(s -> !s.isEmpty());
  }

  /** Returns all parameters behind the question mark, the first of each name. */
  public Map<String, String> queries() {
    Map<String, String> out = new LinkedHashMap<>();
    context.queryParamMap().forEach((name, values) -> out.put(name, values.getFirst()));
    return out;
  }

  /** Returns a header. */
  public Optional<String> header(String name) {
    return Optional.ofNullable(context.header(name));
  }

  /**
   * Reads the body as a JSON object.
   *
   * @throws ApiFailure if it is too large or is anything else
   */
  public Fields body() {
    byte[] bytes = bytes();
    if (bytes.length == 0) throw bad("expected a JSON object, found nothing");
    try {
      JsonNode root = json.readTree(bytes);
      streamAsked = root.path("stream").asBoolean(false);
      return Fields.of(root);
    } catch (JacksonException e) {
      TokenStreamLocation at = e.getLocation();
      String where =
          at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
      throw bad("expected JSON, found something else" + where);
    }
  }

  private static ApiFailure bad(String message) {
    return new ApiFailure(new ApiError.BadRequest("The body: " + message, Optional.empty()));
  }

  private byte[] bytes() {
    long announced = context.req().getContentLengthLong();
    if (announced > bodyLimit) throw new ApiFailure(new ApiError.TooLarge(bodyLimit));
    // Not all that a header of a few bytes announces: it may never come.
    ByteArrayOutputStream out =
        new ByteArrayOutputStream(Math.clamp(announced, 64, FIRST_BODY_BYTES));
    try (InputStream in = context.req().getInputStream()) {
      byte[] buffer = new byte[8192];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        if (out.size() + (long) n > bodyLimit) {
          throw new ApiFailure(new ApiError.TooLarge(bodyLimit));
        }
        out.write(buffer, 0, n);
      }
    } catch (IOException e) {
      throw new ClientGone(e);
    }
    ticket.bodyRead();
    return out.toByteArray();
  }

  /** Answers with a value as JSON. */
  public void json(Object value) {
    json(200, value);
  }

  /** Answers with a status and a value as JSON. */
  public void json(int status, Object value) {
    bytes(status, "application/json", json.writeValueAsBytes(value));
  }

  /** Answers with a text. */
  public void text(int status, String contentType, String text) {
    bytes(status, contentType, text.getBytes(StandardCharsets.UTF_8));
  }

  private void bytes(int status, String contentType, byte[] bytes) {
    ticket.end();
    endPings();
    HttpServletResponse out = context.res();
    out.setStatus(status);
    out.setContentType(contentType);
    out.setContentLength(bytes.length);
    try {
      OutputStream body = out.getOutputStream();
      body.write(bytes);
      body.flush();
    } catch (IOException e) {
      throw new ClientGone(e);
    }
  }

  /** Adds a header to the answer. */
  public void answerHeader(String name, String value) {
    context.res().setHeader(name, value);
  }

  /**
   * Says that a model has begun to work on the request. Where events were asked for, comments come
   * from here on while the model is silent, as while it reads a long prompt: proxies close
   * connections on which nothing comes for a minute or so.
   */
  public void working() {
    if (!streamAsked || pinging != null) return;
    pinging = Thread.ofVirtual().name("puna-ping-" + requestId).start(this::pings);
  }

  private void pings() {
    try {
      Thread.sleep(ping);
      for (long left = ping(); left > 0; left = ping()) Thread.sleep(Duration.ofNanos(left));
    } catch (InterruptedException | ClientGone e) {
      // The request has ended, or its own thread finds out that the client has gone.
    }
  }

  /** Sends a comment if it is time; returns nanoseconds to the next, 0 for never. */
  private long ping() {
    starting.lock();
    try {
      if (answered) return 0;
      boolean first = stream == null;
      EventStream out = begun();
      if (first || out.silent().compareTo(ping) >= 0) out.comment();
      return Math.max(1, ping.minus(out.silent()).toNanos());
    } finally {
      starting.unlock();
    }
  }

  /** Ends the comments; nothing but the caller writes from here on. */
  public void endPings() {
    starting.lock();
    try {
      answered = true;
    } finally {
      starting.unlock();
    }
    // It sleeps, or sees that it is over: no write is interrupted.
    if (pinging != null) pinging.interrupt();
  }

  /** Starts an answer of events; from here on errors are events too. */
  public EventStream stream() {
    starting.lock();
    try {
      return begun();
    } finally {
      starting.unlock();
    }
  }

  private EventStream begun() {
    if (stream == null) {
      HttpServletResponse out = context.res();
      out.setStatus(200);
      out.setContentType("text/event-stream");
      out.setCharacterEncoding(StandardCharsets.UTF_8.name());
      out.setHeader("Cache-Control", "no-cache");
      out.setHeader("X-Accel-Buffering", "no");
      try {
        stream = new EventStream(out.getOutputStream(), json);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return stream;
  }

  /** Returns the events, where the answer consists of them. */
  public Optional<EventStream> started() {
    starting.lock();
    try {
      return Optional.ofNullable(stream);
    } finally {
      starting.unlock();
    }
  }
}
