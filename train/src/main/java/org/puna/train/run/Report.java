package org.puna.train.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.puna.model.io.OutputFile;
import tools.jackson.databind.JsonNode;

/** Writes {@code report.html}: curves, recipe and samples of a run in one file without scripts. */
public final class Report {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 200;
  private static final int LEFT = 60;
  private static final int BOTTOM = 24;

  private static final String STYLE =
      """
      <!doctype html><html lang="en"><meta charset="utf-8"><title>Training report</title>
      <style>body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
      svg{background:#fff;border:1px solid #ddd}figure{display:inline-block;margin:0 1rem 1rem 0}
      figcaption{font-weight:600}pre{background:#f6f6f6;padding:1rem;overflow:auto;white-space:pre-wrap}
      text{font:11px system-ui,sans-serif;fill:#555}.thin{stroke:#ddd}
      @media(prefers-color-scheme:dark){body{background:#151515;color:#ddd}pre{background:#222}
      svg{background:#1b1b1b;border-color:#333}.thin{stroke:#333}}</style>
      """;

  private Report() {}

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
    h.append(STYLE).append("<h1>").append(escaped(title)).append("</h1>\n");
    if (!metrics.isEmpty()) {
      JsonNode last = metrics.getLast();
      h.append(
          String.format(
              Locale.ROOT,
              "<p>%d steps, %,d tokens, last loss %.4f.</p>%n",
              last.path("step").asLong(0) + 1,
              last.path("tokens").asLong(0),
              last.path("loss").asDouble(0)));
    }
    curve(h, metrics, "loss", "loss (nats per token)");
    curve(h, metrics, "validation_loss", "held-out loss (nats per token)");
    curve(h, metrics, "bits_per_byte", "held-out bits per byte");
    curve(h, metrics, "lr", "learning rate");
    curve(h, metrics, "grad_norm", "gradient norm");
    curve(h, metrics, "tokens_per_second", "tokens per second");
    h.append("<h2>Recipe</h2><pre>").append(escaped(recipe)).append("</pre>\n");
    if (!samples.isEmpty()) h.append("<h2>Samples</h2>\n");
    for (JsonNode s : samples.reversed()) {
      h.append("<h3>Step ").append(s.path("step").asLong(0)).append("</h3><pre>");
      h.append(escaped(s.path("text").asString(""))).append("</pre>\n");
    }
    OutputFile.writeText(folder.resolve("report.html"), h.append("</html>\n").toString());
  }

  private static void curve(StringBuilder h, List<JsonNode> metrics, String key, String caption) {
    List<double[]> points = new ArrayList<>();
    for (JsonNode m : metrics) {
      JsonNode v = m.get(key);
      if (v != null && v.isNumber() && Double.isFinite(v.doubleValue())) {
        points.add(new double[] {m.path("step").asDouble(0), v.doubleValue()});
      }
    }
    if (points.size() < 2) return;
    double x0 = points.getFirst()[0];
    double x1 = Math.max(x0 + 1, points.getLast()[0]);
    double low = points.stream().mapToDouble(p -> p[1]).min().orElse(0);
    double high = points.stream().mapToDouble(p -> p[1]).max().orElse(1);
    if (high <= low) high = low + Math.max(1e-9, Math.abs(low) * 0.1);
    h.append("<figure><figcaption>").append(escaped(caption)).append("</figcaption>\n");
    h.append(
        String.format(
            Locale.ROOT,
            "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" aria-label=\"%s\">%n",
            WIDTH,
            HEIGHT,
            WIDTH,
            escaped(caption)));
    for (int i = 0; i <= 4; i++) {
      double v = low + (high - low) * i / 4;
      double y = y(v, low, high);
      h.append(
          String.format(
              Locale.ROOT,
              "<line class=\"thin\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                  + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.4g</text>%n",
              LEFT,
              WIDTH - 4,
              y,
              y,
              LEFT - 4,
              y + 4,
              v));
    }
    h.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%d\" y=\"%d\">step %.0f</text>"
                + "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.0f</text>%n",
            LEFT,
            HEIGHT - 6,
            x0,
            WIDTH - 4,
            HEIGHT - 6,
            x1));
    h.append("<polyline fill=\"none\" stroke=\"#3b6fb6\" stroke-width=\"1.5\" points=\"");
    int every = Math.max(1, points.size() / 1000);
    for (int i = 0; i < points.size(); i++) {
      if (i % every != 0 && i != points.size() - 1) continue;
      double[] p = points.get(i);
      double x = LEFT + (p[0] - x0) / (x1 - x0) * (WIDTH - 4 - LEFT);
      h.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y(p[1], low, high)));
    }
    h.append("\"/></svg></figure>\n");
  }

  private static double y(double v, double low, double high) {
    return 8 + (high - v) / (high - low) * (HEIGHT - BOTTOM - 12);
  }

  private static String escaped(String s) {
    return s.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
