package org.puna.server.access;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.puna.server.http.ApiError;
import org.puna.server.http.ApiFailure;

/** Lets requests of a key through within its limits. Safe for many threads. */
public final class Gate {
  private static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();

  private final Map<String, Passage> passages = new ConcurrentHashMap<>();
  private final LongSupplier clockNanos;

  /** A gate with a clock that counts nanoseconds. */
  public Gate(LongSupplier clockNanos) {
    this.clockNanos = clockNanos;
  }

  /**
   * Lets a request through; close what is returned when it has been answered.
   *
   * @throws ApiFailure if the key has no request left now
   */
  public Pass enter(ApiKey key) {
    return passages.computeIfAbsent(key.name(), n -> new Passage()).enter(key);
  }

  /** A request that was let through. */
  public interface Pass extends AutoCloseable {
    @Override
    void close();
  }

  private final class Passage {
    private final Deque<Long> lastMinute = new ArrayDeque<>();
    private int concurrent;

    synchronized Pass enter(ApiKey key) {
      long now = clockNanos.getAsLong();
      Integer most = key.concurrentRequests();
      if (most != null && concurrent >= most) {
        throw refused(key, most + " requests at a time", 1);
      }
      Integer perMinute = key.requestsPerMinute();
      if (perMinute != null) {
        while (!lastMinute.isEmpty() && now - lastMinute.peekFirst() >= MINUTE_NANOS) {
          lastMinute.removeFirst();
        }
        if (lastMinute.size() >= perMinute) {
          long wait = MINUTE_NANOS - (now - lastMinute.getFirst());
          throw refused(key, perMinute + " requests a minute", (int) (wait / 1_000_000_000L) + 1);
        }
        lastMinute.addLast(now);
      }
      concurrent++;
      return this::leave;
    }

    private synchronized void leave() {
      concurrent--;
    }

    private static ApiFailure refused(ApiKey key, String limit, int retryAfter) {
      return new ApiFailure(
          new ApiError.TooMany(
              "The key '"
                  + key.name()
                  + "' may send "
                  + limit
                  + "; try again in "
                  + retryAfter
                  + " s",
              retryAfter));
    }
  }
}
