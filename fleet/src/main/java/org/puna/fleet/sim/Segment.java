package org.puna.fleet.sim;

/**
 * A stretch of time in which a job holds its chips without being disturbed: first overhead (finding
 * the failure, loading the last checkpoint), then work that is interrupted by a checkpoint after
 * every {@code interval} and after the last piece. No event is needed for a checkpoint: where the
 * time went is computed when the stretch ends.
 *
 * @param start when it begins, in ms since the start of the simulation
 * @param overhead ms before the work goes on
 * @param work ms of work until the job is complete, without checkpoints
 * @param interval ms of work between checkpoints, at least 1
 * @param save ms that work stops for one checkpoint
 */
record Segment(long start, long overhead, long work, long interval, long save) {
  /** A time that no simulation reaches, far from the overflow of sums. */
  static final long NEVER = 1L << 60;

  /** How a stretch comes to its end. */
  enum Ending {
    /** Without notice: work since the last complete checkpoint is lost. */
    CRASH,
    /** With notice: the last milliseconds are used to save, nothing is lost. */
    ANNOUNCED,
    /** Not at all; the clock is read while the job goes on. */
    READING
  }

  /**
   * Where the time of a stretch went, in ms.
   *
   * @param overhead waiting for the restart
   * @param productive work that is kept
   * @param saving checkpoints, also one that was cut off
   * @param lost work that must be done again
   */
  record Split(long overhead, long productive, long saving, long lost) {
    long total() {
      return overhead + productive + saving + lost;
    }
  }

  Segment {
    assert overhead >= 0 && work >= 0 && interval > 0 && save >= 0;
  }

  /** Returns the number of checkpoints until the job is complete. */
  long saves() {
    return work == 0 ? 0 : (work - 1) / interval + 1;
  }

  /** Returns when the job is complete if nothing disturbs it; never later than {@link #NEVER}. */
  long end() {
    double about = (double) saves() * save + work + overhead + start;
    return about >= NEVER ? NEVER : start + overhead + work + saves() * save;
  }

  /**
   * Where the time until {@code now} went.
   *
   * @param now between {@link #start} and {@link #end}
   * @param ending how the stretch ends
   */
  Split until(long now, Ending ending) {
    long elapsed = now - start;
    if (elapsed <= overhead) return new Split(elapsed, 0, 0, 0);
    long worked = elapsed - overhead;
    long cycle = interval + save;
    long done = Math.min(worked / cycle, saves());
    long kept = Math.min(done * interval, work);
    long saving = done * save;
    long rest = worked - kept - saving;
    long piece = Math.min(interval, work - kept);
    long fresh = Math.min(rest, piece);
    long cutOff = rest - fresh;
    boolean saved = piece > 0 && fresh == piece && cutOff >= save;
    if (saved) return new Split(overhead, kept + fresh, saving + cutOff, 0);
    return switch (ending) {
      case CRASH -> new Split(overhead, kept, saving + cutOff, fresh);
      case READING -> new Split(overhead, kept + fresh, saving + cutOff, 0);
      case ANNOUNCED -> {
        long spent = cutOff > 0 ? 0 : Math.min(save, fresh);
        yield new Split(overhead, kept + fresh - spent, saving + cutOff + spent, 0);
      }
    };
  }
}
