package org.puna.app.fleet;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.puna.app.cli.Table;
import org.puna.fleet.sim.Distribution;
import org.puna.fleet.sim.SimReport;

/** The report of a simulation as plain text tables. */
final class SimulateText {
  private SimulateText() {}

  /**
   * One figure over many seeds.
   *
   * @param figure its name
   * @param mean over the runs
   * @param sd standard deviation of the runs
   * @param min smallest
   * @param max largest
   */
  record Spread(String figure, double mean, double sd, double min, double max) {}

  static String of(SimReport r) {
    SimReport.Setup s = r.setup();
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "%s: %,d chips, %s days from %s, seed %d%n%n",
            s.fleet(),
            s.chips(),
            number(s.days()),
            s.start(),
            s.seed()));
    shares(r, out);
    chipHours(r, out);
    interruptions(r, out);
    times(r, out);
    sizes(r, out);
    teams(r, out);
    pools(r, out);
    SimReport.Effort e = r.effort();
    out.append(
        String.format(
            Locale.ROOT,
            "%,d events, %,d scheduling passes, %,d node updates%n",
            e.events(),
            e.passes(),
            e.nodeUpdates()));
    return out.toString().replace(System.lineSeparator(), "\n");
  }

  private static void shares(SimReport r, StringBuilder out) {
    SimReport.Shares s = r.shares();
    Table t = new Table("SHARE", "VALUE", "MEANING");
    t.row("goodput", percent(s.goodput()), "kept work of all chip time");
    t.row("= availability", percent(s.availability()), "chips in service of those delivered");
    t.row("× occupancy", percent(s.occupancy()), "chips held by jobs of those in service");
    t.row("× efficiency", percent(s.efficiency()), "kept work of the time chips were held");
    t.row("utilisation", percent(s.utilisation()), "chips held by jobs of those delivered");
    t.row(
        "effective training time",
        percent(s.effectiveTraining()),
        "kept work of the time since the first start");
    SimReport.Fragmentation f = r.fragmentation();
    t.row("stranded", percent(f.strandedShare()), "free chips on partly used nodes");
    t.row("leaf spread", number(f.leafSpread()), "leaves of a gang over the fewest possible");
    t.row("pod spread", number(f.podSpread()), "pods of a gang over the fewest possible");
    t.row("split gangs", percent(f.splitGangs()), "of chips in gangs that one pod could have held");
    out.append(t.text()).append('\n');
  }

  private static void chipHours(SimReport r, StringBuilder out) {
    SimReport.ChipHours h = r.chipHours();
    Table t = new Table("CHIP TIME", "CHIP-HOURS", "SHARE");
    String[] names = {
      "productive", "checkpoints", "lost", "starts and restarts", "idle", "spare", "out of service"
    };
    double[] parts = {
      h.productive(), h.checkpoints(), h.lost(), h.overhead(), h.idle(), h.spare(), h.outOfService()
    };
    for (int i = 0; i < parts.length; i++) {
      t.row(
          names[i],
          String.format(Locale.ROOT, "%,.0f", parts[i]),
          percent(h.delivered() == 0 ? 0 : parts[i] / h.delivered()));
    }
    t.row("delivered", String.format(Locale.ROOT, "%,.0f", h.delivered()), percent(1));
    out.append(t.text()).append('\n');
  }

  private static void interruptions(SimReport r, StringBuilder out) {
    SimReport.Interruptions i = r.interruptions();
    if (i.byComponent().isEmpty()) return;
    Table t = new Table("COMPONENT", "CATEGORY", "FAILURES", "JOB STOPS", "EXPECTED");
    for (SimReport.ComponentRow c : i.byComponent()) {
      t.row(c.component(), c.category(), c.events(), c.jobStops(), number(c.expected()));
    }
    out.append(t.text());
    out.append(
        String.format(
            Locale.ROOT,
            "%,d unexpected interruptions, expected %s ± %s (σ); %,d planned%n%n",
            i.unexpected(),
            number(i.expected()),
            number(Math.sqrt(i.expected())),
            i.planned()));
  }

  private static void times(SimReport r, StringBuilder out) {
    SimReport.Jobs j = r.jobs();
    out.append(
        String.format(
            Locale.ROOT,
            "%,d jobs submitted: %,d finished, %,d running, %,d waiting (%,d never started);"
                + " %,d preemptions, %,d times requeued after a failure%n",
            j.submitted(),
            j.finished(),
            j.running(),
            j.waiting(),
            j.neverStarted(),
            j.preemptions(),
            j.requeued()));
    Table t = new Table("HOURS", "MEAN", "P50", "P90", "P95", "P99", "MAX");
    row(t, "queue", r.queueHours());
    row(t, "completion", r.completionHours());
    row(t, "completion / work", r.slowdown());
    out.append(t.text()).append('\n');
  }

  private static void row(Table t, String name, Distribution d) {
    t.row(
        name,
        number(d.mean()),
        number(d.p50()),
        number(d.p90()),
        number(d.p95()),
        number(d.p99()),
        number(d.max()));
  }

  private static void sizes(SimReport r, StringBuilder out) {
    Table t =
        new Table(
            "GANG",
            "JOBS",
            "FINISHED",
            "CHIP-HOURS",
            "EFFICIENCY",
            "QUEUE P50 h",
            "P95 h",
            "INTERRUPTIONS",
            "PREEMPTIONS");
    for (SimReport.SizeRow s : r.bySize()) {
      t.row(
          s.fromGpus() == s.toGpus() ? s.fromGpus() : s.fromGpus() + "–" + s.toGpus(),
          s.submitted(),
          s.finished(),
          String.format(Locale.ROOT, "%,.0f", s.chipHours()),
          percent(s.efficiency()),
          number(s.medianQueueHours()),
          number(s.p95QueueHours()),
          s.interruptions(),
          s.preemptions());
    }
    out.append(t.text()).append('\n');
  }

  private static void teams(SimReport r, StringBuilder out) {
    if (r.byTeam().size() < 2) return;
    Table t =
        new Table(
            "TEAM", "JOBS", "FINISHED", "SHARE", "USED", "CHIP-HOURS", "QUEUE P50 h", "P95 h");
    for (SimReport.TeamRow s : r.byTeam()) {
      t.row(
          s.team(),
          s.submitted(),
          s.finished(),
          percent(s.share()),
          percent(s.used()),
          String.format(Locale.ROOT, "%,.0f", s.chipHours()),
          number(s.medianQueueHours()),
          number(s.p95QueueHours()));
    }
    out.append(t.text()).append('\n');
  }

  private static void pools(SimReport r, StringBuilder out) {
    Table t = new Table("SITE", "CHIP", "CHIPS", "IN SERVICE", "UTILISATION");
    for (SimReport.PoolRow p : r.byPool()) {
      t.row(p.site(), p.chip(), p.chips(), percent(p.availability()), percent(p.utilisation()));
    }
    out.append(t.text()).append('\n');
  }

  static List<Spread> spreads(List<SimReport> reports) {
    List<Spread> rows = new ArrayList<>();
    rows.add(spread("unexpected interruptions", reports, r -> r.interruptions().unexpected()));
    rows.add(spread("planned interruptions", reports, r -> r.interruptions().planned()));
    rows.add(spread("effective training time", reports, r -> r.shares().effectiveTraining()));
    rows.add(spread("goodput", reports, r -> r.shares().goodput()));
    rows.add(spread("utilisation", reports, r -> r.shares().utilisation()));
    rows.add(spread("efficiency", reports, r -> r.shares().efficiency()));
    rows.add(spread("availability", reports, r -> r.shares().availability()));
    rows.add(spread("mean queue hours", reports, r -> r.queueHours().mean()));
    rows.add(spread("p95 queue hours", reports, r -> r.queueHours().p95()));
    rows.add(spread("jobs finished", reports, r -> r.jobs().finished()));
    return rows;
  }

  private static Spread spread(
      String name, List<SimReport> reports, ToDoubleFunction<SimReport> figure) {
    double[] v = reports.stream().mapToDouble(figure).toArray();
    double mean = 0;
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    for (double x : v) {
      mean += x / v.length;
      min = Math.min(min, x);
      max = Math.max(max, x);
    }
    double squares = 0;
    for (double x : v) squares += (x - mean) * (x - mean);
    return new Spread(name, mean, Math.sqrt(squares / (v.length - 1)), min, max);
  }

  static String of(List<Spread> spreads, long seed) {
    Table t = new Table("FIGURE", "MEAN", "SD", "MIN", "MAX");
    for (Spread s : spreads) {
      t.row(s.figure(), number(s.mean()), number(s.sd()), number(s.min()), number(s.max()));
    }
    return t.text() + "seeds from " + seed + "\n";
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f%%", share * 100);
  }

  /** Four figures that count, without an exponent. */
  private static String number(double v) {
    if (v == Math.rint(v) && Math.abs(v) < 1e15) return String.format(Locale.ROOT, "%,.0f", v);
    double a = Math.abs(v);
    String format = a >= 1000 ? "%,.0f" : a >= 100 ? "%.1f" : a >= 10 ? "%.2f" : "%.4f";
    return String.format(Locale.ROOT, format, v);
  }
}
