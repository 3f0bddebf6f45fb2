package org.puna.server.http;

import org.jspecify.annotations.Nullable;

/** Ends a request whose client has closed the connection: nobody is there to read an answer. */
public final class ClientGone extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A request without a client. */
  public ClientGone(@Nullable Throwable cause) {
    super("the client closed the connection", cause, false, false);
  }
}
