package org.puna.app.hub;

import java.io.IOException;
import java.time.Duration;

/**
 * Tries again what a network or a busy hub interrupted, after longer and longer waits.
 *
 * @param attempts tries without progress before giving up
 * @param first the first wait, doubled each time
 * @param stall how long a transfer may stand still before it counts as broken
 */
record Retry(int attempts, Duration first, Duration stall) {
  private static final Duration LONGEST = Duration.ofSeconds(60);

  static final Retry DEFAULT = new Retry(6, Duration.ofMillis(500), Duration.ofSeconds(60));

  /** Returns one that gives up sooner, for questions before anything was fetched. */
  Retry brief() {
    return new Retry(Math.min(attempts, 3), first, stall);
  }

  /** A piece of work. */
  interface Work<T> {
    T run() throws IOException, InterruptedException;
  }

  /**
   * Runs until it succeeds.
   *
   * @param what what is asked for, for errors
   * @throws Hub.Missing if the hub does not have it
   * @throws HubFailure if all attempts fail
   */
  <T> T run(Hub hub, String what, Work<T> work) throws Hub.Missing, InterruptedException {
    for (int i = 1; ; i++) {
      try {
        return work.run();
      } catch (Hub.Missing e) {
        throw e;
      } catch (IOException e) {
        pause(hub, what, i, e);
      }
    }
  }

  /**
   * Waits before the next attempt.
   *
   * @param failed attempts that failed, at least 1
   * @throws HubFailure if there is none left
   */
  void pause(Hub hub, String what, int failed, IOException e) throws InterruptedException {
    if (failed >= attempts) throw hub.unreachable(what, e);
    Duration wait = first.multipliedBy(1L << Math.min(failed - 1, 20));
    if (e instanceof Hub.Busy b && b.waitSeconds() > 0) wait = Duration.ofSeconds(b.waitSeconds());
    Thread.sleep(wait.compareTo(LONGEST) > 0 ? LONGEST : wait);
  }
}
