package org.puna.server.http;

/**
 * An endpoint made of a method, a path and what answers it.
 *
 * @param method GET, POST or DELETE
 * @param path the path, with parts in braces that a request fills
 * @param errors how errors are spelled
 * @param open whether whoever has no key may ask
 * @param promptField the field that holds what a model reads
 * @param handler answers requests, by many threads
 */
public record Route(
    String method,
    String path,
    ErrorShape errors,
    boolean open,
    String promptField,
    Handler handler)
    implements Endpoint {
  private static final String MESSAGES = "messages";

  /** Answers a request. */
  public interface Handler {
    /** Answers a request; throws what went wrong. */
    void handle(Exchange x) throws Exception;
  }

  /** Returns a route for those with a key, with OpenAI's errors. */
  public static Route of(String method, String path, Handler handler) {
    return new Route(method, path, ErrorShape.OPENAI, false, MESSAGES, handler);
  }

  /** Returns a route for everybody. */
  public static Route open(String method, String path, Handler handler) {
    return new Route(method, path, ErrorShape.OPENAI, true, MESSAGES, handler);
  }

  /** Returns this route for a prompt in another field than {@code messages}. */
  public Route reading(String field) {
    return new Route(method, path, errors, open, field, handler);
  }

  /** Returns this route with errors of another spelling. */
  public Route with(ErrorShape shape) {
    return new Route(method, path, shape, open, promptField, handler);
  }

  @Override
  public void handle(Exchange x) throws Exception {
    handler.handle(x);
  }
}
