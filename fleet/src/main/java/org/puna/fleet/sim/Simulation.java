package org.puna.fleet.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;
import org.puna.model.config.BadInput;

/**
 * A fleet that runs jobs, event by event: submissions, completions, failures, repairs, deliveries
 * and maintenance. After all events of one moment a {@link Scheduler} pass starts what may start.
 * The cost grows with the number of events and with the nodes that placements touch, not with chips
 * times time: checkpoints need no events ({@link Segment}) and failures are superposed ({@link
 * Failures}).
 */
public final class Simulation {
  private static final int PROGRESS_EVENTS = 4096;
  private static final double MAX_CHIP_MILLIS = 9e18;

  /** Something that happens. */
  private sealed interface Event {
    record Submit(Job job) implements Event {}

    record Finish(Job job, int generation) implements Event {}

    record Fail(int kind) implements Event {}

    record Repaired(Pool pool, int node) implements Event {}

    record Deliver(Pool pool) implements Event {}

    record Maintain(Pool pool, int leaf) implements Event {}
  }

  private record Entry(long at, long order, Event event) {}

  private final FleetSpec fleet;
  private final SimConfig config;
  private final List<Pool> pools = new ArrayList<>();
  private final List<Job> jobs = new ArrayList<>();
  private final List<Job> bySubmission;
  private final WaitQueue queue = new WaitQueue();
  private final FairShare fairShare;
  private final Scheduler scheduler;
  private final Failures failures;
  private final Meters meters;
  private final PriorityQueue<Entry> events =
      new PriorityQueue<>(
          Comparator.<Entry>comparingLong(Entry::at).thenComparingLong(Entry::order));
  private final List<Job> preempted = new ArrayList<>();
  private long now;
  private long order;
  private long handled;
  private int submitted;
  private int open;
  private boolean changed;

  private Simulation(FleetSpec fleet, List<JobSpec> specs, SimConfig config) {
    if ((double) fleet.chips() * config.horizonMillis() > MAX_CHIP_MILLIS) {
      throw new BadInput("simulation: chips times days are too many to count; simulate fewer days");
    }
    this.fleet = fleet;
    this.config = config;
    for (PoolSpec spec : fleet.pools()) pools.add(new Pool(spec, pools.size()));
    fairShare = new FairShare(config.policy().halfLifeMillis(), config.policy().teams());
    Map<List<String>, Pool[]> candidates = new LinkedHashMap<>();
    for (JobSpec spec : specs) jobs.add(job(spec, candidates));
    bySubmission = new ArrayList<>(jobs);
    bySubmission.sort(Comparator.comparingLong(j -> j.spec.submitMillis()));
    open = jobs.size();
    failures = new Failures(config, fleet.chips());
    meters = new Meters(pools, queue, config.failures().classes());
    scheduler = new Scheduler(config.policy(), queue, new Doing(), pools.size());
  }

  private Job job(JobSpec spec, Map<List<String>, Pool[]> candidates) {
    Pool[] known =
        candidates.computeIfAbsent(
            spec.chips(),
            kinds ->
                kinds.stream()
                    .flatMap(k -> pools.stream().filter(p -> p.spec.chip().equals(k)))
                    .toArray(Pool[]::new));
    Pool[] fitting =
        Arrays.stream(known).filter(p -> p.spec.largestGang() >= spec.gpus()).toArray(Pool[]::new);
    FairShare.Account team = fairShare.team(spec.team());
    if (fitting.length == 0 || spec.gpus() > team.quotaChips) {
      throw new BadInput(
          "job "
              + spec.id()
              + ": a gang of "
              + spec.gpus()
              + " "
              + String.join(" or ", spec.chips())
              + " never fits the fleet or the quota of team "
              + spec.team()
              + "; reduce gpus or name another chip");
    }
    return new Job(
        spec,
        jobs.size(),
        team,
        fairShare.user(team, spec.user()),
        fitting,
        config.interval(spec),
        config.overheads().startMillis());
  }

  /**
   * Simulates until every job is complete or the horizon is reached.
   *
   * @param fleet where jobs run
   * @param jobs what runs
   * @param config everything else
   * @param progress hears how far it is
   * @return the report and what became of each job
   * @throws BadInput if a gang never fits, or the failures are too many to simulate
   */
  public static SimResult run(
      FleetSpec fleet, List<JobSpec> jobs, SimConfig config, Progress progress) {
    return run(fleet, jobs, config, progress, s -> {});
  }

  /** As above; the observer sees the state after every moment at which something happened. */
  static SimResult run(
      FleetSpec fleet,
      List<JobSpec> jobs,
      SimConfig config,
      Progress progress,
      Consumer<Simulation> observer) {
    Simulation s = new Simulation(fleet, jobs, config);
    s.simulate(progress, observer);
    return s.result();
  }

  private void simulate(Progress progress, Consumer<Simulation> observer) {
    plan();
    while (open > 0 && !events.isEmpty() && events.element().at() <= config.horizonMillis()) {
      now = events.element().at();
      meters.advance(now);
      while (!events.isEmpty() && events.element().at() == now) {
        handle(events.remove().event());
        if (++handled % PROGRESS_EVENTS == 0) progress.at(now, config.horizonMillis(), handled);
      }
      if (changed && queue.jobs() > 0) schedule();
      changed = false;
      observer.accept(this);
    }
    if (open > 0) now = config.horizonMillis();
    meters.advance(now);
    for (Job job : jobs) {
      if (job.state == Job.State.RUNNING) close(job, Segment.Ending.READING);
      if (job.state == Job.State.WAITING) job.waited += now - job.queuedAt;
    }
    progress.at(now, config.horizonMillis(), handled);
  }

  /** Starts what may start; a preempted job may fit elsewhere, and stop only lesser ones for it. */
  private void schedule() {
    boolean stopped;
    do {
      scheduler.pass(now);
      stopped = !preempted.isEmpty();
      preempted.forEach(queue::add);
      preempted.clear();
    } while (stopped);
  }

  private void plan() {
    for (Pool pool : pools) {
      if (pool.spec.readyMillis() == 0) {
        pool.deliver();
      } else {
        at(pool.spec.readyMillis(), new Event.Deliver(pool));
      }
      config.maintenance().ifPresent(m -> at(pause(m, pool), new Event.Maintain(pool, 0)));
    }
    for (int i = 0; i < config.failures().classes().size(); i++) planFailure(i);
    if (!bySubmission.isEmpty()) {
      Job first = bySubmission.getFirst();
      at(first.spec.submitMillis(), new Event.Submit(first));
    }
  }

  private void at(long time, Event event) {
    events.add(new Entry(time, order++, event));
  }

  private void planFailure(int kind) {
    long time = failures.draw(kind);
    if (time <= config.horizonMillis()) at(time, new Event.Fail(kind));
  }

  private static long pause(SimConfig.Maintenance m, Pool pool) {
    return Math.max(1, m.everyMillis() / pool.spec.leaves());
  }

  private void handle(Event event) {
    switch (event) {
      case Event.Submit(Job job) -> submit(job);
      case Event.Finish(Job job, int generation) -> {
        if (generation == job.generation && job.state == Job.State.RUNNING) finish(job);
      }
      case Event.Fail(int kind) -> fail(kind);
      case Event.Repaired(Pool pool, int node) -> {
        pool.returning.computeIfPresent(now, (t, n) -> n == 1 ? null : n - 1);
        pool.repair(node);
        changed = true;
      }
      case Event.Deliver(Pool pool) -> {
        pool.deliver();
        changed = true;
      }
      case Event.Maintain(Pool pool, int leaf) -> maintain(pool, leaf);
    }
  }

  private void submit(Job job) {
    submitted++;
    job.state = Job.State.WAITING;
    job.queuedAt = now;
    queue.add(job);
    changed = true;
    if (submitted < bySubmission.size()) {
      Job next = bySubmission.get(submitted);
      at(next.spec.submitMillis(), new Event.Submit(next));
    }
  }

  private void finish(Job job) {
    unlist(job);
    close(job, Segment.Ending.READING);
    giveBack(job);
    job.state = Job.State.DONE;
    job.finished = now;
    open--;
  }

  /** Begins or goes on: the stretch, its end, and the pool's lists. */
  private void proceed(Job job, long overhead) {
    job.nextOverhead = overhead;
    Segment stretch = job.open(now);
    if (stretch.end() <= config.horizonMillis()) {
      at(stretch.end(), new Event.Finish(job, job.generation));
    }
    Pool pool = job.allocation().pool;
    pool.byEnd.add(job);
    if (job.spec.preemptible()) pool.preemptible.add(job);
  }

  private void unlist(Job job) {
    Pool pool = job.allocation().pool;
    pool.byEnd.remove(job);
    pool.preemptible.remove(job);
  }

  private void close(Job job, Segment.Ending ending) {
    long begun = job.segment().start();
    Segment.Split split = job.close(now, ending);
    meters.productive(begun + split.overhead(), now, split.productive() * job.spec.gpus());
  }

  private void giveBack(Job job) {
    job.allocation().pool.release(job);
    fairShare.change(job, -job.spec.gpus(), now);
    changed = true;
  }

  private void queueAgain(Job job, long overhead) {
    giveBack(job);
    job.state = Job.State.WAITING;
    job.queuedAt = now;
    job.nextOverhead = overhead;
  }

  /** What the scheduler does. */
  private final class Doing implements Scheduler.Actions {
    @Override
    public void start(Job job, Pool pool) {
      Allocation chips = pool.allocate(job);
      if (chips == null) throw new IllegalStateException("the scheduler chose a pool without room");
      meters.placed(chips);
      boolean spread = chips.pods > chips.fewestPods();
      job.hold(chips, spread ? config.policy().spreadPenalty() : 0);
      job.state = Job.State.RUNNING;
      job.waited += now - job.queuedAt;
      if (job.firstStart < 0) job.firstStart = now;
      fairShare.change(job, job.spec.gpus(), now);
      proceed(job, job.nextOverhead);
    }

    @Override
    public void preempt(Job job) {
      unlist(job);
      boolean saves = config.policy().preemptionSaves();
      close(job, saves ? Segment.Ending.ANNOUNCED : Segment.Ending.CRASH);
      job.preemptions++;
      queueAgain(job, config.overheads().restartMillis());
      preempted.add(job);
    }
  }

  private void fail(int kind) {
    planFailure(kind);
    FailureClass what = failures.kind(kind);
    long chip = failures.chip(kind);
    int p = 0;
    while (chip >= pools.get(p).spec.chips()) chip -= pools.get(p++).spec.chips();
    Pool pool = pools.get(p);
    int node = (int) (chip / pool.spec.chipsPerNode());
    switch (what.scope()) {
      case JOB -> {
        Job job = pool.jobOn(node, (int) (chip % pool.spec.chipsPerNode()));
        if (job == null) return;
        meters.events[kind]++;
        meters.stopped(kind, now);
        interrupt(job, what.planned());
      }
      case NODE -> takeOut(pool, node, node + 1, failures.repairMillis(kind), kind);
      case LEAF -> {
        int first = node / pool.spec.nodesPerLeaf() * pool.spec.nodesPerLeaf();
        int end = Math.min(first + pool.spec.nodesPerLeaf(), pool.spec.nodes());
        takeOut(pool, first, end, failures.repairMillis(kind), kind);
      }
    }
  }

  private void maintain(Pool pool, int leaf) {
    SimConfig.Maintenance m = config.maintenance().orElseThrow();
    at(now + pause(m, pool), new Event.Maintain(pool, (leaf + 1) % pool.spec.leaves()));
    int first = leaf * pool.spec.nodesPerLeaf();
    int end = Math.min(first + pool.spec.nodesPerLeaf(), pool.spec.nodes());
    takeOut(pool, first, end, m.lastsMillis(), -1);
  }

  /** Takes nodes out of service, and stops and mends their jobs; kind −1 is maintenance. */
  private void takeOut(Pool pool, int first, int end, long millis, int kind) {
    Set<Job> hit = new LinkedHashSet<>();
    int down = 0;
    for (int node = first; node < end; node++) {
      if (!pool.fail(node)) continue;
      down++;
      hit.addAll(pool.jobsOn(node));
      at(now + millis, new Event.Repaired(pool, node));
    }
    if (down == 0) return;
    pool.returning.merge(now + millis, down, Integer::sum);
    boolean planned = kind < 0 || failures.kind(kind).planned();
    if (kind >= 0) meters.events[kind]++;
    for (Job job : hit) {
      if (kind >= 0) meters.stopped(kind, now);
      interrupt(job, planned);
    }
  }

  private void interrupt(Job job, boolean planned) {
    unlist(job);
    close(job, planned ? Segment.Ending.ANNOUNCED : Segment.Ending.CRASH);
    if (planned) {
      job.planned++;
    } else {
      job.interruptions++;
    }
    SimConfig.Overheads o = config.overheads();
    long overhead = (planned ? 0 : o.detectMillis()) + o.restartMillis();
    if (job.allocation().pool.replaceLost(job)) {
      proceed(job, overhead);
    } else {
      meters.requeued++;
      queueAgain(job, overhead);
      queue.add(job);
    }
  }

  private SimResult result() {
    return new Reporter(fleet, config, pools, jobs, meters, now)
        .result(handled, scheduler.passes(), scheduler.looked());
  }

  List<Pool> pools() {
    return pools;
  }

  List<Job> jobs() {
    return jobs;
  }

  long now() {
    return now;
  }
}
