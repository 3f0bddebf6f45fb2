package org.puna.server.http;

import java.util.Optional;

/** Everything that can be wrong with a request, each with the status that says so. */
public sealed interface ApiError {
  /**
   * A field, or the whole body, is not what it should be.
   *
   * @param message one line: what was expected, what was found
   * @param param the field, as a path such as {@code messages[0].role}, where it is one
   */
  record BadRequest(String message, Optional<String> param) implements ApiError {}

  /**
   * The conversation does not fit the model's context.
   *
   * @param message one line
   * @param param the field that holds it
   */
  record ContextExceeded(String message, String param) implements ApiError {}

  /**
   * No key, or one that is not known.
   *
   * @param message one line
   */
  record Unauthorized(String message) implements ApiError {}

  /**
   * The request comes from where it may not come from.
   *
   * @param message one line
   */
  record Forbidden(String message) implements ApiError {}

  /**
   * There is no such route or stored object.
   *
   * @param message one line
   */
  record NotFound(String message) implements ApiError {}

  /**
   * There is no such model.
   *
   * @param model what was asked for
   */
  record UnknownModel(String model) implements ApiError {}

  /**
   * The route exists for other methods.
   *
   * @param message one line
   */
  record WrongMethod(String message) implements ApiError {}

  /**
   * The body is larger than the limit.
   *
   * @param limitBytes the limit
   */
  record TooLarge(long limitBytes) implements ApiError {}

  /**
   * A key's limit is reached, or the queue is full.
   *
   * @param message one line
   * @param retryAfterSeconds when to try again
   */
  record TooMany(String message, int retryAfterSeconds) implements ApiError {}

  /**
   * The server is shutting down or cannot load the model now.
   *
   * @param message one line
   * @param retryAfterSeconds when to try again
   */
  record Unavailable(String message, int retryAfterSeconds) implements ApiError {}

  /**
   * The deadline of the request has passed.
   *
   * @param message one line
   */
  record DeadlinePassed(String message) implements ApiError {}

  /**
   * The server failed; the reason is in its log under this number.
   *
   * @param requestId what the log line is found by
   */
  record Internal(String requestId) implements ApiError {}

  /**
   * The model's files are damaged.
   *
   * @param message one line
   */
  record BrokenModel(String message) implements ApiError {}

  /** Returns the HTTP status. */
  default int status() {
    return switch (this) {
      case BadRequest e -> 400;
      case ContextExceeded e -> 400;
      case Unauthorized e -> 401;
      case Forbidden e -> 403;
      case NotFound e -> 404;
      case UnknownModel e -> 404;
      case WrongMethod e -> 405;
      case TooLarge e -> 413;
      case TooMany e -> 429;
      case Unavailable e -> 503;
      case DeadlinePassed e -> 504;
      case Internal e -> 500;
      case BrokenModel e -> 500;
    };
  }

  /** Returns one line for the person who reads it; never a path of this machine. */
  default String text() {
    return switch (this) {
      case BadRequest e -> e.message();
      case ContextExceeded e -> e.message();
      case Unauthorized e -> e.message();
      case Forbidden e -> e.message();
      case NotFound e -> e.message();
      case UnknownModel e ->
          "The model '" + e.model() + "' does not exist here; GET /v1/models lists those that do";
      case WrongMethod e -> e.message();
      case TooLarge e -> "The body is larger than " + e.limitBytes() + " bytes; send a smaller one";
      case TooMany e -> e.message();
      case Unavailable e -> e.message();
      case DeadlinePassed e -> e.message();
      case BrokenModel e -> e.message();
      case Internal e ->
          "The server failed on this request; its log tells more under request " + e.requestId();
    };
  }
}
