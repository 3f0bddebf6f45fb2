package org.puna.server.http;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EndPoint;

/**
 * The connection of a request whose body has been read. Nobody reads from it while the answer is
 * made, so a client that goes away is only seen by whoever looks.
 */
final class Connection {
  private final EndPoint endPoint;
  private final boolean http1;

  private Connection(EndPoint endPoint, boolean http1) {
    this.endPoint = endPoint;
    this.http1 = http1;
  }

  /** Returns a request's connection. */
  static Connection of(HttpServletRequest request) {
    var meta = ServletContextRequest.getServletContextRequest(request).getConnectionMetaData();
    return new Connection(
        meta.getConnection().getEndPoint(), meta.getProtocol().startsWith("HTTP/1"));
  }

  /**
   * Whether the client has closed it. A byte that has come instead belongs to a pipelined request:
   * it is lost, so the caller closes the connection after this answer, and the client asks again
   * (RFC 9112, section 9.3.2).
   */
  State look() {
    if (!endPoint.isOpen()) return State.CLOSED;
    if (!http1) return State.OPEN;
    try {
      ByteBuffer one = ByteBuffer.allocate(1);
      one.limit(0);
      int n = endPoint.fill(one);
      if (n < 0) return State.CLOSED;
      return n == 0 ? State.OPEN : State.PIPELINED;
    } catch (IOException e) {
      return State.CLOSED;
    }
  }

  /** What a look finds. */
  enum State {
    /** The client waits. */
    OPEN,
    /** The client has gone. */
    CLOSED,
    /** The client has sent more. */
    PIPELINED
  }
}
