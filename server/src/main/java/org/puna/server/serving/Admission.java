package org.puna.server.serving;

import java.util.concurrent.atomic.AtomicInteger;
import org.puna.server.http.ApiError;
import org.puna.server.http.ApiFailure;

/** The bounded queue before a model: so many answers and waiting requests, and no more. */
final class Admission {
  private final int most;
  private final AtomicInteger inside = new AtomicInteger();

  Admission(int most) {
    this.most = most;
  }

  /**
   * Takes {@code n} places.
   *
   * @throws ApiFailure if there are not so many
   */
  void enter(int n, String model) {
    int before = inside.getAndAdd(n);
    if (before + n > most) {
      inside.addAndGet(-n);
      throw new ApiFailure(
          new ApiError.TooMany(
              "The model '"
                  + model
                  + "' has "
                  + before
                  + " answers to give and takes "
                  + most
                  + " at most; try again",
              1));
    }
  }

  void leave(int n) {
    inside.addAndGet(-n);
  }
}
