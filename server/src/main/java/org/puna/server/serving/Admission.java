package org.puna.server.serving;

import java.util.Optional;
import java.util.function.LongSupplier;
import org.puna.server.http.ApiError;
import org.puna.server.http.ApiFailure;

/**
 * Who may wait for a model. This alone lets requests in or sends them away, whatever they want of
 * the model and also while it is loaded; its engine takes all that were let in, as they come, and
 * has no limit of its own here. Who is sent away is told when to come again. Safe for many threads.
 */
final class Admission {
  /** Seconds that anybody is asked to wait at most. */
  static final int LONGEST_RETRY = 120;

  /** Share of the newest answer in the mean time between answers. */
  private static final double NEWEST = 0.1;

  private final int atOnce;
  private final long places;
  private final LongSupplier nanoTime;
  private int inside;
  private boolean paced;

  /** Mean seconds between two answers that end, newer ones counting more. */
  private double pace;

  /** When the last answer ended or, if none was inside after it, when the next came. */
  private long since;

  /**
   * Places at a model.
   *
   * @param atOnce answers that it gives at the same time
   * @param queue answers that wait beyond these
   */
  Admission(int atOnce, int queue) {
    this(atOnce, queue, System::nanoTime);
  }

  Admission(int atOnce, int queue, LongSupplier nanoTime) {
    this.atOnce = atOnce;
    this.places = (long) atOnce + queue;
    this.nanoTime = nanoTime;
  }

  /**
   * Takes {@code n} places.
   *
   * @throws ApiFailure if they are taken, or more than there are
   */
  synchronized void enter(int n, String model) {
    if (n > places) {
      throw new ApiFailure(
          new ApiError.BadRequest(
              "The model '"
                  + model
                  + "' takes "
                  + places
                  + " answers at most, found "
                  + n
                  + " in one request; ask for fewer at a time",
              Optional.empty()));
    }
    if (inside + n > places) {
      int seconds = retrySeconds(n);
      throw new ApiFailure(
          new ApiError.TooMany(
              "The model '"
                  + model
                  + "' has "
                  + inside
                  + " answers to give and takes "
                  + places
                  + " at most; try again in "
                  + seconds
                  + " s",
              seconds));
    }
    if (inside == 0) since = nanoTime.getAsLong();
    inside += n;
  }

  /** Gives {@code n} places back. */
  synchronized void leave(int n) {
    if (n == 0) return;
    long now = nanoTime.getAsLong();
    double each = (now - since) / 1e9 / n;
    pace = paced ? each + Math.pow(1 - NEWEST, n) * (pace - each) : each;
    paced = true;
    since = now;
    inside -= n;
  }

  /**
   * Returns the seconds in which half of those that wait, and as many as stand in the way, will
   * have gone by. Half, because others are sent away too: who comes back to the very first free
   * place finds it taken.
   */
  private int retrySeconds(int n) {
    double before = Math.max((double) (inside + n - places), (inside - atOnce) / 2.0);
    // If it has been still for longer than the mean, that counts as if an answer ended now.
    double still = (nanoTime.getAsLong() - since) / 1e9;
    double each = paced ? pace + NEWEST * Math.max(0, still - pace) : still;
    return Math.clamp((long) Math.ceil(each * before), 1, LONGEST_RETRY);
  }
}
