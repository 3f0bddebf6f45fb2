package org.puna.server.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the log tells of one request. No prompt, answer or key is in it.
 *
 * @param method the method that was asked for
 * @param path the endpoint's path; where there is no endpoint, the one that was asked for
 * @param served whether there is an endpoint
 * @param status the status of the answer
 * @param notes key, model and tokens
 * @param nanos the whole time, nanoseconds
 * @param id the request's number, which the client has; null without an endpoint
 * @param clientId the client's own number; null where it sent none
 */
public record LoggedRequest(
    String method,
    String path,
    boolean served,
    int status,
    RequestNotes notes,
    long nanos,
    @Nullable String id,
    @Nullable String clientId) {
  private static final int NANOS_OF_MILLI = 1_000_000;
  private static final double MILLIS_OF_SECOND = 1e3;

  /** Returns it as a line for people, without the time of day. */
  public String line() {
    StringBuilder line = new StringBuilder(160);
    line.append(method).append(' ').append(path).append(' ').append(status);
    if (!served) line.append(" no endpoint");
    notes.key().ifPresent(k -> line.append(" key=").append(k));
    notes.model().ifPresent(m -> line.append(" model=").append(m));
    if (notes.promptTokens() > 0) {
      line.append(" prompt=").append(notes.promptTokens());
      line.append(" cached=").append(notes.cachedTokens());
      line.append(" answer=").append(notes.answerTokens());
    }
    if (notes.ttftNanos() >= 0) {
      line.append(" ttft=").append(notes.ttftNanos() / NANOS_OF_MILLI).append("ms");
    }
    line.append(" time=").append(nanos / NANOS_OF_MILLI).append("ms");
    Optional.ofNullable(id).ifPresent(i -> line.append(" id=").append(i));
    Optional.ofNullable(clientId).ifPresent(i -> line.append(" client-id=").append(i));
    return line.toString();
  }

  /** Returns it as names and values for programs; times are seconds with three digits. */
  public Map<String, Object> fields() {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("event", served ? "request" : "no_endpoint");
    out.put("message", method + " " + path + " " + status);
    out.put("method", method);
    out.put("path", path);
    out.put("status", status);
    notes.key().ifPresent(k -> out.put("key", k));
    notes.model().ifPresent(m -> out.put("model", m));
    if (notes.promptTokens() > 0) {
      out.put("prompt_tokens", notes.promptTokens());
      out.put("cached_tokens", notes.cachedTokens());
      out.put("answer_tokens", notes.answerTokens());
    }
    if (notes.ttftNanos() >= 0) out.put("ttft_seconds", seconds(notes.ttftNanos()));
    out.put("seconds", seconds(nanos));
    Optional.ofNullable(id).ifPresent(i -> out.put("request_id", i));
    Optional.ofNullable(clientId).ifPresent(i -> out.put("client_request_id", i));
    return out;
  }

  private static double seconds(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(nanos) / MILLIS_OF_SECOND;
  }
}
