package org.puna.fleet.sim;

import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeSet;

/**
 * Waiting jobs in the order they should start: higher priority, then the team with less decayed use
 * for its share, then the user with less, then the earlier submission. Jobs of one priority, team
 * and user stay in one sorted group, so that a change of the use of a team moves nothing.
 */
final class WaitQueue {
  private record Key(int priority, FairShare.Account team, FairShare.Account user) {}

  private final Map<Key, TreeSet<Job>> groups = new LinkedHashMap<>();
  private int jobs;
  private long chips;

  void add(Job job) {
    groups
        .computeIfAbsent(
            new Key(job.spec.priority(), job.team, job.user),
            k ->
                new TreeSet<>(
                    Comparator.<Job>comparingLong(j -> j.spec.submitMillis())
                        .thenComparingInt(j -> j.index)))
        .add(job);
    jobs++;
    chips += job.spec.gpus();
  }

  int jobs() {
    return jobs;
  }

  long chips() {
    return chips;
  }

  /** A walk over the waiting jobs in their order at one moment. */
  final class Walk {
    private final long now;
    private final PriorityQueue<Cursor> heap = new PriorityQueue<>();

    Walk(long now) {
      this.now = now;
      groups.values().removeIf(TreeSet::isEmpty);
      groups.values().forEach(g -> push(g.iterator()));
    }

    private void push(Iterator<Job> rest) {
      if (rest.hasNext()) heap.add(new Cursor(rest, rest.next(), now));
    }

    /** Returns the place of the next job, to be given to skip or take. */
    Cursor next() {
      return heap.remove();
    }

    boolean hasNext() {
      return !heap.isEmpty();
    }

    /** Goes on behind a job. */
    void skip(Cursor c) {
      push(c.rest);
    }

    /** Takes a job out of the queue and goes on behind it. */
    void take(Cursor c) {
      c.rest.remove();
      jobs--;
      chips -= c.job.spec.gpus();
      push(c.rest);
    }
  }

  /** The next job of one group, with the use that decides between groups. */
  static final class Cursor implements Comparable<Cursor> {
    private static final Comparator<Cursor> ORDER =
        Comparator.<Cursor>comparingInt(c -> -c.job.spec.priority())
            .thenComparingDouble(c -> c.teamUse)
            .thenComparingDouble(c -> c.teamHeld)
            .thenComparingDouble(c -> c.userUse)
            .thenComparingDouble(c -> c.userHeld)
            .thenComparingLong(c -> c.job.spec.submitMillis())
            .thenComparingInt(c -> c.job.index);

    final Job job;
    private final Iterator<Job> rest;
    private final double teamUse;
    private final double teamHeld;
    private final double userUse;
    private final double userHeld;

    Cursor(Iterator<Job> rest, Job job, long now) {
      this.rest = rest;
      this.job = job;
      this.teamUse = job.team.use(now);
      this.teamHeld = job.team.held();
      this.userUse = job.user.use(now);
      this.userHeld = job.user.held();
    }

    @Override
    public int compareTo(Cursor other) {
      return ORDER.compare(this, other);
    }
  }
}
