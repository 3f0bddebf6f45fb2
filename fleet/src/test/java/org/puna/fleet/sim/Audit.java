package org.puna.fleet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;

/** Recounts the state of a simulation from the jobs' allocations and compares every total. */
final class Audit {
  private Audit() {}

  static void check(Simulation s) {
    for (Pool pool : s.pools()) check(pool, s);
    for (Job job : s.jobs()) {
      if (job.state == Job.State.RUNNING) {
        assertThat(job.allocation().chips()).isEqualTo(job.spec.gpus());
        assertThat(job.segment().end()).isGreaterThanOrEqualTo(s.now());
      }
    }
  }

  private static void check(Pool pool, Simulation s) {
    Map<Integer, Job> sole = new HashMap<>();
    Map<Integer, Integer> part = new HashMap<>();
    int held = 0;
    int running = 0;
    for (Job job : s.jobs()) {
      if (job.state != Job.State.RUNNING || job.allocation().pool != pool) continue;
      running++;
      Allocation a = job.allocation();
      held += a.chips();
      for (int n : a.nodes) {
        assertThat(sole.put(n, job)).as("one job on whole node %d", n).isNull();
        assertThat(pool.jobsOn(n)).containsExactly(job);
      }
      if (a.partNode >= 0) {
        part.merge(a.partNode, a.partChips, Integer::sum);
        assertThat(pool.jobsOn(a.partNode)).contains(job);
      }
    }
    assertThat(pool.byEnd).hasSize(running);
    int service = 0;
    int free = 0;
    int spare = 0;
    int freeNodes = 0;
    for (int n = 0; n < pool.spec.nodes(); n++) {
      int used = sole.containsKey(n) ? pool.spec.chipsPerNode() : part.getOrDefault(n, 0);
      if (sole.containsKey(n)) assertThat(part).doesNotContainKey(n);
      assertThat(used).isLessThanOrEqualTo(pool.capacity(n));
      switch (pool.state(n)) {
        case ABSENT, DOWN -> assertThat(used).isZero();
        case SPARE -> {
          assertThat(used).isZero();
          spare += pool.capacity(n);
          service += pool.capacity(n);
        }
        case IN_SERVICE -> {
          service += pool.capacity(n);
          free += pool.capacity(n) - used;
          if (used == 0 && pool.capacity(n) == pool.spec.chipsPerNode()) freeNodes++;
        }
      }
    }
    assertThat(pool.allocatedChips()).isEqualTo(held);
    assertThat(pool.serviceChips()).isEqualTo(service);
    assertThat(pool.spareChips()).isEqualTo(spare);
    assertThat(pool.freeChips()).isEqualTo(free);
    assertThat(pool.freeNodes()).isEqualTo(freeNodes);
    assertThat(held + free + spare).isEqualTo(service);
    assertThat(service).isLessThanOrEqualTo(pool.spec.chips());
  }
}
