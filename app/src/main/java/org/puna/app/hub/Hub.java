package org.puna.app.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.puna.model.config.BadInput;

/**
 * A hub over HTTP. Redirections are followed here, since the token must not go to another host than
 * the hub's.
 */
final class Hub implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final Duration ANSWER = Duration.ofSeconds(60);
  private static final int REDIRECTS = 10;
  private static final int OK = 200;
  private static final int PARTIAL = 206;

  private final HubSettings settings;
  private final HttpClient client;

  Hub(HubSettings settings) {
    this.settings = settings;
    client =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  HubSettings settings() {
    return settings;
  }

  /** Returns the address of a path of the hub whose parts are given as they are. */
  URI address(String... parts) {
    StringBuilder out = new StringBuilder(settings.endpoint().toString());
    for (String p : parts) out.append('/').append(encoded(p));
    return URI.create(out.toString());
  }

  /** Percent-encodes all but what may stand in a path, and slashes. */
  private static String encoded(String path) {
    StringBuilder out = new StringBuilder();
    for (byte b : path.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean plain =
          c >= 'a' && c <= 'z'
              || c >= 'A' && c <= 'Z'
              || c >= '0' && c <= '9'
              || "-._~/@".indexOf(c) >= 0;
      if (plain) out.append(c);
      else out.append(String.format("%%%02X", b & 0xff));
    }
    return out.toString();
  }

  /**
   * An answer to a request.
   *
   * @param status 200, or 206 where the answer begins at the offset asked for
   * @param etag the tag of the content, empty where the hub says none
   * @param link the header Link
   */
  record Answer(
      int status, InputStream body, long length, String etag, Optional<String> link, String range)
      implements AutoCloseable {
    @Override
    public void close() throws IOException {
      body.close();
    }
  }

  /** A status that may be another a moment later. */
  static final class Busy extends IOException {
    private static final long serialVersionUID = 1L;
    private final long waitSeconds;

    Busy(String message, long waitSeconds) {
      super(message);
      this.waitSeconds = waitSeconds;
    }

    long waitSeconds() {
      return waitSeconds;
    }
  }

  /** The file is shorter than the offset asked for. */
  static final class Beyond extends IOException {
    private static final long serialVersionUID = 1L;

    Beyond(String message) {
      super(message);
    }
  }

  /** The hub does not have what was asked for. */
  static final class Missing extends IOException {
    private static final long serialVersionUID = 1L;

    Missing(String message) {
      super(message);
    }
  }

  /**
   * Asks for a file or a page.
   *
   * @param what what it is, for errors
   * @param offset first byte that is wanted
   * @throws Missing if the hub answers 404
   * @throws BadInput if the hub wants a token, or another one
   * @throws IOException if the network fails, or the hub is busy
   */
  Answer get(URI address, String what, long offset) throws IOException, InterruptedException {
    URI at = address;
    String tag = "";
    for (int i = 0; i <= REDIRECTS; i++) {
      HttpRequest.Builder request = HttpRequest.newBuilder(at).timeout(ANSWER);
      request.header("User-Agent", "puna").header("Accept-Encoding", "identity");
      if (sameOrigin(at, settings.endpoint())) {
        settings.token().ifPresent(t -> request.header("Authorization", "Bearer " + t));
      }
      if (offset > 0) request.header("Range", "bytes=" + offset + "-");
      HttpResponse<InputStream> r =
          client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      // Redirected files are named by the first answer; the store behind has names of its own.
      if (tag.isEmpty()) {
        tag = header(r, "X-Linked-Etag").or(() -> header(r, "ETag")).orElse("");
      }
      int status = r.statusCode();
      if (status == OK || status == PARTIAL) {
        return new Answer(
            status,
            r.body(),
            r.headers().firstValueAsLong("Content-Length").orElse(-1),
            tag.replaceFirst("^W/", "").replace("\"", ""),
            header(r, "Link"),
            header(r, "Content-Range").orElse(""));
      }
      r.body().close();
      Optional<String> location = header(r, "Location");
      if (status < 300 || status >= 400 || location.isEmpty()) throw refused(r, what);
      at = redirected(at, location.get(), what);
    }
    throw new HubFailure(
        what + ": more than " + REDIRECTS + " redirections; is HF_ENDPOINT right?");
  }

  private static Optional<String> header(HttpResponse<?> r, String name) {
    return r.headers().firstValue(name);
  }

  private URI redirected(URI from, String location, String what) {
    try {
      URI to = from.resolve(location);
      boolean web =
          "https".equals(to.getScheme())
              || "http".equals(to.getScheme()) && "http".equals(from.getScheme());
      if (web && to.getHost() != null) return to;
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw new HubFailure(what + ": the hub redirects to '" + location + "', which is not followed");
  }

  private static boolean sameOrigin(URI a, URI b) {
    return a.getScheme().equals(b.getScheme())
        && a.getHost().equalsIgnoreCase(b.getHost())
        && a.getPort() == b.getPort();
  }

  private IOException refused(HttpResponse<?> r, String what) {
    int status = r.statusCode();
    String said =
        header(r, "X-Error-Message")
            .map(s -> " (" + s.replaceAll("\\s+", " ").strip() + ")")
            .orElse("");
    return switch (status) {
      case 401 ->
          throw new BadInput(
              what
                  + ": the hub answers 401: the repository does not exist, or it asks for a token"
                  + said
                  + (settings.token().isPresent()
                      ? "; check HF_TOKEN"
                      : "; check the name, or set HF_TOKEN"));
      case 403 ->
          throw new BadInput(
              what
                  + ": the hub answers 403: access is not granted"
                  + said
                  + "; accept the model's terms on "
                  + settings.endpoint()
                  + ", and set HF_TOKEN");
      case 404 -> new Missing(what + ": the hub has no such repository, revision or file" + said);
      case 416 -> new Beyond("the hub answers 416");
      case 408, 425, 429, 500, 502, 503, 504 ->
          new Busy("the hub answers " + status + said, waitSeconds(r));
      default -> throw new HubFailure(what + ": the hub answers " + status + said);
    };
  }

  private static long waitSeconds(HttpResponse<?> r) {
    return header(r, "Retry-After")
        .filter(s -> s.matches("\\d{1,4}"))
        .map(Long::parseLong)
        .orElse(0L);
  }

  /** Says in one line why the hub could not be reached. */
  HubFailure unreachable(String what, IOException e) {
    String host = settings.endpoint().getHost();
    String why = e.getMessage() == null ? e.toString() : e.getMessage();
    // What went wrong first lies deepest, unless it is a consequence that says nothing.
    for (Throwable t = e; t != null; t = t.getCause()) {
      why =
          switch (t) {
            case UnknownHostException _, UnresolvedAddressException _ ->
                "no such host, or no network";
            case HttpTimeoutException _ -> "no answer in time";
            case SSLException s -> "no trust: " + s.getMessage();
            case ConnectException _ -> "no connection";
            default -> why;
          };
    }
    return new HubFailure(
        what
            + ": "
            + host
            + ": "
            + why.replaceAll("\\s+", " ")
            + "; what has come is kept, try again",
        e);
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
