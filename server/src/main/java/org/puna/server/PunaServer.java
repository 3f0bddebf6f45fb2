package org.puna.server;

import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import io.javalin.util.JavalinBindException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.ServerConnector;
import org.puna.model.config.BadInput;
import org.puna.server.access.Keys;
import org.puna.server.http.Endpoint;
import org.puna.server.http.InFlight;
import org.puna.server.http.LoggedRequest;
import org.puna.server.metrics.Meters;
import org.puna.server.serving.ModelRegistry;

/**
 * The server: listens, and answers each request on a virtual thread of its own. Owns the models
 * that it is given.
 */
public final class PunaServer implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(20);

  /** Time that cancelled requests have to tell their clients so. */
  private static final Duration FAREWELL = Duration.ofSeconds(2);

  private final ServerOptions options;
  private final ModelRegistry models;
  private final InFlight inFlight = new InFlight();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicBoolean hurried = new AtomicBoolean();
  private final Meters meters;
  private final AtomicReference<Keys> keys;
  private final List<Endpoint> endpoints;
  private final Javalin javalin;

  /**
   * A server that does not listen yet.
   *
   * @param pages endpoints beside those that every server has
   * @param requestLog takes each request that was answered, from many threads
   */
  public PunaServer(
      ServerOptions options,
      ModelRegistry models,
      List<Endpoint> pages,
      Consumer<LoggedRequest> requestLog) {
    this.options = options;
    this.models = models;
    this.keys = new AtomicReference<>(options.keys());
    this.meters = new Meters(models, inFlight);
    this.endpoints = Routes.all(models, meters, Clock.systemUTC(), stopping::get, pages);
    Front front =
        new Front(options, keys::get, models, meters, inFlight, stopping, endpoints, requestLog);
    this.javalin = Javalin.create(config -> configure(config, front));
  }

  private void configure(JavalinConfig config, Front front) {
    config.concurrency.useVirtualThreads = true;
    config.startup.showJavalinBanner = false;
    config.startup.showOldJavalinVersionWarning = false;
    config.startup.startupWatcherEnabled = false;
    config.http.prefer405over404 = true;
    config.http.maxRequestSize = options.bodyLimit();
    config.jetty.modifyHttpConfiguration(http -> {
      http.setSendServerVersion(false);
      http.setRequestHeaderSize(options.headerLimit());
    });
    config.jetty.addConnector((server, http) -> {
      ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
      connector.setHost(options.host());
      connector.setPort(options.port());
      connector.setIdleTimeout(options.idle().toMillis());
      return connector;
    });
    if (!options.corsOrigins().isEmpty()) {
      config.bundledPlugins.enableCors(cors ->
          cors.addRule(rule -> {
            if (options.corsOrigins().contains("*")) {
              rule.anyHost();
            } else {
              options.corsOrigins().forEach(o -> rule.allowHost(o));
            }
          }));
    }
    for (Endpoint e : endpoints) {
      config.routes.addHttpHandler(method(e), e.path(), context -> front.serve(e, context));
      // Javalin would answer HEAD by itself, without asking for a key or the endpoint.
      if (e.method().equals("GET")) {
        config.routes.addHttpHandler(HandlerType.HEAD, e.path(), c -> front.serve(e, c));
      }
    }
    config.routes.exception(HttpResponseException.class, front::unknown);
  }

  private static HandlerType method(Endpoint e) {
    return switch (e.method()) {
      case "GET" -> HandlerType.GET;
      case "POST" -> HandlerType.POST;
      case "DELETE" -> HandlerType.DELETE;
      default -> throw new IllegalStateException("no endpoint has the method " + e.method());
    };
  }

  /**
   * Listens; models that are pinned may still be loading, {@code /health} tells.
   *
   * @throws BadInput if the address cannot be listened on
   */
  public void start() {
    try {
      javalin.start();
    } catch (JavalinBindException e) {
      throw new BadInput(
          "serve: cannot listen on " + options.host() + ":" + options.port() + ": " + reason(e), e);
    }
  }

  /** Returns what keeps the server from an address, and what to do. */
  private static String reason(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      String said = String.valueOf(t.getMessage());
      if (said.contains("Permission denied")) {
        return "this user may not; choose a --port above 1023";
      }
      if (said.contains("Cannot assign requested address")
          || said.contains("Can't assign requested address")) {
        return "this machine does not have that address; choose another --host";
      }
    }
    return "is another server there? Choose another --port or --host";
  }

  /** Returns the port that it listens on. */
  public int port() {
    return javalin.port();
  }

  /** Returns every endpoint. */
  public List<Endpoint> endpoints() {
    return endpoints;
  }

  /**
   * Puts other keys in place of those that may use the server, from the next request on. It asks
   * for one also when none is left.
   *
   * @throws IllegalStateException if the server began without keys, open to this machine
   */
  public void replaceKeys(Keys others) {
    if (options.keys().all().isEmpty()) {
      throw new IllegalStateException(
          "the server began without keys; start it again to have it ask for them");
    }
    keys.set(others);
  }

  /** Returns what it serves. */
  public ModelRegistry models() {
    return models;
  }

  /** Ends the grace period of a closing that goes on, or of the one to come. */
  public void hurry() {
    hurried.set(true);
  }

  /**
   * Refuses new requests, lets running ones finish within the grace period, ends the rest with an
   * error, and frees everything.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) return;
    stopping.set(true);
    await(options.grace(), hurried::get);
    inFlight.cancelAll();
    await(FAREWELL, () -> false);
    javalin.stop();
    inFlight.close();
    models.close();
    meters.close();
  }

  private void await(Duration most, BooleanSupplier enough) {
    long end = System.nanoTime() + most.toNanos();
    try {
      while (inFlight.count() > 0 && !enough.getAsBoolean() && System.nanoTime() - end < 0) {
        Thread.sleep(POLL);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
