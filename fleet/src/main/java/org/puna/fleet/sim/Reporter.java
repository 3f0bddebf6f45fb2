package org.puna.fleet.sim;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/** Turns what was measured into a report. */
final class Reporter {
  private static final double HOUR = 3.6e6;
  private static final int QUANTILES = 100;

  private final FleetSpec fleet;
  private final SimConfig config;
  private final List<Pool> pools;
  private final List<Job> jobs;
  private final Meters meters;
  private final long end;

  Reporter(
      FleetSpec fleet,
      SimConfig config,
      List<Pool> pools,
      List<Job> jobs,
      Meters meters,
      long end) {
    this.fleet = fleet;
    this.config = config;
    this.pools = pools;
    this.jobs = jobs;
    this.meters = meters;
    this.end = end;
  }

  SimResult result(long events, long passes, long looked) {
    List<Job> seen = jobs.stream().filter(j -> j.state != Job.State.FUTURE).toList();
    double[] queued = queueHours(seen);
    List<Job> done = seen.stream().filter(j -> j.state == Job.State.DONE).toList();
    double[] completion = values(done, j -> (j.finished - j.spec.submitMillis()) / HOUR);
    double[] slowdown =
        values(done, j -> (double) (j.finished - j.spec.submitMillis()) / j.spec.workMillis());
    SimReport.ChipHours hours = chipHours();
    long touches = pools.stream().mapToLong(Pool::touches).sum();
    SimReport report =
        new SimReport(
            new SimReport.Setup(
                fleet.name(),
                fleet.chips(),
                config.start().toString(),
                end / (24 * HOUR),
                config.seed()),
            shares(hours),
            hours,
            counts(seen),
            fragmentation(),
            interruptions(),
            Distribution.of(queued),
            Distribution.of(completion),
            Distribution.of(slowdown),
            bySize(seen),
            byTeam(seen),
            byPool(),
            meters.series(Math.max(end, 1)),
            Distribution.quantiles(queued, QUANTILES),
            Distribution.quantiles(completion, QUANTILES),
            new SimReport.Effort(events, passes, looked, touches));
    return new SimResult(report, jobs.stream().map(this::outcome).toList());
  }

  private static double[] values(List<Job> jobs, ToDoubleFunction<Job> value) {
    return jobs.stream().mapToDouble(value).toArray();
  }

  private static double[] queueHours(List<Job> jobs) {
    return jobs.stream()
        .filter(j -> j.firstStart >= 0)
        .mapToDouble(j -> (j.firstStart - j.spec.submitMillis()) / HOUR)
        .toArray();
  }

  private static long sum(long[] values) {
    long sum = 0;
    for (long v : values) sum += v;
    return sum;
  }

  private SimReport.ChipHours chipHours() {
    long delivered = sum(meters.delivered);
    return new SimReport.ChipHours(
        delivered / HOUR,
        (delivered - sum(meters.service)) / HOUR,
        meters.spare / HOUR,
        meters.free / HOUR,
        jobs.stream().mapToLong(j -> j.productive).sum() / HOUR,
        jobs.stream().mapToLong(j -> j.saving).sum() / HOUR,
        jobs.stream().mapToLong(j -> j.lost).sum() / HOUR,
        jobs.stream().mapToLong(j -> j.overhead).sum() / HOUR);
  }

  private SimReport.Shares shares(SimReport.ChipHours hours) {
    double service = sum(meters.service) / HOUR;
    double held = sum(meters.allocated) / HOUR;
    double sinceStart = 0;
    for (Job j : jobs) {
      if (j.firstStart < 0) continue;
      long until = j.state == Job.State.DONE ? j.finished : end;
      sinceStart += (until - j.firstStart) / HOUR * j.spec.gpus();
    }
    return new SimReport.Shares(
        ratio(service, hours.delivered()),
        ratio(held, service),
        ratio(hours.productive(), held),
        ratio(held, hours.delivered()),
        ratio(hours.productive(), hours.delivered()),
        ratio(hours.productive(), sinceStart));
  }

  private static double ratio(double part, double whole) {
    return whole == 0 ? 0 : part / whole;
  }

  private static double share(long part, long whole) {
    return ratio((double) part, (double) whole);
  }

  private static int count(List<Job> jobs, Predicate<Job> which) {
    return (int) jobs.stream().filter(which).count();
  }

  private SimReport.Jobs counts(List<Job> seen) {
    return new SimReport.Jobs(
        seen.size(),
        count(seen, j -> j.state == Job.State.DONE),
        count(seen, j -> j.state == Job.State.RUNNING),
        count(seen, j -> j.state == Job.State.WAITING),
        count(seen, j -> j.firstStart < 0),
        seen.stream().mapToInt(j -> j.preemptions).sum(),
        meters.requeued);
  }

  private SimReport.Fragmentation fragmentation() {
    return new SimReport.Fragmentation(
        share(meters.stranded, meters.free),
        meters.gangChips == 0 ? 1 : meters.leafSpread / meters.gangChips,
        meters.gangChips == 0 ? 1 : meters.podSpread / meters.gangChips,
        share(meters.splitChips, meters.gangChips));
  }

  private SimReport.Interruptions interruptions() {
    double held = sum(meters.allocated) / HOUR;
    List<FailureClass> kinds = config.failures().classes();
    List<SimReport.ComponentRow> rows = new ArrayList<>();
    for (int i = 0; i < kinds.size(); i++) {
      FailureClass k = kinds.get(i);
      rows.add(
          new SimReport.ComponentRow(
              k.component(),
              k.category(),
              k.planned(),
              meters.events[i],
              meters.stops[i],
              k.perChipHour() * config.failureScale() * held));
    }
    return new SimReport.Interruptions(
        jobs.stream().mapToInt(j -> j.interruptions).sum(),
        jobs.stream().mapToInt(j -> j.planned).sum(),
        config.failures().unplannedPerChipHour() * config.failureScale() * held,
        rows);
  }

  private static double held(List<Job> jobs) {
    return jobs.stream().mapToLong(j -> j.productive + j.saving + j.lost + j.overhead).sum() / HOUR;
  }

  private List<SimReport.SizeRow> bySize(List<Job> seen) {
    List<SimReport.SizeRow> rows = new ArrayList<>();
    long from = 1;
    long largest = seen.stream().mapToInt(j -> j.spec.gpus()).max().orElse(0);
    while (from <= largest) {
      // Single chips, parts of a node, then powers of eight.
      long to = from == 1 ? 1 : from == 2 ? 7 : from * 8 - 1;
      long low = from;
      List<Job> some =
          seen.stream().filter(j -> j.spec.gpus() >= low && j.spec.gpus() <= to).toList();
      if (!some.isEmpty()) {
        Distribution q = Distribution.of(queueHours(some));
        double held = held(some);
        rows.add(
            new SimReport.SizeRow(
                (int) low,
                (int) Math.min(to, largest),
                some.size(),
                count(some, j -> j.state == Job.State.DONE),
                held,
                ratio(some.stream().mapToLong(j -> j.productive).sum() / HOUR, held),
                q.p50(),
                q.p95(),
                some.stream().mapToInt(j -> j.interruptions).sum(),
                some.stream().mapToInt(j -> j.preemptions).sum()));
      }
      from = to + 1;
    }
    return rows;
  }

  private List<SimReport.TeamRow> byTeam(List<Job> seen) {
    Map<FairShare.Account, List<Job>> teams = new LinkedHashMap<>();
    for (Job j : seen) teams.computeIfAbsent(j.team, t -> new ArrayList<>()).add(j);
    double shares = teams.keySet().stream().mapToDouble(t -> t.share).sum();
    double all = held(seen);
    List<SimReport.TeamRow> rows = new ArrayList<>();
    teams.forEach((team, some) -> {
      Distribution q = Distribution.of(queueHours(some));
      rows.add(
          new SimReport.TeamRow(
              team.name,
              team.share / shares,
              some.size(),
              count(some, j -> j.state == Job.State.DONE),
              held(some),
              ratio(held(some), all),
              q.p50(),
              q.p95()));
    });
    rows.sort(Comparator.comparing(SimReport.TeamRow::team));
    return rows;
  }

  private List<SimReport.PoolRow> byPool() {
    return pools.stream()
        .map(p ->
            new SimReport.PoolRow(
                p.spec.site(),
                p.spec.chip(),
                p.spec.chips(),
                share(meters.service[p.index], meters.delivered[p.index]),
                share(meters.allocated[p.index], meters.delivered[p.index])))
        .toList();
  }

  private JobOutcome outcome(Job j) {
    return new JobOutcome(
        j.spec.id(),
        j.spec.gpus(),
        switch (j.state) {
          case DONE -> JobOutcome.State.FINISHED;
          case RUNNING -> JobOutcome.State.RUNNING;
          case WAITING -> JobOutcome.State.WAITING;
          case FUTURE -> JobOutcome.State.NOT_SUBMITTED;
        },
        j.spec.submitMillis() / HOUR,
        j.firstStart < 0 ? -1 : j.firstStart / HOUR,
        j.finished < 0 ? -1 : j.finished / HOUR,
        j.waited / HOUR,
        j.productive / HOUR,
        j.saving / HOUR,
        j.lost / HOUR,
        j.overhead / HOUR,
        j.interruptions,
        j.planned,
        j.preemptions);
  }
}
