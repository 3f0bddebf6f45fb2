package org.puna.fleet.sim.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.puna.fleet.sim.Distribution;
import org.puna.fleet.sim.SimReport;

/** The report of a simulation as one HTML page: figures, plots as inline SVG, tables. */
public final class HtmlReport {
  private final SimReport report;
  private final Plots plots;
  private final StringBuilder out = new StringBuilder();

  private HtmlReport(SimReport report) {
    this.report = report;
    this.plots = new Plots(report);
  }

  /**
   * Writes the page.
   *
   * @param report what was found
   * @param assumptions sentences on what the figures rest on
   * @return HTML text; equal reports give equal text
   */
  public static String of(SimReport report, List<String> assumptions) {
    return new HtmlReport(report).page(assumptions);
  }

  private String page(List<String> assumptions) {
    SimReport.Setup s = report.setup();
    String title = Numbers.escape(s.fleet());
    out.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.append("<title>Fleet simulation: ").append(title).append("</title>\n<style>\n");
    out.append(style()).append("</style>\n</head>\n<body>\n<main>\n<header>\n");
    out.append("<p class=\"kind\">Fleet simulation</p>\n<h1>").append(title).append("</h1>\n");
    out.append("<p>").append(Numbers.whole((double) s.chips())).append(" chips, ");
    out.append(decimal(s.days())).append(" days from ").append(s.start(), 0, 10);
    out.append(", seed ").append(s.seed()).append("</p>\n</header>\n");
    tiles();
    chipTime();
    overTime();
    interruptions();
    waiting();
    placement();
    groups();
    section("What the figures rest on", "");
    out.append("<ul>\n");
    assumptions.forEach(a -> out.append("<li>").append(Numbers.escape(a)).append("</li>\n"));
    out.append("</ul>\n</main>\n</body>\n</html>\n");
    return out.toString();
  }

  private static String style() {
    try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
      if (in == null) throw new IllegalStateException("report.css is missing from the jar");
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String decimal(double v) {
    return Numbers.count(Math.rint(v * 10) / 10);
  }

  private void section(String title, String note) {
    out.append("<h2>").append(title).append("</h2>\n");
    if (!note.isEmpty()) out.append("<p class=\"note\">").append(note).append("</p>\n");
  }

  private void tile(String figure, String what, String more) {
    out.append("<div class=\"tile\"><b>").append(figure).append("</b><span>").append(what);
    out.append("</span><small>").append(more).append("</small></div>\n");
  }

  private void tiles() {
    SimReport.Shares s = report.shares();
    SimReport.Interruptions i = report.interruptions();
    SimReport.Jobs j = report.jobs();
    out.append("<div class=\"tiles\">\n");
    tile(
        Numbers.percent(s.goodput()),
        "goodput",
        "kept work of all chip time = "
            + Numbers.percent(s.availability())
            + " in service × "
            + Numbers.percent(s.occupancy())
            + " occupied × "
            + Numbers.percent(s.efficiency())
            + " productive");
    tile(Numbers.percent(s.utilisation()), "utilisation", "chips held by jobs");
    tile(
        Numbers.percent(s.effectiveTraining()),
        "effective training time",
        "kept work of the time since the first start");
    tile(
        Numbers.whole(i.unexpected()),
        "unexpected interruptions",
        "expected "
            + Numbers.whole(i.expected())
            + " ± "
            + Numbers.whole(Math.sqrt(i.expected()))
            + "; planned "
            + Numbers.whole(i.planned()));
    tile(
        Numbers.whole(j.finished()),
        "of " + Numbers.whole(j.submitted()) + " jobs finished",
        j.running() + " running, " + j.waiting() + " waiting at the end");
    tile(
        Numbers.hours(report.queueHours().p95()),
        "queue time, 95th percentile",
        "median "
            + Numbers.hours(report.queueHours().p50())
            + ", mean "
            + Numbers.hours(report.queueHours().mean()));
    out.append("</div>\n");
  }

  private void legend(String[] classes, String[] names) {
    out.append("<p class=\"legend\">");
    for (int i = 0; i < names.length; i++) {
      out.append("<span><svg viewBox=\"0 0 10 10\"><rect class=\"").append(classes[i]);
      out.append("\" width=\"10\" height=\"10\"/></svg>").append(Numbers.escape(names[i]));
      out.append("</span>");
    }
    out.append("</p>\n");
  }

  private void figure(String caption, String svg) {
    out.append("<figure>");
    if (!caption.isEmpty()) out.append("<figcaption>").append(caption).append("</figcaption>");
    out.append(svg).append("</figure>\n");
  }

  private void chipTime() {
    section("Where the chip time went", "");
    figure("", plots.chipTime());
    double[] parts = Plots.parts(report.chipHours());
    String[] names = new String[parts.length];
    for (int i = 0; i < parts.length; i++) {
      double share =
          report.chipHours().delivered() == 0 ? 0 : parts[i] / report.chipHours().delivered();
      names[i] = Plots.PART_NAMES[i] + " " + Numbers.percent(share);
    }
    legend(Plots.PART_CLASSES, names);
  }

  private void overTime() {
    section("Chips over time", "");
    figure("", plots.chips());
    legend(
        new String[] {"productive", "held", "idle", "out"},
        new String[] {
          "productive",
          "held, but starting, saving or losing work",
          "free or spare",
          "out of service"
        });
  }

  private void interruptions() {
    section(
        "What stopped jobs",
        "Bars count job stops; the upright mark is what the rates expect for the chip-hours held.");
    List<String> categories = List.copyOf(report.timeline().stops().keySet());
    if (categories.isEmpty()) {
      out.append("<p>Nothing fails in this simulation.</p>\n");
      return;
    }
    figure("", plots.components());
    String[] classes = new String[categories.size()];
    for (int i = 0; i < classes.length; i++) classes[i] = "s" + i % 8;
    legend(classes, categories.toArray(String[]::new));
  }

  private void waiting() {
    section("Waiting", "");
    out.append("<div class=\"two\">\n");
    if (Plots.any(report.timeline().waitingJobs())) {
      figure("Jobs in the queue", plots.waitingJobs());
      figure("Chips they ask for", plots.waitingChips());
    }
    if (report.completionHours().n() > 0) {
      figure("Jobs that started within …", plots.queueTimes());
      figure("Jobs that completed within …", plots.completionTimes());
    }
    out.append("</div>\n");
    if (!Plots.any(report.timeline().waitingJobs())) {
      out.append("<p class=\"note\">No job waited.</p>\n");
    }
    table("", "mean", "median", "90%", "95%", "99%", "longest");
    distribution("from submission to first start", report.queueHours());
    distribution("from submission to completion", report.completionHours());
    Distribution d = report.slowdown();
    row(
        "completion over undisturbed work",
        times(d.mean()),
        times(d.p50()),
        times(d.p90()),
        times(d.p95()),
        times(d.p99()),
        times(d.max()));
    out.append("</table>\n");
  }

  private static String times(double v) {
    return String.format(Locale.ROOT, "%.2f×", v);
  }

  private void distribution(String name, Distribution d) {
    row(
        name,
        Numbers.hours(d.mean()),
        Numbers.hours(d.p50()),
        Numbers.hours(d.p90()),
        Numbers.hours(d.p95()),
        Numbers.hours(d.p99()),
        Numbers.hours(d.max()));
  }

  private void placement() {
    SimReport.Fragmentation f = report.fragmentation();
    section(
        "Placement",
        String.format(
            Locale.ROOT,
            "Gangs spanned %.2f times the fewest possible leaves and %.2f times the fewest pods; %s"
                + " of the chips were in gangs split over pods that one could have held. %s of the"
                + " free chips were on partly used nodes.",
            f.leafSpread(),
            f.podSpread(),
            Numbers.percent(f.splitGangs()),
            Numbers.percent(f.strandedShare())));
    out.append("<div class=\"two\">\n");
    if (Plots.any(report.timeline().stranded())) {
      figure("Free chips on partly used nodes", plots.stranded());
    }
    if (!report.timeline().stops().isEmpty()) figure("Job stops over time", plots.stops());
    out.append("</div>\n");
  }

  private void groups() {
    section("By size of the gang", "");
    table(
        "chips",
        "jobs",
        "finished",
        "chip-hours",
        "efficiency",
        "median queue",
        "95% queue",
        "interruptions",
        "preemptions");
    for (SimReport.SizeRow r : report.bySize()) {
      String range =
          r.fromGpus() == r.toGpus()
              ? Numbers.whole(r.fromGpus())
              : Numbers.whole(r.fromGpus()) + " to " + Numbers.whole(r.toGpus());
      row(
          range,
          Numbers.whole(r.submitted()),
          Numbers.whole(r.finished()),
          Numbers.count(r.chipHours()),
          Numbers.percent(r.efficiency()),
          Numbers.hours(r.medianQueueHours()),
          Numbers.hours(r.p95QueueHours()),
          Numbers.whole(r.interruptions()),
          Numbers.whole(r.preemptions()));
    }
    out.append("</table>\n");
    section("By team", "");
    table("team", "jobs", "finished", "share", "used", "chip-hours", "median queue", "95% queue");
    for (SimReport.TeamRow r : report.byTeam()) {
      row(
          r.team(),
          Numbers.whole(r.submitted()),
          Numbers.whole(r.finished()),
          Numbers.percent(r.share()),
          Numbers.percent(r.used()),
          Numbers.count(r.chipHours()),
          Numbers.hours(r.medianQueueHours()),
          Numbers.hours(r.p95QueueHours()));
    }
    out.append("</table>\n");
    section("By pool", "");
    table("site", "chip", "chips", "in service", "utilisation");
    for (SimReport.PoolRow r : report.byPool()) {
      row(
          r.site(),
          r.chip(),
          Numbers.whole(r.chips()),
          Numbers.percent(r.availability()),
          Numbers.percent(r.utilisation()));
    }
    out.append("</table>\n");
  }

  private void table(String... headings) {
    out.append("<table>\n<tr>");
    for (String h : headings) out.append("<th>").append(h).append("</th>");
    out.append("</tr>\n");
  }

  private void row(String... cells) {
    out.append("<tr>");
    for (String c : cells) out.append("<td>").append(Numbers.escape(c)).append("</td>");
    out.append("</tr>\n");
  }
}
