package org.puna.app.train;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a run end in order when the process is asked to: the request is noted, and the process waits
 * until the run has saved.
 */
final class Stopper implements AutoCloseable {
  private static final long MINUTES = 10;

  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook;
  private volatile boolean asked;

  private Stopper() {
    hook =
        new Thread(
            () -> {
              asked = true;
              try {
                if (!done.await(MINUTES, TimeUnit.MINUTES)) asked = true;
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "puna-stop");
  }

  static Stopper install() {
    Stopper s = new Stopper();
    Runtime.getRuntime().addShutdownHook(s.hook);
    return s;
  }

  boolean asked() {
    return asked;
  }

  @Override
  public void close() {
    done.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The process is ending: the hook runs and waits for nothing more.
    }
  }
}
