package org.puna.server;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.puna.model.config.BadInput;
import org.puna.server.access.Keys;

/**
 * How the server listens and whom it answers.
 *
 * @param host address to listen on
 * @param port port, 0 for a free one
 * @param keys who may use it; none for everybody, which only a loopback address allows
 * @param corsOrigins origins of web pages that may call it, {@code *} for all; none by default
 * @param bodyLimit bytes of a request's body at most
 * @param headerLimit bytes of a request's headers at most
 * @param deadline time that a request may take
 * @param idle time that a connection may wait for its client to read or write
 * @param ping silence of an answer of events after which a comment is sent, so that proxies keep
 *     the connection
 * @param grace time that running requests have when the server is stopped
 */
public record ServerOptions(
    String host,
    int port,
    Keys keys,
    List<String> corsOrigins,
    long bodyLimit,
    int headerLimit,
    Duration deadline,
    Duration idle,
    Duration ping,
    Duration grace) {

  /** Checks that the server is not open to a network by accident. */
  public ServerOptions {
    corsOrigins = corsOrigins.stream().map(ServerOptions::origin).toList();
    if (port < 0 || port > 65_535) {
      throw new BadInput("serve: --port: expected 0 to 65535, found " + port);
    }
    if (bodyLimit < 1 || bodyLimit > Integer.MAX_VALUE) {
      throw new BadInput(
          "serve: --body-limit: expected 1 to "
              + Integer.MAX_VALUE
              + " bytes (2 GiB - 1), found "
              + bodyLimit);
    }
    if (!Loopback.isKnown(host)) {
      throw new BadInput(
          "serve: --host: expected an address of this machine, such as 127.0.0.1 or 0.0.0.0; nobody"
              + " knows '"
              + host
              + "'");
    }
    if (keys.all().isEmpty() && !Loopback.is(host)) {
      throw new BadInput(
          "serve: "
              + host
              + " can be reached from other machines and no API key is set; make one with `puna"
              + " keys add NAME`, or listen on 127.0.0.1");
    }
  }

  /** Returns an origin as browsers send it: in small letters, without the port that is usual. */
  private static String origin(String text) {
    if (text.equals("*")) return text;
    try {
      URI u = new URI(text.toLowerCase(Locale.ROOT));
      String end = u.getHost() + (u.getPort() < 0 ? "" : ":" + u.getPort());
      // What is more than scheme, host and port, no browser sends.
      if (u.getHost() != null && u.toString().equals(u.getScheme() + "://" + end)) {
        boolean usual =
            u.getScheme().equals("http") && u.getPort() == 80
                || u.getScheme().equals("https") && u.getPort() == 443;
        if (u.getPort() <= 65_535) {
          return usual ? u.getScheme() + "://" + u.getHost() : u.toString();
        }
      }
    } catch (URISyntaxException e) {
      // Said below.
    }
    throw new BadInput(
        "serve: --cors-origin: expected scheme://host, scheme://host:port or *, found '"
            + text
            + "'");
  }

  /** Returns the defaults: 127.0.0.1, no keys. */
  public static ServerOptions local(int port) {
    return new ServerOptions(
        "127.0.0.1",
        port,
        Keys.none(),
        List.of(),
        32L << 20,
        16 << 10,
        Duration.ofMinutes(30),
        Duration.ofSeconds(60),
        Duration.ofSeconds(15),
        Duration.ofSeconds(20));
  }

  /** Returns the same with keys. */
  public ServerOptions withKeys(Keys newKeys) {
    return new ServerOptions(
        host, port, newKeys, corsOrigins, bodyLimit, headerLimit, deadline, idle, ping, grace);
  }

  /** Returns the same with another time for a request. */
  public ServerOptions withDeadline(Duration newDeadline) {
    return new ServerOptions(
        host, port, keys, corsOrigins, bodyLimit, headerLimit, newDeadline, idle, ping, grace);
  }

  /** Returns the same with another time for a silent connection. */
  public ServerOptions withIdle(Duration newIdle) {
    return new ServerOptions(
        host, port, keys, corsOrigins, bodyLimit, headerLimit, deadline, newIdle, ping, grace);
  }

  /** Returns the same with another time after which silent answers of events get a comment. */
  public ServerOptions withPing(Duration newPing) {
    return new ServerOptions(
        host, port, keys, corsOrigins, bodyLimit, headerLimit, deadline, idle, newPing, grace);
  }

  /** Returns the same with other origins of web pages. */
  public ServerOptions withCorsOrigins(List<String> origins) {
    return new ServerOptions(
        host, port, keys, origins, bodyLimit, headerLimit, deadline, idle, ping, grace);
  }
}
