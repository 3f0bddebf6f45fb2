package org.puna.fleet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class SegmentTest {

  /** Millisecond by millisecond: what the closed form has to agree with. */
  private static Segment.Split stepByStep(Segment s, long now) {
    long overhead = 0;
    long kept = 0;
    long fresh = 0;
    long saving = 0;
    long saved = 0;
    for (long t = s.start(); t < now; t++) {
      long piece = Math.min(s.interval(), s.work() - kept);
      if (overhead < s.overhead()) {
        overhead++;
        continue;
      }
      if (fresh < piece) fresh++;
      else {
        saving++;
        saved++;
      }
      if (fresh == piece && saved == s.save()) {
        kept += fresh;
        fresh = 0;
        saved = 0;
      }
    }
    return new Segment.Split(overhead, kept, saving, fresh);
  }

  @Property
  void crashLosesExactlyWhatWasNotSaved(
      @ForAll @IntRange(max = 20) int overhead,
      @ForAll @IntRange(min = 1, max = 60) int work,
      @ForAll @IntRange(min = 1, max = 20) int interval,
      @ForAll @IntRange(max = 5) int save) {
    Segment s = new Segment(7, overhead, work, interval, save);
    for (long now = 7; now <= s.end(); now++) {
      Segment.Split crash = s.until(now, Segment.Ending.CRASH);
      assertThat(crash).isEqualTo(stepByStep(s, now));
      assertThat(crash.total()).isEqualTo(now - 7);
      Segment.Split reading = s.until(now, Segment.Ending.READING);
      assertThat(reading.total()).isEqualTo(now - 7);
      assertThat(reading.productive()).isEqualTo(crash.productive() + crash.lost());
      Segment.Split announced = s.until(now, Segment.Ending.ANNOUNCED);
      assertThat(announced.total()).isEqualTo(now - 7);
      assertThat(announced.lost()).isZero();
      assertThat(announced.productive()).isBetween(crash.productive(), reading.productive());
    }
    assertThat(s.until(s.end(), Segment.Ending.CRASH).productive()).isEqualTo(work);
    assertThat(s.end()).isEqualTo(7 + overhead + work + (work + interval - 1) / interval * save);
  }

  @Property
  void endNeverOverflows(@ForAll @IntRange(min = 1) int work, @ForAll @IntRange int save) {
    long far = JobSpec.MAX_WORK_MILLIS;
    Segment s = new Segment(far, far, Math.max(1, far - work), 1, far - Math.abs((long) save));
    assertThat(s.end()).isEqualTo(Segment.NEVER);
  }
}
