package org.puna.train.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.puna.model.io.OutputFile;
import tools.jackson.databind.JsonNode;

/** Writes {@code report.html}: curves, recipe and samples of a run in one file without scripts. */
public final class Report {
  private static final int WIDTH = 520;
  private static final int HEIGHT = 220;
  private static final int LEFT = 64;
  private static final int RIGHT = 12;
  private static final int TOP = 10;
  private static final int BOTTOM = 26;

  /** Points of a curve that are drawn at most. */
  private static final int MOST_POINTS = 1000;

  /** Part of the highest values that a scale leaves out where a few outliers would flatten it. */
  private static final double OUTLIERS = 0.01;

  private static final String STYLE =
      """
      <!doctype html><html lang="en"><meta charset="utf-8">
      <meta name="viewport" content="width=device-width"><title>TITLE</title><style>
      :root{color-scheme:light dark;--line:#3b6fb6;--second:#c8553d;--faint:#8884}
      body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
      .curves{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1rem}
      figure{margin:0}figcaption{font-weight:600}svg{width:100%;height:auto}
      table{border-collapse:collapse;margin-bottom:1.5rem}td{padding:.1rem 1.5rem .1rem 0}td+td{font-variant-numeric:tabular-nums}
      pre{background:#8881;padding:1rem;overflow:auto;white-space:pre-wrap;border-radius:.3rem}
      svg text{font:11px system-ui,sans-serif;fill:currentColor;opacity:.7}
      .grid{stroke:var(--faint)}.a{stroke:var(--line)}.b{stroke:var(--second)}
      .a,.b{fill:none;stroke-width:1.5}.key{color:var(--second);font-weight:400}
      </style>
      """;

  private Report() {}

  /** A point of a curve: a step and its value. */
  private record Point(double step, double value) {}

  /**
   * Writes the report of a run.
   *
   * @param folder the run's, which holds {@code metrics.jsonl} and {@code samples.jsonl}
   * @param title the model's name
   * @param recipe the resolved recipe
   */
  public static void write(Path folder, String title, String recipe) {
    List<JsonNode> metrics = Journal.read(folder.resolve("metrics.jsonl"));
    List<JsonNode> samples = Journal.read(folder.resolve("samples.jsonl"));
    StringBuilder h = new StringBuilder();
    h.append(STYLE.replace("TITLE", escaped(title)));
    h.append("<h1>").append(escaped(title)).append("</h1>\n");
    if (!metrics.isEmpty()) facts(h, metrics);
    h.append("<div class=\"curves\">\n");
    List<Point> heldOut = points(metrics, "validation_loss");
    curve(h, points(metrics, "loss"), heldOut, "loss, nats per token");
    curve(h, points(metrics, "bits_per_byte"), List.of(), "bits per byte, held out");
    curve(h, points(metrics, "lr"), List.of(), "learning rate");
    curve(h, points(metrics, "grad_norm"), List.of(), "gradient norm before clipping");
    curve(h, points(metrics, "tokens_per_second"), List.of(), "tokens per second");
    h.append("</div>\n");
    if (!samples.isEmpty()) h.append("<h2>Samples, the latest first</h2>\n");
    for (JsonNode s : samples.reversed()) {
      h.append("<h3>Step ").append(s.path("step").asLong(0) + 1).append("</h3><pre>");
      h.append(escaped(s.path("text").asString(""))).append("</pre>\n");
    }
    h.append("<h2>Recipe</h2><pre>").append(escaped(recipe)).append("</pre>\n");
    OutputFile.writeText(folder.resolve("report.html"), h.append("</html>\n").toString());
  }

  private static void facts(StringBuilder h, List<JsonNode> metrics) {
    JsonNode last = metrics.getLast();
    double seconds = metrics.stream().mapToDouble(m -> m.path("seconds").asDouble(0)).sum();
    double flops =
        metrics.stream()
            .mapToDouble(
                m -> m.path("flops_per_second").asDouble(0) * m.path("seconds").asDouble(0))
            .sum();
    long tokens = last.path("tokens").asLong(0);
    h.append("<table>");
    fact(h, "steps", String.format(Locale.ROOT, "%,d", last.path("step").asLong(0) + 1));
    fact(h, "tokens", String.format(Locale.ROOT, "%,d", tokens));
    fact(h, "time in steps", String.format(Locale.ROOT, "%.2f h", seconds / 3600));
    fact(h, "model FLOPs", String.format(Locale.ROOT, "%.3g", flops));
    if (seconds > 0) {
      fact(h, "mean tokens per second", String.format(Locale.ROOT, "%,.0f", tokens / seconds));
    }
    LastLoss.of(metrics).ifPresent(loss -> fact(h, loss.label(), loss.number()));
    List<Point> heldOut = points(metrics, "validation_loss");
    if (!heldOut.isEmpty()) fact(h, "held-out loss", number(heldOut.getLast().value));
    List<Point> bits = points(metrics, "bits_per_byte");
    if (!bits.isEmpty()) fact(h, "held-out bits per byte", number(bits.getLast().value));
    List<Point> counted = points(metrics, "validation_tokens");
    if (!counted.isEmpty()) {
      fact(h, "held-out tokens", String.format(Locale.ROOT, "%,.0f", counted.getLast().value));
    }
    h.append("</table>\n");
  }

  private static void fact(StringBuilder h, String name, String value) {
    h.append("<tr><td>").append(name).append("</td><td>").append(value).append("</td></tr>\n");
  }

  private static List<Point> points(List<JsonNode> metrics, String key) {
    List<Point> points = new ArrayList<>();
    for (JsonNode m : metrics) {
      JsonNode v = m.get(key);
      if (v != null && v.isNumber() && Double.isFinite(v.doubleValue())) {
        points.add(new Point(m.path("step").asDouble(0) + 1, v.doubleValue()));
      }
    }
    return points;
  }

  /** Round numbers from at most the lowest to at least the highest value. */
  private static double[] ticks(double low, double high) {
    double span = high > low ? high - low : Math.max(1e-9, Math.abs(low) * 0.1);
    double size = Math.pow(10, Math.floor(Math.log10(span / 4)));
    double part = span / 4 / size;
    double step = size * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
    double first = Math.floor(low / step) * step;
    int n = (int) Math.ceil((high - first) / step - 1e-9);
    double[] ticks = new double[Math.max(1, n) + 1];
    for (int i = 0; i < ticks.length; i++) ticks[i] = first + i * step;
    return ticks;
  }

  private static String number(double v) {
    if (v == 0) return "0";
    double size = Math.abs(v);
    if (size >= 1000) return String.format(Locale.ROOT, "%,.0f", v);
    if (size < 1e-3) return String.format(Locale.ROOT, "%.2g", v);
    String s = String.format(Locale.ROOT, "%.4f", v).replaceAll("0+$", "");
    return s.endsWith(".") ? s.substring(0, s.length() - 1) : s;
  }

  private static void curve(
      StringBuilder h, List<Point> points, List<Point> second, String caption) {
    if (points.size() < 2) return;
    double[] values =
        Stream.concat(points.stream(), second.stream())
            .mapToDouble(Point::value)
            .sorted()
            .toArray();
    int skipped = (int) (values.length * OUTLIERS);
    double[] ticks = ticks(values[0], values[values.length - 1 - skipped]);
    double low = ticks[0];
    double high = ticks[ticks.length - 1];
    double x0 = points.getFirst().step;
    double x1 = Math.max(x0 + 1, points.getLast().step);
    h.append("<figure><figcaption>").append(escaped(caption));
    if (second.size() > 1) h.append(" <span class=\"key\">and held out</span>");
    h.append("</figcaption>\n");
    h.append(
        String.format(
            Locale.ROOT,
            "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n",
            WIDTH,
            HEIGHT,
            escaped(caption)));
    for (double v : ticks) {
      h.append(
          String.format(
              Locale.ROOT,
              "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                  + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>%n",
              LEFT,
              WIDTH - RIGHT,
              y(v, low, high),
              y(v, low, high),
              LEFT - 6,
              y(v, low, high) + 4,
              number(v)));
    }
    h.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%d\" y=\"%d\">step %.0f</text>"
                + "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.0f</text>%n",
            LEFT,
            HEIGHT - 8,
            x0,
            WIDTH - RIGHT,
            HEIGHT - 8,
            x1));
    line(h, "a", points, x0, x1, low, high);
    if (second.size() > 1) line(h, "b", second, x0, x1, low, high);
    h.append("</svg></figure>\n");
  }

  private static void line(
      StringBuilder h,
      String style,
      List<Point> points,
      double x0,
      double x1,
      double low,
      double high) {
    h.append("<polyline class=\"").append(style).append("\" points=\"");
    int every = Math.max(1, points.size() / MOST_POINTS);
    for (int i = 0; i < points.size(); i++) {
      if (i % every != 0 && i != points.size() - 1) continue;
      Point p = points.get(i);
      double x = LEFT + (p.step - x0) / (x1 - x0) * (WIDTH - RIGHT - LEFT);
      h.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y(Math.min(p.value, high), low, high)));
    }
    h.append("\"/>\n");
  }

  private static double y(double v, double low, double high) {
    return TOP + (high - v) / (high - low) * (HEIGHT - BOTTOM - TOP);
  }

  private static String escaped(String s) {
    return s.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
