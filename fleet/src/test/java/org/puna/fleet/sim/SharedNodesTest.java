package org.puna.fleet.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.puna.fleet.sim.Jobs.DAY;
import static org.puna.fleet.sim.Jobs.HOUR;
import static org.puna.fleet.sim.Jobs.calm;
import static org.puna.fleet.sim.Jobs.fleet;
import static org.puna.fleet.sim.Jobs.job;
import static org.puna.fleet.sim.Jobs.lowly;
import static org.puna.fleet.sim.Jobs.run;
import static org.puna.fleet.sim.Jobs.urgent;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Jobs on parts of nodes are reserved and taken from like gangs of whole nodes. */
class SharedNodesTest {
  /** Sums of milliseconds divided by one hour: only the rounding of doubles. */
  private static final double EXACT = 1e-9;

  private static SimResult on(int chips, List<JobSpec> jobs) {
    return run(fleet(chips, 8, 4, 2), jobs, calm(100 * DAY));
  }

  private static double start(SimResult r, String id) {
    return outcome(r, id).firstStartHours();
  }

  private static JobOutcome outcome(SimResult r, String id) {
    return r.outcomes().stream().filter(o -> o.job().equals(id)).findFirst().orElseThrow();
  }

  private static List<String> preempted(SimResult r) {
    return r.outcomes().stream().filter(o -> o.preemptions() > 0).map(JobOutcome::job).toList();
  }

  private static List<JobSpec> with(List<JobSpec> first, JobSpec... more) {
    return Stream.concat(first.stream(), Stream.of(more)).toList();
  }

  /** Jobs of so many chips and hours that come one after another. */
  private static List<JobSpec> stream(int count, long from, int gpus, long work) {
    List<JobSpec> jobs = new ArrayList<>();
    for (int i = 0; i < count; i++) jobs.add(job("s" + i, from + i * HOUR / 100, gpus, work));
    return jobs;
  }

  private static List<JobSpec> quarters() {
    return List.of(
        job("a", 0, 4, 2 * HOUR),
        job("b", 0, 4, 3 * HOUR),
        job("c", 0, 4, 4 * HOUR),
        job("d", 0, 4, 5 * HOUR));
  }

  @Test
  void halvesOfNodesThatKeepComingDoNotStarveAGang() {
    List<JobSpec> small = stream(60, 11 * HOUR / 10, 4, 5 * HOUR);
    List<JobSpec> jobs = new ArrayList<>(quarters());
    jobs.add(job("big", HOUR, 16, HOUR));
    jobs.addAll(small);
    // The last of the four ends after 5 hours; none of the others would end by then.
    assertThat(start(on(16, jobs), "big")).isCloseTo(5, within(EXACT));
    jobs.set(4, urgent("big", HOUR, 16, HOUR, 9));
    assertThat(start(on(16, jobs), "big")).isCloseTo(5, within(EXACT));
  }

  @Test
  void wholeNodesThatKeepComingDoNotStarveAGang() {
    List<JobSpec> jobs = new ArrayList<>();
    jobs.add(job("a", 0, 8, 2 * HOUR));
    jobs.add(job("b", 0, 8, 3 * HOUR));
    jobs.add(job("big", HOUR, 16, HOUR));
    jobs.addAll(stream(60, 11 * HOUR / 10, 8, 5 * HOUR));
    assertThat(start(on(16, jobs), "big")).isCloseTo(3, within(EXACT));
  }

  @Test
  void theFreeRestOfASharedNodeIsNotGivenAwayForLonger() {
    List<JobSpec> jobs = new ArrayList<>();
    jobs.add(job("a", 0, 12, 3 * HOUR));
    jobs.add(job("big", HOUR, 16, HOUR));
    jobs.addAll(stream(31, 11 * HOUR / 10, 4, 5 * HOUR / 2));
    jobs.add(job("short", 2 * HOUR, 4, HOUR));
    SimResult r = on(16, jobs);
    assertThat(start(r, "big")).isCloseTo(3, within(EXACT));
    // Four chips stand idle, and one job ends just in time.
    assertThat(start(r, "short")).isCloseTo(2, within(EXACT));
  }

  @Test
  void longJobsMayUseNodesThatTheReservationDoesNotNeed() {
    List<JobSpec> jobs =
        List.of(
            job("long", 0, 6, 20 * HOUR),
            job("mid", 0, 8, 5 * HOUR),
            job("big", HOUR, 8, HOUR),
            job("guest", HOUR + 1, 2, 30 * HOUR));
    SimResult r = on(16, jobs);
    // "big" gets the node of "mid"; the two chips beside "long" are nobody's until hour 20.
    assertThat(start(r, "guest")).isCloseTo(1 + 1.0 / HOUR, within(EXACT));
    assertThat(start(r, "big")).isCloseTo(5, within(EXACT));
  }

  @Test
  void aReservedRestOfAGangIsKept() {
    List<JobSpec> jobs =
        List.of(
            job("long", 0, 4, 20 * HOUR),
            job("mid", 0, 8, 5 * HOUR),
            job("big", HOUR, 12, HOUR),
            job("three", HOUR + 1, 3, 30 * HOUR),
            job("brief", HOUR + 2, 3, HOUR));
    SimResult r = on(16, jobs);
    // "big" will take the four chips beside "long" as soon as "mid" ends.
    assertThat(start(r, "big")).isCloseTo(5, within(EXACT));
    assertThat(start(r, "three")).isCloseTo(6, within(EXACT));
    assertThat(start(r, "brief")).isCloseTo(1 + 2.0 / HOUR, within(EXACT));
  }

  private static List<JobSpec> crowd(int count, int gpus) {
    List<JobSpec> jobs = new ArrayList<>();
    for (int i = 0; i < count; i++) jobs.add(lowly("l" + i, 0, gpus, 20 * HOUR, HOUR));
    return jobs;
  }

  @Test
  void severalPartsAreTakenToFreeNodes() {
    SimResult r = on(16, with(crowd(4, 4), urgent("now", HOUR, 16, HOUR, 9)));
    assertThat(start(r, "now")).isCloseTo(1, within(EXACT));
    assertThat(preempted(r)).containsExactly("l0", "l1", "l2", "l3");
    SimResult one = on(16, with(crowd(4, 4), urgent("now", HOUR, 8, HOUR, 9)));
    assertThat(start(one, "now")).isCloseTo(1, within(EXACT));
    assertThat(preempted(one)).containsExactly("l0", "l1");
  }

  @Test
  void severalPartsAreTakenForALargerPart() {
    SimResult r = on(8, with(crowd(4, 2), urgent("now", HOUR, 4, HOUR, 9)));
    assertThat(start(r, "now")).isCloseTo(1, within(EXACT));
    assertThat(preempted(r)).containsExactly("l0", "l1");
  }

  @Test
  void partsAndWholeNodesAreTakenTogether() {
    List<JobSpec> jobs =
        List.of(
            lowly("gang", 0, 20, 20 * HOUR, HOUR),
            lowly("guest", 0, 4, 20 * HOUR, HOUR),
            urgent("keeps", 0, 8, 20 * HOUR, 9),
            urgent("now", HOUR, 24, HOUR, 9));
    SimResult r = on(32, jobs);
    assertThat(start(r, "now")).isCloseTo(1, within(EXACT));
    assertThat(preempted(r)).containsExactly("gang", "guest");
  }

  @Test
  void theLatestAreTakenAndNoneInVain() {
    List<JobSpec> jobs =
        List.of(
            lowly("old", 0, 8, 20 * HOUR, HOUR),
            lowly("left", HOUR, 4, 20 * HOUR, HOUR),
            urgent("stays", HOUR + 1, 4, 20 * HOUR, 9),
            lowly("young", 2 * HOUR, 8, 20 * HOUR, HOUR),
            lowly("last", 3 * HOUR, 24, 20 * HOUR, HOUR),
            urgent("now", 4 * HOUR, 32, HOUR, 5));
    SimResult r = on(48, jobs);
    assertThat(start(r, "now")).isCloseTo(4, within(EXACT));
    // Later than "old", but its node would not come free.
    assertThat(preempted(r)).containsExactly("young", "last");
  }

  @Test
  void aLargeVictimSparesTheSmallOnesOnSharedNodes() {
    List<JobSpec> jobs =
        List.of(
            lowly("gang", 0, 16, 20 * HOUR, HOUR),
            lowly("one", HOUR, 8, 20 * HOUR, HOUR),
            lowly("left", HOUR, 4, 20 * HOUR, HOUR),
            lowly("right", HOUR, 4, 20 * HOUR, HOUR),
            urgent("now", 2 * HOUR, 24, HOUR, 5));
    SimResult r = on(32, jobs);
    assertThat(start(r, "now")).isCloseTo(2, within(EXACT));
    // The gang is needed, and one node more: one job stops for it rather than two.
    assertThat(preempted(r)).containsExactly("gang", "one");
  }

  @Test
  void noJobIsStoppedWhereThatDoesNotHelp() {
    List<JobSpec> jobs =
        List.of(
            lowly("left", 0, 4, 20 * HOUR, HOUR),
            job("right", 0, 4, 5 * HOUR),
            urgent("now", HOUR, 8, HOUR, 9));
    SimResult r = on(8, jobs);
    assertThat(preempted(r)).containsExactly("left");
    assertThat(start(r, "now")).isCloseTo(5, within(EXACT));
  }

  @Test
  void aStoppedJobGoesOnAtOnceWhereItFits() {
    List<JobSpec> jobs =
        List.of(
            job("stays", 0, 4, 30 * HOUR),
            job("ends", 0, 4, HOUR),
            lowly("moves", 0, 4, 20 * HOUR, HOUR),
            urgent("now", 2 * HOUR, 8, HOUR, 9));
    SimResult r = on(16, jobs);
    assertThat(start(r, "now")).isCloseTo(2, within(EXACT));
    // It leaves its node to the other gang and goes on beside "stays".
    assertThat(preempted(r)).containsExactly("moves");
    assertThat(outcome(r, "moves").waitedHours()).isZero();
    assertThat(outcome(r, "moves").finishHours()).isCloseTo(20, within(EXACT));
  }

  @Test
  void anUrgentGangDoesNotWaitForHundredsOfSmallJobs() {
    SplittableRandom random = new SplittableRandom(7);
    List<JobSpec> jobs = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      long submit = i * HOUR / 4;
      long work = 1 + (long) (-Math.log(1 - random.nextDouble()) * 10 * HOUR);
      jobs.add(lowly("s" + i, submit, 1 << random.nextInt(3), work, HOUR));
    }
    jobs.add(urgent("now", 50 * HOUR, 32, 24 * HOUR, 9));
    SimResult r = on(64, jobs);
    assertThat(start(r, "now")).isCloseTo(50, within(EXACT));
    // Four nodes hold at most 32 jobs.
    assertThat(r.report().jobs().preemptions()).isBetween(1, 32);
  }

  /** What the first in the queue was promised when it was last looked at. */
  private static final class Promise {
    private int head = -1;
    private long at;

    /** Jobs of one user start in the order of submission, so the first that waits is reserved. */
    void check(Simulation s) {
      int first = -1;
      for (Job j : s.jobs()) {
        if (j.state == Job.State.WAITING) {
          first = j.index;
          break;
        }
      }
      if (head >= 0 && head != first)
        assertThat(s.jobs().get(head).firstStart).isLessThanOrEqualTo(at);
      if (first >= 0) {
        long start = earliest(s.jobs().get(first), s);
        if (first == head) assertThat(start).isLessThanOrEqualTo(at);
        at = start;
      }
      head = first;
    }

    private static long earliest(Job job, Simulation s) {
      Pool pool = s.pools().getFirst();
      int perNode = pool.spec.chipsPerNode();
      int[] free = new int[pool.spec.nodes()];
      for (int n = 0; n < free.length; n++) free[n] = pool.freeOn(n);
      long at = s.now();
      Iterator<Job> ends = pool.byEnd.iterator();
      while (!fits(job.spec.gpus(), free, perNode)) {
        Job end = ends.next();
        at = end.segment().end();
        for (int n : end.allocation().nodes) free[n] += perNode;
        if (end.allocation().partNode >= 0) {
          free[end.allocation().partNode] += end.allocation().partChips;
        }
      }
      return at;
    }

    private static boolean fits(int gpus, int[] free, int perNode) {
      int whole = 0;
      boolean part = gpus % perNode == 0;
      for (int f : free) {
        if (f == perNode) whole++;
        else if (f >= gpus % perNode) part = true;
      }
      return gpus / perNode + (part ? 0 : 1) <= whole;
    }
  }

  @Property(tries = 200)
  void noJobThatPassesDelaysTheFirst(@ForAll long seed) {
    SplittableRandom r = new SplittableRandom(seed);
    int perNode = r.nextInt(1, 9);
    int chips = r.nextInt(perNode * 3, perNode * 12);
    FleetSpec fleet = fleet(chips, perNode, 4, 2);
    int most = fleet.largestGang(List.of("X"));
    List<JobSpec> jobs = new ArrayList<>();
    long submit = 0;
    for (int i = 0; i < 120; i++) {
      submit += r.nextLong(HOUR);
      int gpus = Math.max(1, (int) (most * Math.pow(r.nextDouble(), 3)));
      jobs.add(job("j" + i, submit, gpus, r.nextLong(1, 10 * HOUR)));
    }
    Promise promise = new Promise();
    SimResult result =
        Simulation.run(
            fleet,
            jobs,
            calm(1000 * DAY),
            Progress.NONE,
            s -> {
              Audit.check(s);
              promise.check(s);
            });
    assertThat(result.report().jobs().finished()).isEqualTo(jobs.size());
  }
}
