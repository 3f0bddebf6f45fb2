package org.puna.fleet.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
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

  /**
   * The claim of a waiting job on a pool.
   *
   * @param at when it can start
   * @param then the pool at that moment; null lets no job pass that does not end before
   */
  private record Reservation(long at, @Nullable Outlook then) {
    boolean allows(Job job, Pool pool, long now) {
      return now + job.estimate(pool) <= at || (then != null && then.fitsBeside(job));
    }

    void started(Job job) {
      if (then == null) return;
      if (job.segment().end() <= at) {
        then.borrows(job);
      } else {
        then.keeps(job);
      }
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
        Reservation claim = reservations[pool.index];
        if (claim != null) claim.started(job);
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
    return best;
  }

  private boolean allowed(Job job, Pool pool, long now) {
    Reservation claim = reservations[pool.index];
    return claim == null || claim.allows(job, pool, now);
  }

  /** Reserves the pool on which the job can start first, as far as running jobs tell. */
  private void reserve(Job job, long now) {
    Pool best = null;
    Reservation first = null;
    for (Pool pool : job.pools) {
      if (reservations[pool.index] != null) continue;
      Reservation r = policy.backfill() ? shadow(job, pool, now) : new Reservation(now, null);
      if (first == null || r.at < first.at) {
        first = r;
        best = pool;
      }
      if (!policy.backfill()) reservations[pool.index] = r;
    }
    if (best != null) reservations[best.index] = first;
  }

  private static Reservation shadow(Job job, Pool pool, long now) {
    Outlook then = new Outlook(pool, job.spec.gpus());
    long at = now;
    Iterator<Job> ends = pool.byEnd.iterator();
    Iterator<Map.Entry<Long, Integer>> repairs = pool.returning.entrySet().iterator();
    Job end = next(ends);
    Map.Entry<Long, Integer> repair = next(repairs);
    while (!then.fits()) {
      if (end != null && (repair == null || end.segment().end() <= repair.getKey())) {
        at = end.segment().end();
        then.ends(end);
        end = next(ends);
      } else if (repair != null) {
        at = repair.getKey();
        then.repaired(repair.getValue());
        repair = next(repairs);
      } else {
        // Not even an empty pool holds it now (chips are still to come): nothing can delay it.
        return new Reservation(Long.MAX_VALUE, null);
      }
    }
    return new Reservation(at, then);
  }

  private static <T> @Nullable T next(Iterator<T> it) {
    return it.hasNext() ? it.next() : null;
  }

  /** Preempts jobs of lower priority until the job fits, if that is possible. */
  private @Nullable Pool makeRoom(Job job) {
    for (Pool pool : job.pools) {
      if (reservations[pool.index] != null) continue;
      Set<Job> victims = victims(job, pool);
      if (victims.isEmpty()) continue;
      victims.forEach(actions::preempt);
      return pool;
    }
    return null;
  }

  /**
   * The jobs that must stop for a job to fit. As many are considered as make room in the order of
   * {@link Pool#preemptible}, so that none of a higher priority or an earlier start is stopped than
   * need be; of these, all stay that the job can do without.
   */
  private static Set<Job> victims(Job job, Pool pool) {
    Outlook then = new Outlook(pool, job.spec.gpus());
    Set<Job> victims = new LinkedHashSet<>();
    Map<Integer, Integer> guests = new HashMap<>();
    for (Job running : pool.preemptible) {
      if (running.spec.priority() >= job.spec.priority() || then.fits()) break;
      victims.add(running);
      then.ends(running);
      guests.merge(running.allocation().partNode, 1, Integer::sum);
    }
    if (!then.fits()) return Set.of();
    // Where one of two may stay: the many small ones on a shared node, then the smaller gang.
    List<Job> mayStay = new ArrayList<>(victims);
    mayStay.sort(
        Comparator.<Job>comparingInt(j -> j.allocation().nodes.length)
            .thenComparingInt(j -> -guests.getOrDefault(j.allocation().partNode, 0))
            .thenComparingInt(j -> j.allocation().partNode)
            .thenComparingInt(j -> j.index));
    for (Job victim : mayStay) {
      then.stays(victim);
      if (then.fits()) {
        victims.remove(victim);
      } else {
        then.ends(victim);
      }
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
