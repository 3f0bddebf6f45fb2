package org.puna.fleet.sim;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A job on its way through the simulation. All times in ms; chip time in chip-ms. */
final class Job {
  /** Where a job is. */
  enum State {
    /** Not submitted yet. */
    FUTURE,
    /** In the queue, for the first time or again. */
    WAITING,
    /** Holds its chips. */
    RUNNING,
    /** Complete. */
    DONE
  }

  final JobSpec spec;
  final int index;
  final FairShare.Account team;
  final FairShare.Account user;

  /** Pools that can hold the gang, by the job's preference. */
  final Pool[] pools;

  /** Ms of work between checkpoints. */
  final long interval;

  /** Speed of the preferred chip, which the work is stated for. */
  private final double preferredSpeed;

  State state = State.FUTURE;
  long workLeft;
  long queuedAt;
  long waited;
  long firstStart = -1;
  long finished = -1;
  long nextOverhead;
  int interruptions;
  int planned;
  int preemptions;
  long productive;
  long saving;
  long lost;
  long overhead;

  /** Counts stretches, so that the end of an earlier one is recognised as void. */
  int generation;

  private @Nullable Allocation allocation;
  private @Nullable Segment segment;
  private double speed = 1;

  Job(
      JobSpec spec,
      int index,
      FairShare.Account team,
      FairShare.Account user,
      Pool[] pools,
      long interval,
      long firstOverhead) {
    this.spec = spec;
    this.index = index;
    this.team = team;
    this.user = user;
    this.pools = pools;
    this.interval = interval;
    this.preferredSpeed = pools[0].spec.speed();
    this.workLeft = spec.workMillis();
    this.nextOverhead = firstOverhead;
  }

  /** Ms that a pool needs for work that is done at a share of its speed. */
  private long millisFor(long work, double atSpeed) {
    double millis = Math.ceil(work / atSpeed);
    return atSpeed == 1 ? work : (long) Math.clamp(millis, 1, Segment.NEVER);
  }

  /** Ms from start to end on a pool if nothing disturbs it. */
  long estimate(Pool pool) {
    double s = pool.spec.speed() / preferredSpeed;
    return stretch(0, millisFor(workLeft, s)).end();
  }

  private Segment stretch(long start, long work) {
    return new Segment(start, nextOverhead, work, interval, spec.saveMillis());
  }

  Allocation allocation() {
    return Objects.requireNonNull(allocation, "the job holds no chips");
  }

  Segment segment() {
    return Objects.requireNonNull(segment, "the job does not run");
  }

  /** Takes the chips of a pool. */
  void hold(Allocation chips, double penalty) {
    allocation = chips;
    speed = chips.pool.spec.speed() / preferredSpeed * (1 - penalty);
  }

  /** Gives the chips back. */
  void letGo() {
    allocation = null;
  }

  /** Begins an undisturbed stretch. */
  Segment open(long now) {
    generation++;
    Segment s = stretch(now, millisFor(workLeft, speed));
    segment = s;
    return s;
  }

  /** Ends the stretch and books its time. */
  Segment.Split close(long now, Segment.Ending ending) {
    Segment s = segment();
    Segment.Split split = s.until(now, ending);
    long chips = spec.gpus();
    overhead += split.overhead() * chips;
    productive += split.productive() * chips;
    saving += split.saving() * chips;
    lost += split.lost() * chips;
    boolean complete = split.productive() == s.work();
    long done = speed == 1 ? split.productive() : (long) (split.productive() * speed);
    workLeft = complete ? 0 : Math.max(1, workLeft - done);
    segment = null;
    return split;
  }
}
