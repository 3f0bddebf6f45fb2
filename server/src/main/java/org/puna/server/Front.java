package org.puna.server;

import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.server.Request;
import org.puna.engine.EngineBusy;
import org.puna.engine.NotNumbers;
import org.puna.engine.PromptTooLong;
import org.puna.model.chat.TemplateError;
import org.puna.model.config.BadInput;
import org.puna.server.access.ApiKey;
import org.puna.server.access.Gate;
import org.puna.server.access.Keys;
import org.puna.server.answering.Ids;
import org.puna.server.http.ApiError;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.ClientGone;
import org.puna.server.http.Endpoint;
import org.puna.server.http.ErrorShape;
import org.puna.server.http.EventStream;
import org.puna.server.http.Exchange;
import org.puna.server.http.InFlight;
import org.puna.server.http.LoggedRequest;
import org.puna.server.http.RequestNotes;
import org.puna.server.metrics.Meters;
import org.puna.server.serving.ModelRegistry;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/**
 * What happens around every endpoint: who may ask, the deadline, the error's answer, one line in
 * the log, the meters.
 */
final class Front {
  private static final System.Logger LOG = System.getLogger(Front.class.getName());

  /** What proxies log for a client that left before the answer. */
  private static final int CLIENT_CLOSED = 499;

  private static final int RETRY_SECONDS = 5;

  /** What a client's own number of a request may consist of, so that it cannot forge the log. */
  private static final Pattern CLIENTS_ID = Pattern.compile("[!-~&&[^=\"]]{1,128}");

  private static final int LOGGED_PATH = 200;

  private final ServerOptions options;
  private final Supplier<Keys> keys;
  private final ModelRegistry models;
  private final Meters meters;
  private final InFlight inFlight;
  private final AtomicBoolean stopping;
  private final List<Endpoint> endpoints;
  private final Consumer<LoggedRequest> requestLog;
  private final Gate gate = new Gate(System::nanoTime);
  private final ObjectMapper json = JsonMapper.builder().build();

  Front(
      ServerOptions options,
      Supplier<Keys> keys,
      ModelRegistry models,
      Meters meters,
      InFlight inFlight,
      AtomicBoolean stopping,
      List<Endpoint> endpoints,
      Consumer<LoggedRequest> requestLog) {
    this.options = options;
    this.keys = keys;
    this.models = models;
    this.meters = meters;
    this.inFlight = inFlight;
    this.stopping = stopping;
    this.endpoints = endpoints;
    this.requestLog = requestLog;
  }

  /** Answers a request through its endpoint. */
  void serve(Endpoint endpoint, Context context) {
    long start = System.nanoTime();
    String id = Ids.next("req_");
    context.res().setHeader("x-request-id", id);
    context.res().setHeader("request-id", id);
    try (InFlight.Ticket ticket = inFlight.enter(context.req(), options.deadline())) {
      Exchange x = new Exchange(context, json, ticket, options.bodyLimit(), options.ping(), id);
      int status;
      try {
        status = answer(endpoint, x, context);
      } catch (ClientGone e) {
        status = CLIENT_CLOSED;
      } finally {
        x.endPings();
      }
      if (ticket.mustClose() || status == CLIENT_CLOSED) closeAfterwards(context);
      done(endpoint, x, status, System.nanoTime() - start);
    }
  }

  private int answer(Endpoint endpoint, Exchange x, Context context) {
    try {
      if (!endpoint.open()) mayAsk(x, context);
      try (Gate.Pass _ = pass(endpoint, x)) {
        endpoint.handle(x);
      }
      return context.res().getStatus();
    } catch (ClientGone e) {
      throw e;
    } catch (Throwable thrown) {
      Throwable t = thrown;
      // Work that stopped because its ticket told it to: the ticket says why.
      if (thrown instanceof CancellationException && x.ticket().over()) t = x.ticket().cutOff();
      if (t instanceof ClientGone gone) throw gone;
      if (t instanceof InterruptedException) Thread.currentThread().interrupt();
      ApiError error = error(t, endpoint, x.requestId());
      refuse(endpoint.errors(), error, x);
      return error.status();
    }
  }

  private void mayAsk(Exchange x, Context context) {
    if (stopping.get()) {
      throw new ApiFailure(new ApiError.Unavailable("The server shuts down", RETRY_SECONDS));
    }
    if (!options.keys().all().isEmpty()) return;
    String host = context.req().getHeader("Host");
    if (host != null && Loopback.is(options.host()) && !Loopback.isHostHeader(host)) {
      throw new ApiFailure(
          new ApiError.Forbidden(
              "The request names another host than this machine; the server listens to itself"
                  + " only"));
    }
    Optional<String> origin = x.header("Origin");
    if (origin.isPresent() && !mayCall(origin.get(), host)) {
      throw new ApiFailure(
          new ApiError.Forbidden(
              "Pages of this origin may not call the server; start it with --cors-origin to allow"
                  + " it"));
    }
  }

  private boolean mayCall(String origin, @org.jspecify.annotations.Nullable String host) {
    String o = origin.toLowerCase(Locale.ROOT);
    boolean same = host != null && (o.equals("http://" + host) || o.equals("https://" + host));
    List<String> allowed = options.corsOrigins();
    return same || allowed.contains("*") || allowed.contains(o);
  }

  private Gate.Pass pass(Endpoint endpoint, Exchange x) {
    if (endpoint.open() || options.keys().all().isEmpty()) return () -> {};
    Optional<String> presented =
        x.header("Authorization").flatMap(Front::credentials).or(() -> x.header("x-api-key"));
    if (presented.isEmpty()) {
      throw new ApiFailure(
          new ApiError.Unauthorized(
              "No API key: send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'"));
    }
    ApiKey key =
        keys.get()
            .find(presented.get())
            .orElseThrow(
                () -> new ApiFailure(new ApiError.Unauthorized("The API key is not known here")));
    x.notes().key(key.name());
    return gate.enter(key);
  }

  /** Returns the key of a header: a bearer's, or the password that a browser asked a person for. */
  private static Optional<String> credentials(String header) {
    if (header.regionMatches(true, 0, "Bearer ", 0, 7)) {
      return Optional.of(header.substring(7).strip());
    }
    if (!header.regionMatches(true, 0, "Basic ", 0, 6)) return Optional.empty();
    try {
      byte[] decoded = Base64.getDecoder().decode(header.substring(6).strip());
      String pair = new String(decoded, StandardCharsets.UTF_8);
      return Optional.of(pair.substring(pair.indexOf(':') + 1));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private ApiError error(Throwable t, Endpoint endpoint, String requestId) {
    return switch (t) {
      case ApiFailure e -> e.error();
      case TemplateError e ->
          new ApiError.BadRequest(
              "messages: the model's chat template refuses them: " + e.getMessage(),
              Optional.of("messages"));
      case EngineBusy e -> {
        int seconds = (int) Math.max(1, e.retryAfter().toSeconds());
        String message = String.valueOf(e.getMessage());
        yield e.stopping()
            ? new ApiError.Unavailable(message, seconds)
            : new ApiError.TooMany(message, seconds);
      }
      case PromptTooLong e ->
          new ApiError.ContextExceeded(String.valueOf(e.getMessage()), endpoint.promptField());
      case BadInput e ->
          new ApiError.BadRequest(
              models.withoutPaths(String.valueOf(e.getMessage())), Optional.empty());
      case NotNumbers e -> {
        LOG.log(Level.ERROR, "request " + requestId + ": " + e.getMessage());
        yield new ApiError.BrokenModel(String.valueOf(e.getMessage()));
      }
      case InterruptedException e ->
          new ApiError.Unavailable("The server shuts down", RETRY_SECONDS);
      default -> {
        LOG.log(Level.ERROR, "request " + requestId + " failed", t);
        yield new ApiError.Internal(requestId);
      }
    };
  }

  private void refuse(ErrorShape shape, ApiError error, Exchange x) {
    x.endPings();
    Optional<EventStream> stream = x.started();
    if (stream.isPresent()) {
      if (shape == ErrorShape.ANTHROPIC) {
        stream.get().event("error", shape.body(error));
      } else {
        stream.get().data(shape.body(error));
      }
      return;
    }
    switch (error) {
      case ApiError.TooMany e ->
          x.answerHeader("Retry-After", Integer.toString(e.retryAfterSeconds()));
      case ApiError.Unavailable e ->
          x.answerHeader("Retry-After", Integer.toString(e.retryAfterSeconds()));
      case ApiError.Unauthorized e ->
          x.answerHeader("WWW-Authenticate", "Bearer, Basic realm=\"puna\"");
      // What is left of a body that was not read would be taken for the next request.
      case ApiError.TooLarge e -> x.answerHeader("Connection", "close");
      default -> {}
    }
    x.json(error.status(), shape.body(error));
  }

  /** Answers a request that has no endpoint. */
  void unknown(HttpResponseException e, Context context) {
    String path = context.path();
    ApiError error =
        switch (e.getStatus()) {
          case 404 ->
              new ApiError.NotFound(
                  "There is no "
                      + context.req().getMethod()
                      + " "
                      + path
                      + "; GET /openapi.json lists what there is");
          case 405 -> new ApiError.WrongMethod(context.req().getMethod() + " is not for " + path);
          default -> new ApiError.BadRequest(String.valueOf(e.getMessage()), Optional.empty());
        };
    if (error instanceof ApiError.WrongMethod) context.res().setHeader("Allow", allowed(path));
    context.res().setContentType("application/json");
    ErrorShape shape = path.startsWith("/v1/messages") ? ErrorShape.ANTHROPIC : ErrorShape.OPENAI;
    context.status(error.status()).result(json.writeValueAsBytes(shape.body(error)));
    notServed(context, error.status());
  }

  /** Counts and logs a request that has no endpoint: who asks a wrong path looks for it there. */
  private void notServed(Context context, int status) {
    Request core = ServletContextRequest.getServletContextRequest(context.req());
    long nanos = System.nanoTime() - core.getBeginNanoTime();
    meters.request("none", status, nanos, new RequestNotes());
    String asked = context.req().getRequestURI();
    String shown = asked.substring(0, Math.min(asked.length(), LOGGED_PATH));
    requestLog.accept(
        new LoggedRequest(
            context.req().getMethod(),
            shown.replaceAll("[^ -~]", "?"),
            false,
            status,
            new RequestNotes(),
            nanos,
            null,
            null));
  }

  /** Returns the methods of a path as the header Allow lists them (RFC 9110, section 15.5.6). */
  private String allowed(String path) {
    TreeSet<String> methods = new TreeSet<>();
    for (Endpoint e : endpoints) {
      String pattern = e.path().replaceAll("\\{[^/]+}", "[^/]+").replaceAll("<[^/]+>", ".+");
      if (path.matches(pattern)) methods.add(e.method());
    }
    if (methods.contains("GET")) methods.add("HEAD");
    return String.join(", ", methods);
  }

  private static void closeAfterwards(Context context) {
    Request core = ServletContextRequest.getServletContextRequest(context.req());
    var endPoint = core.getConnectionMetaData().getConnection().getEndPoint();
    Request.addCompletionListener(core, failure -> endPoint.close());
  }

  private void done(Endpoint endpoint, Exchange x, int status, long nanos) {
    meters.request(endpoint.method() + " " + endpoint.path(), status, nanos, x.notes());
    if (endpoint.open()) return;
    Optional<String> clientId =
        x.header("x-request-id")
            .or(() -> x.header("x-client-request-id"))
            .filter(id -> CLIENTS_ID.matcher(id).matches());
    requestLog.accept(
        new LoggedRequest(
            endpoint.method(),
            endpoint.path(),
            true,
            status,
            x.notes(),
            nanos,
            x.requestId(),
            clientId.orElse(null)));
  }
}
