package org.puna.server.http;

/** One route. Endpoints are safe for many threads: each request has its own {@link Exchange}. */
public interface Endpoint {
  /** Returns the method: GET, POST or DELETE. */
  String method();

  /** Returns the path, with parts in braces that a request fills. */
  String path();

  /** Returns how errors are spelled. */
  default ErrorShape errors() {
    return ErrorShape.OPENAI;
  }

  /** Returns the field that holds what a model reads, for the error that says it is too long. */
  default String promptField() {
    return "messages";
  }

  /** Whether whoever has no key may ask: health and metrics only. */
  default boolean open() {
    return false;
  }

  /**
   * Answers a request.
   *
   * @throws org.puna.server.http.ApiFailure if something in it is wrong
   * @throws Exception on failure; the client is told a number that the log has
   */
  void handle(Exchange x) throws Exception;
}
