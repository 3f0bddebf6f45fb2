package org.puna.fleet.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.puna.fleet.Accelerator;
import org.puna.fleet.Amount;
import org.puna.fleet.Equivalents;
import org.puna.fleet.Equivalents.Basis;
import org.puna.fleet.Inventory;
import org.puna.fleet.estimate.IterationModel;
import org.puna.fleet.plan.Assumptions;
import org.puna.fleet.plan.Plan;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelShapes;

/**
 * The fleet as one self-contained page without scripts: what there is, in H100 equivalents, and a
 * form whose answer the same page shows, by the parameters of a GET request.
 */
public final class FleetPage {
  private final Inventory inventory;
  private final Accelerator unit;
  private final IterationModel estimates;

  /**
   * A page of one fleet.
   *
   * @param inventory the fleet
   * @param unit the chip that is one equivalent, H100-80GB-SXM in most cases
   * @param estimates the model of an iteration for plans
   */
  public FleetPage(Inventory inventory, Accelerator unit, IterationModel estimates) {
    this.inventory = inventory;
    this.unit = unit;
    this.estimates = estimates;
  }

  /**
   * The page, with the plan that the parameters ask for, or with the one line that says what is
   * wrong with them.
   *
   * @param parameters model, tokens, group, gpus, batch, precision; all may be missing
   * @return HTML text; equal parameters give equal text
   */
  public String html(Map<String, String> parameters) {
    PlanQuestion question = new PlanQuestion("", "", "", "", "", "");
    String result = "";
    try {
      question = PlanQuestion.of(parameters);
      if (question.asked()) result = plans(question);
    } catch (BadInput e) {
      result = "<p class=\"wrong\" role=\"alert\">" + escape(String.valueOf(e.getMessage()));
      result += "</p>\n";
    }
    String name = escape(inventory.name());
    return """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Fleet: %s</title>
    <style>
    %s</style>
    </head>
    <body>
    <main>
    <header>
    <p class="kind">Fleet</p>
    <h1>%s</h1>
    </header>
    %s%s%s%s</main>
    </body>
    </html>
    """
        .formatted(name, style(), name, inventory(), form(question), result, assumptions());
  }

  private String inventory() {
    Equivalents.Report r = Equivalents.of(inventory, unit);
    StringBuilder b = new StringBuilder();
    b.append("<section class=\"tiles\">\n");
    tile(b, whole(r.chips()), "chips", inventory.groups().size() + " groups");
    tile(b, whole(total(r, Basis.BF16_PEAK)), unit.name(), "by peak dense BF16");
    tile(b, whole(total(r, Basis.MEMORY_BANDWIDTH)), unit.name(), "by memory bandwidth");
    b.append("</section>\n<h2>What there is</h2>\n");
    b.append("<p class=\"note\">Equivalents of ").append(escape(unit.name()));
    b.append(": no single definition exists, so several stand side by side.</p>\n<table>\n<tr>");
    b.append("<th>site</th><th>chip</th><th>count</th><th>from</th><th>network a chip</th>");
    for (Basis basis : Basis.values()) b.append("<th>").append(basis.title()).append("</th>");
    b.append("</tr>\n");
    for (int i = 0; i < r.rows().size(); i++) {
      Inventory.Group g = inventory.groups().get(i);
      Equivalents.Row row = r.rows().get(i);
      b.append("<tr>").append(cell(g.site())).append(cell(row.chip()));
      b.append(cell(whole(row.count())));
      b.append(cell(g.delivered().map(String::valueOf).orElse("now")));
      b.append(cell(network(g.scaleOutGBps())));
      for (Basis basis : Basis.values()) {
        Double per = row.perChip().get(basis);
        b.append(cell(per == null ? "–" : whole(per * row.count())));
      }
      b.append("</tr>\n");
    }
    b.append("<tr class=\"sum\">").append(cell("all")).append(cell(""));
    b.append(cell(whole(r.chips()))).append(cell("")).append(cell(""));
    for (Basis basis : Basis.values()) b.append(cell(whole(total(r, basis))));
    return b.append("</tr>\n</table>\n").toString();
  }

  private static double total(Equivalents.Report r, Basis basis) {
    return r.total().getOrDefault(basis, 0.0);
  }

  private static String network(OptionalDouble gbps) {
    return gbps.isPresent() ? number("%.0f GB/s", gbps.getAsDouble()) : "–";
  }

  private String form(PlanQuestion q) {
    StringBuilder b = new StringBuilder();
    b.append("<h2 id=\"plan\">Plan a training run</h2>\n<form method=\"get\" action=\"#plan\">\n");
    b.append("<label>Model <input name=\"model\" list=\"models\" required value=\"");
    b.append(escape(q.model())).append("\" placeholder=\"llama-3.1-405b\"></label>\n");
    b.append("<datalist id=\"models\">");
    for (String n : ModelShapes.names()) b.append("<option>").append(escape(n)).append("</option>");
    b.append("</datalist>\n");
    field(b, "Tokens", "tokens", q.tokens(), "15.6T");
    b.append("<label>Chips <select name=\"group\">");
    String chosen = q.group().isEmpty() ? String.valueOf(q.groupIndex(inventory)) : q.group();
    for (int i = 0; i < inventory.groups().size(); i++) {
      Inventory.Group g = inventory.groups().get(i);
      b.append("<option value=\"").append(i).append('"');
      if (chosen.equals(String.valueOf(i))) b.append(" selected");
      b.append('>').append(escape(g.site() + ", " + whole(g.count()) + " " + g.chip().name()));
      b.append("</option>");
    }
    b.append("</select></label>\n");
    field(b, "GPUs at most", "gpus", q.gpus(), "all");
    field(b, "Sequences a step", "batch", q.batch(), "about 16M tokens");
    b.append("<label>Precision <select name=\"precision\"><option value=\"bf16\">BF16</option>");
    b.append("<option value=\"fp8\"").append(q.precision().equals("fp8") ? " selected" : "");
    b.append(">FP8</option></select></label>\n");
    return b.append("<button>Plan</button>\n</form>\n").toString();
  }

  private static void field(
      StringBuilder b, String label, String name, String value, String placeholder) {
    b.append("<label>").append(label).append(" <input name=\"").append(name).append("\" value=\"");
    b.append(escape(value)).append("\" placeholder=\"").append(placeholder).append("\"></label>\n");
  }

  private String plans(PlanQuestion q) {
    List<Plan> plans = q.answer(inventory, estimates);
    Inventory.Group group = inventory.groups().get(q.groupIndex(inventory));
    Plan first = plans.getFirst();
    StringBuilder b = new StringBuilder("<section class=\"tiles\">\n");
    tile(
        b,
        number("%,.1f", first.days()) + " days",
        "on " + whole(first.estimate().gpus()) + " GPUs",
        "with interruptions and what runs report beyond their iterations");
    tile(
        b,
        Amount.words(first.gpuHours()),
        "GPU-hours",
        "between "
            + Amount.words(first.gpuHoursLeast())
            + " and "
            + Amount.words(first.gpuHoursMost()));
    tile(
        b,
        number("%,.2f", first.rentUsd() / 1e6) + " M",
        "US dollars of rent",
        number("%,.0f MWh, ", first.energyMwh()) + number("%,.0f t CO₂", first.carbonTonnes()));
    tile(
        b,
        number("%,.0f", first.interruptions()),
        "interruptions",
        number("one in %.1f h; ", first.hoursBetween())
            + number("save every %.1f min", first.checkpointMinutes()));
    b.append("</section>\n<table>\n<tr><th>layout</th><th>GPUs</th><th>days</th><th>MFU</th>");
    b.append("<th>GPU-hours</th><th>GB of ").append(number("%.0f", group.chip().memoryGb()));
    b.append("</th><th>training time</th></tr>\n");
    for (Plan p : plans) {
      b.append("<tr>").append(cell(p.estimate().run().layout().toString()));
      b.append(cell(whole(p.estimate().gpus()))).append(cell(number("%,.1f", p.days())));
      b.append(cell(number("%.1f%%", 100 * p.estimate().mfu())));
      b.append(cell(Amount.words(p.gpuHours())));
      b.append(cell(number("%.1f", p.estimate().memory().total() / 1e9)));
      b.append(cell(number("%.1f%%", 100 * p.effective()))).append("</tr>\n");
    }
    b.append("</table>\n<details><summary>Assumptions and formulas</summary>\n<ul>\n");
    Assumptions.defaults()
        .on(group.chip())
        .with(group)
        .sources()
        .forEach((what, source) -> item(b, what + ": " + source));
    Plan.formulas().forEach((what, formula) -> item(b, what + ": " + formula));
    return b.append("</ul>\n</details>\n").toString();
  }

  private String assumptions() {
    if (inventory.assumptions().isEmpty()) return "";
    StringBuilder b = new StringBuilder("<h2>What the inventory assumes</h2>\n<ul>\n");
    inventory.assumptions().forEach(a -> item(b, a));
    return b.append("</ul>\n").toString();
  }

  private static void item(StringBuilder b, String text) {
    b.append("<li>").append(escape(text)).append("</li>\n");
  }

  private static void tile(StringBuilder b, String figure, String what, String more) {
    b.append("<div class=\"tile\"><b>").append(escape(figure)).append("</b><span>");
    b.append(escape(what)).append("</span><small>").append(escape(more)).append("</small></div>\n");
  }

  private static String cell(String text) {
    return "<td>" + escape(text) + "</td>";
  }

  private static String whole(double v) {
    return number("%,.0f", v);
  }

  private static String whole(long v) {
    return String.format(Locale.ROOT, "%,d", v);
  }

  private static String number(String format, double v) {
    return String.format(Locale.ROOT, format, v);
  }

  private static String escape(String s) {
    return s.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  private static String style() {
    try (InputStream in = FleetPage.class.getResourceAsStream("fleet.css")) {
      if (in == null) throw new IllegalStateException("fleet.css is missing from the jar");
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
