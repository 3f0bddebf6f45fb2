package org.puna.fleet.sim.report;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.puna.fleet.sim.SimReport;

/** The plots of a simulation's report. */
final class Plots {
  private static final double WIDE = 1060;
  private static final double HALF = 520;
  private static final int MAX_COLUMNS = 60;

  private final SimReport report;
  private final double hours;

  Plots(SimReport report) {
    this.report = report;
    this.hours = Math.max(report.setup().days() * 24, 1e-6);
  }

  private Scale time(Plot p) {
    return Scale.time(Instant.parse(report.setup().start()), hours, p.left(), p.right());
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** Whether a series is ever more than nothing. */
  static boolean any(List<Double> values) {
    return values.stream().anyMatch(v -> v > 0);
  }

  private static double max(double[] values) {
    double max = 0;
    for (double v : values) max = Math.max(max, v);
    return max;
  }

  /** Chips over time: working, held without progress, idle, out of service. */
  String chips() {
    SimReport.Series s = report.timeline();
    Plot p = new Plot(WIDE, 290, "Chips over time by what they did");
    double[] delivered = array(s.delivered());
    double[] out = array(s.outOfService());
    double[] allocated = array(s.allocated());
    double[] productive = array(s.productive());
    int n = delivered.length;
    double[] zero = new double[n];
    double[] service = new double[n];
    for (int i = 0; i < n; i++) {
      service[i] = delivered[i] - out[i];
      // Kept work is spread over its stretch, so it can pass what was held in a bin by a little.
      productive[i] = Math.min(productive[i], allocated[i]);
    }
    Scale x = time(p);
    Scale y = Scale.counts(max(delivered), p.bottom(), p.top());
    double bin = s.binHours();
    return p.vertical(y)
        .band(x, y, bin, zero, productive, "productive")
        .band(x, y, bin, productive, allocated, "held")
        .band(x, y, bin, allocated, service, "idle")
        .band(x, y, bin, service, delivered, "out")
        .horizontal(x)
        .svg();
  }

  /** One quantity over time as an area. */
  private String area(String label, List<Double> values, String cls) {
    Plot p = new Plot(HALF, 210, label);
    double[] v = array(values);
    Scale x = time(p);
    Scale y = Scale.counts(max(v), p.bottom(), p.top());
    return p.vertical(y)
        .band(x, y, report.timeline().binHours(), new double[v.length], v, cls)
        .horizontal(x)
        .svg();
  }

  String waitingChips() {
    return area(
        "Chips that waiting jobs ask for, over time", report.timeline().waitingChips(), "s5");
  }

  String waitingJobs() {
    return area("Jobs waiting, over time", report.timeline().waitingJobs(), "s1");
  }

  String stranded() {
    return area("Free chips on partly used nodes, over time", report.timeline().stranded(), "s2");
  }

  /** Job stops over time, stacked by category. */
  String stops() {
    Plot p = new Plot(HALF, 210, "Job stops over time by category");
    Map<String, List<Double>> stops = report.timeline().stops();
    int bins = report.timeline().delivered().size();
    int merge = (bins - 1) / MAX_COLUMNS + 1;
    int columns = (bins - 1) / merge + 1;
    double[] total = new double[columns];
    for (List<Double> v : stops.values()) {
      for (int i = 0; i < bins; i++) total[i / merge] += v.get(i);
    }
    Scale x = time(p);
    Scale y = Scale.counts(max(total), p.bottom(), p.top());
    p.vertical(y);
    double[] base = new double[columns];
    double span = report.timeline().binHours() * merge;
    int series = 0;
    for (Map.Entry<String, List<Double>> e : stops.entrySet()) {
      double[] v = new double[columns];
      for (int i = 0; i < bins; i++) v[i / merge] += e.getValue().get(i);
      for (int c = 0; c < columns; c++) {
        double from = x.at(c * span);
        double to = x.at(Math.min((c + 1) * span, hours));
        double top = y.at(base[c] + v[c]);
        String says = e.getKey() + ": " + Numbers.count(v[c]);
        p.bar(from + 0.5, top, to - from - 1, y.at(base[c]) - top, "s" + series % 8, says);
        base[c] += v[c];
      }
      series++;
    }
    return p.horizontal(x).svg();
  }

  /** Stops of each component as bars, with a mark where arithmetic expects them. */
  String components() {
    List<SimReport.ComponentRow> rows =
        report.interruptions().byComponent().stream()
            .sorted(Comparator.comparingInt(r -> -r.jobStops()))
            .limit(24)
            .toList();
    List<String> categories = new ArrayList<>(report.timeline().stops().keySet());
    double rowHeight = 22;
    Plot p = new Plot(WIDE, rows.size() * rowHeight + 24, "Job stops by component");
    double from = 240;
    double most =
        rows.stream().mapToDouble(r -> Math.max(r.jobStops(), r.expected())).max().orElse(1);
    Scale x = Scale.counts(most, from, WIDE - 70);
    for (Scale.Tick t : x.ticks()) {
      double at = x.at(t.value());
      p.line(at, 0, at, rows.size() * rowHeight, "grid");
      p.text(at, rows.size() * rowHeight + 16, "middle", t.label());
    }
    for (int i = 0; i < rows.size(); i++) {
      SimReport.ComponentRow r = rows.get(i);
      double top = i * rowHeight + 4;
      p.text(from - 10, top + 12, "end", r.component());
      String says =
          r.component() + ": " + r.jobStops() + " stops, expected " + Numbers.count(r.expected());
      String cls = "s" + categories.indexOf(r.category()) % 8;
      p.bar(from, top, x.at(r.jobStops()) - from, rowHeight - 8, cls, says);
      p.line(x.at(r.expected()), top - 2, x.at(r.expected()), top + rowHeight - 6, "mark");
      p.text(
          Math.max(x.at(r.jobStops()), x.at(r.expected())) + 8,
          top + 12,
          "start",
          Numbers.count(r.jobStops()));
    }
    return p.svg();
  }

  private static String cdf(String label, List<Double> quantiles, String cls) {
    Plot p = new Plot(HALF, 230, label);
    double[] v = array(quantiles);
    Scale x = Scale.durations(max(v), p.left(), p.right());
    Scale y = Scale.shares(p.bottom(), p.top());
    double[] xs = new double[v.length];
    double[] ys = new double[v.length];
    for (int i = 0; i < v.length; i++) {
      xs[i] = v[i] <= x.min() ? x.from() : x.at(v[i]);
      ys[i] = y.at((double) i / (v.length - 1));
    }
    return p.vertical(y).horizontal(x).line(xs, ys, cls).svg();
  }

  String queueTimes() {
    return cdf("Share of jobs that started within a time", report.queueQuantiles(), "l0");
  }

  String completionTimes() {
    return cdf("Share of jobs that completed within a time", report.completionQuantiles(), "l1");
  }

  /** Where the time of all chips went, as one bar. */
  String chipTime() {
    SimReport.ChipHours h = report.chipHours();
    double[] parts = parts(h);
    Plot p = new Plot(WIDE, 42, "Where the chip time went");
    double x = 0;
    for (int i = 0; i < parts.length; i++) {
      double share = h.delivered() == 0 ? 0 : parts[i] / h.delivered();
      double w = share * WIDE;
      p.bar(x, 4, w, 34, PART_CLASSES[i], PART_NAMES[i] + ": " + Numbers.percent(share));
      x += w;
    }
    return p.svg();
  }

  static final String[] PART_NAMES = {
    "productive", "checkpoints", "lost", "starts and restarts", "idle", "spare", "out of service"
  };
  static final String[] PART_CLASSES = {
    "productive", "saving", "lost", "held", "idle", "spare", "out"
  };

  static double[] parts(SimReport.ChipHours h) {
    return new double[] {
      h.productive(), h.checkpoints(), h.lost(), h.overhead(), h.idle(), h.spare(), h.outOfService()
    };
  }
}
