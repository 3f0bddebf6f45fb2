package org.puna.fleet.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides which waiting jobs start. One pass walks the queue in its order; the first job that
 * cannot start on a pool takes chips from jobs of lower priority if it may, and otherwise reserves
 * the pool for the moment when enough running jobs will have ended. Later jobs pass it only if they
 * end before that moment or leave it enough chips (EASY backfill).
 *
 * @see "Lifka 1995, The ANL/IBM SP Scheduling System"
 */
final class Scheduler {
  /** What a pass does to the simulation. */
  interface Actions {
    /** Starts a waiting job on a pool that has room for it. */
    void start(Job job, Pool pool);

    /** Stops a running job and queues it again after the pass. */
    void preempt(Job job);
  }

  /** The claim of a waiting job on a pool. */
  private static final class Reservation {
    final long at;
    long extraChips;

    Reservation(long at, long extraChips) {
      this.at = at;
      this.extraChips = extraChips;
    }
  }

  private final SimConfig.Policy policy;
  private final WaitQueue queue;
  private final Actions actions;
  private final @Nullable Reservation[] reservations;
  private long passes;
  private long looked;

  Scheduler(SimConfig.Policy policy, WaitQueue queue, Actions actions, int pools) {
    this.policy = policy;
    this.queue = queue;
    this.actions = actions;
    this.reservations = new Reservation[pools];
  }

  /** Starts every job that may start now. */
  void pass(long now) {
    passes++;
    Arrays.fill(reservations, null);
    Set<FairShare.Account> overQuota = new HashSet<>();
    WaitQueue.Walk walk = queue.new Walk(now);
    for (int depth = 0; depth < policy.backfillDepth() && walk.hasNext(); ) {
      WaitQueue.Cursor next = walk.next();
      Job job = next.job;
      // A team's jobs wait in order for its quota: were smaller ones to pass, a large one starves.
      if (overQuota.contains(job.team)) continue;
      if (job.team.allocated() > job.team.quotaChips - job.spec.gpus()) {
        overQuota.add(job.team);
        continue;
      }
      depth++;
      looked++;
      Pool pool = place(job, now);
      if (pool == null && policy.preemption()) pool = makeRoom(job);
      if (pool == null) {
        reserve(job, now);
        walk.skip(next);
      } else {
        actions.start(job, pool);
        walk.take(next);
      }
    }
  }

  /** The pool of the most preferred chip that has room; among equals the one with least room. */
  private @Nullable Pool place(Job job, long now) {
    int chips = job.spec.gpus();
    Pool best = null;
    for (Pool pool : job.pools) {
      if (best != null && !best.spec.chip().equals(pool.spec.chip())) break;
      if (!pool.fits(chips) || !allowed(job, pool, now)) continue;
      if (best == null || pool.freeNodes() < best.freeNodes()) best = pool;
    }
    if (best == null) return null;
    Reservation r = reservations[best.index];
    if (r != null && now + job.estimate(best) > r.at) r.extraChips -= wholeNodes(job, best);
    return best;
  }

  private boolean allowed(Job job, Pool pool, long now) {
    Reservation r = reservations[pool.index];
    return r == null || wholeNodes(job, pool) <= r.extraChips || now + job.estimate(pool) <= r.at;
  }

  private static long wholeNodes(Job job, Pool pool) {
    int perNode = pool.spec.chipsPerNode();
    return (job.spec.gpus() - 1L) / perNode * perNode + perNode;
  }

  /** Reserves the pool on which the job can start first, as far as running jobs tell. */
  private void reserve(Job job, long now) {
    Pool best = null;
    Reservation first = null;
    for (Pool pool : job.pools) {
      if (reservations[pool.index] != null) continue;
      Reservation r = policy.backfill() ? shadow(job, pool, now) : new Reservation(now, 0);
      if (first == null || r.at < first.at) {
        first = r;
        best = pool;
      }
      if (!policy.backfill()) reservations[pool.index] = r;
    }
    if (best != null) reservations[best.index] = first;
  }

  private static Reservation shadow(Job job, Pool pool, long now) {
    int perNode = pool.spec.chipsPerNode();
    long needed = wholeNodes(job, pool);
    long free = (long) pool.freeNodes() * perNode;
    long at = now;
    Iterator<Job> ends = pool.byEnd.iterator();
    Iterator<Map.Entry<Long, Integer>> repairs = pool.returning.entrySet().iterator();
    Job end = next(ends);
    Map.Entry<Long, Integer> repair = next(repairs);
    while (free < needed) {
      if (end != null && (repair == null || end.segment().end() <= repair.getKey())) {
        at = end.segment().end();
        free += (long) end.allocation().nodes.length * perNode;
        end = next(ends);
      } else if (repair != null) {
        at = repair.getKey();
        free += (long) repair.getValue() * perNode;
        repair = next(repairs);
      } else {
        // Not even an empty pool holds it now (chips are still to come): nothing can delay it.
        return new Reservation(Long.MAX_VALUE, 0);
      }
    }
    return new Reservation(at, free - needed);
  }

  private static <T> @Nullable T next(Iterator<T> it) {
    return it.hasNext() ? it.next() : null;
  }

  /** Preempts jobs of lower priority until the job fits, if that is possible. */
  private @Nullable Pool makeRoom(Job job) {
    for (Pool pool : job.pools) {
      if (reservations[pool.index] != null) continue;
      List<Job> victims = victims(job, pool);
      if (victims.isEmpty()) continue;
      victims.forEach(actions::preempt);
      if (pool.fits(job.spec.gpus())) return pool;
    }
    return null;
  }

  private static List<Job> victims(Job job, Pool pool) {
    int perNode = pool.spec.chipsPerNode();
    long missing = wholeNodes(job, pool) / perNode - pool.freeNodes();
    boolean part = job.spec.gpus() < perNode;
    List<Job> victims = new ArrayList<>();
    for (Job running : pool.preemptible) {
      if (running.spec.priority() >= job.spec.priority() || missing <= 0) break;
      Allocation a = running.allocation();
      if (part && a.partChips >= job.spec.gpus()) return List.of(running);
      if (a.nodes.length == 0) continue;
      victims.add(running);
      missing -= a.nodes.length;
    }
    if (missing > 0) return List.of();
    // Large victims may have made smaller ones needless.
    long surplus = -missing;
    List<Job> bySize = new ArrayList<>(victims);
    bySize.sort(
        Comparator.<Job>comparingInt(j -> j.allocation().nodes.length)
            .thenComparingInt(j -> j.index));
    for (Job v : bySize) {
      int nodes = v.allocation().nodes.length;
      if (nodes > surplus) break;
      victims.remove(v);
      surplus -= nodes;
    }
    return victims;
  }

  /** Returns the passes so far. */
  long passes() {
    return passes;
  }

  /** Returns the waiting jobs that all passes looked at. */
  long looked() {
    return looked;
  }
}
