package org.puna.server.http;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The requests that are being answered. One thread looks after them: it cancels the work of those
 * whose client has gone or whose deadline has passed, also while no byte is being written.
 */
public final class InFlight implements AutoCloseable {
  /** Time between two looks: less than a step of a small model, and no load. */
  private static final Duration INTERVAL = Duration.ofMillis(20);

  private final Set<Ticket> tickets = ConcurrentHashMap.newKeySet();
  private final Thread watch;
  private volatile boolean closed;

  /** Starts to look after requests. */
  public InFlight() {
    watch = Thread.ofPlatform().daemon().name("puna-in-flight").start(this::look);
  }

  private void look() {
    while (!closed) {
      long now = System.nanoTime();
      tickets.forEach(t -> t.look(now));
      try {
        Thread.sleep(INTERVAL);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Why a request was ended from outside. */
  public enum Ending {
    /** The client closed the connection. */
    CLIENT_GONE,
    /** The deadline passed. */
    DEADLINE,
    /** The server shuts down. */
    SHUTDOWN
  }

  /**
   * Takes in a request.
   *
   * @param deadline time from now at most
   */
  public Ticket enter(HttpServletRequest request, Duration deadline) {
    Ticket t = new Ticket(Connection.of(request), System.nanoTime() + deadline.toNanos());
    tickets.add(t);
    return t;
  }

  /** Returns the requests that are being answered. */
  public int count() {
    return tickets.size();
  }

  /** Cancels the work of all requests. */
  public void cancelAll() {
    tickets.forEach(t -> t.cancel(Ending.SHUTDOWN));
  }

  @Override
  public void close() {
    closed = true;
    watch.interrupt();
  }

  /** One request that is being answered. */
  public final class Ticket implements AutoCloseable {
    private final Connection connection;
    private final long deadlineNanos;
    private final List<Runnable> cancellations = new ArrayList<>();
    private @Nullable Ending ending;
    private boolean ended;
    private boolean bodyRead;
    private boolean pipelined;

    private Ticket(Connection connection, long deadlineNanos) {
      this.connection = connection;
      this.deadlineNanos = deadlineNanos;
    }

    /** Says what to do if the request ends from outside; at once if it has ended so already. */
    public synchronized void onEnding(Runnable cancellation) {
      if (ending != null) {
        cancellation.run();
      } else {
        cancellations.add(cancellation);
      }
    }

    /** Returns why the request was ended from outside, where it was. */
    public synchronized Optional<Ending> ending() {
      return Optional.ofNullable(ending);
    }

    /** Whether the request was ended from outside, so that its answer is not wanted. */
    public boolean over() {
      return ending().isPresent();
    }

    /**
     * Returns what ends a request whose answer was cut off: its client has gone, its deadline has
     * passed, or the server shuts down.
     */
    public RuntimeException cutOff() {
      return switch (ending().orElse(Ending.CLIENT_GONE)) {
        case CLIENT_GONE -> new ClientGone(null);
        case DEADLINE ->
            new ApiFailure(new ApiError.DeadlinePassed("The deadline of the request has passed"));
        case SHUTDOWN -> new ApiFailure(new ApiError.Unavailable("The server shuts down", 5));
      };
    }

    /**
     * Says that the body has been read: from here on nothing but an end can come from the client.
     */
    synchronized void bodyRead() {
      bodyRead = true;
    }

    private synchronized void look(long now) {
      if (ended || ending != null) return;
      if (now - deadlineNanos > 0) {
        cancel(Ending.DEADLINE);
      } else if (bodyRead && !pipelined) {
        switch (connection.look()) {
          case OPEN -> {}
          case CLOSED -> cancel(Ending.CLIENT_GONE);
          case PIPELINED -> pipelined = true;
        }
      }
    }

    private synchronized void cancel(Ending why) {
      if (ended || ending != null) return;
      ending = why;
      cancellations.forEach(Runnable::run);
      cancellations.clear();
    }

    /** Ends the looking: the answer is about to be complete, and the connection is read again. */
    synchronized void end() {
      ended = true;
      cancellations.clear();
    }

    /** Whether bytes of a next request were lost, so that the connection must close. */
    public synchronized boolean mustClose() {
      return pipelined;
    }

    @Override
    public void close() {
      end();
      tickets.remove(this);
    }
  }
}
