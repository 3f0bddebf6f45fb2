package org.puna.server.http;

import java.util.Optional;

/** Ends a request with an {@link ApiError}. */
public final class ApiFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient ApiError error;

  /** A failure with what is wrong. */
  public ApiFailure(ApiError error) {
    super(error.text(), null, false, false);
    this.error = error;
  }

  /** Returns a failure that names a field. */
  public static ApiFailure field(String param, String message) {
    return new ApiFailure(new ApiError.BadRequest(param + ": " + message, Optional.of(param)));
  }

  /** Returns what is wrong. */
  public ApiError error() {
    return error;
  }
}
