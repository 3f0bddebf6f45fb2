package org.puna.train.release;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;

/**
 * A model's card in Markdown, with the head that model hubs read.
 *
 * @param name the model's name
 * @param config its shape
 * @param effort what its run took
 * @param recipe the resolved recipe, YAML
 * @param data what it was trained on, in words
 * @param licence an SPDX name in lower case, such as apache-2.0
 * @param intendedUse what it is for, and what not
 * @param watts power of the machine that the energy is estimated with
 * @param scores values of metrics by task, in order
 */
public record ModelCard(
    String name,
    ModelConfig config,
    Effort effort,
    String recipe,
    String data,
    String licence,
    String intendedUse,
    double watts,
    Map<String, Map<String, Double>> scores) {

  /** Returns the card's text. */
  public String text() {
    StringBuilder out = new StringBuilder();
    out.append("---\n");
    out.append("license: ").append(licence).append('\n');
    out.append("pipeline_tag: text-generation\n");
    out.append("tags: [puna, ").append(config.architecture()).append("]\n");
    out.append("---\n\n");
    out.append("# ").append(name).append("\n\n");
    out.append("Trained with Puna by the recipe at the end.\n\n");
    out.append("## Intended use\n\n").append(intendedUse).append("\n\n");
    out.append("## The model\n\n| | |\n|---|---|\n");
    row(out, "architecture", config.architecture());
    row(out, "parameters", String.format(Locale.ROOT, "%,d", ModelSize.parameters(config).total()));
    row(out, "layers", Integer.toString(config.nLayers()));
    row(out, "width", Integer.toString(config.dModel()));
    row(out, "vocabulary", Integer.toString(config.vocabSize()));
    row(out, "context", config.contextLength() + " positions");
    out.append("\n## Training\n\n| | |\n|---|---|\n");
    row(out, "data", data);
    row(out, "steps", Long.toString(effort.steps()));
    row(out, "tokens", String.format(Locale.ROOT, "%,d", effort.tokens()));
    row(out, "floating-point operations", String.format(Locale.ROOT, "%.2e", effort.flops()));
    row(out, "hours", String.format(Locale.ROOT, "%.2f", effort.seconds() / 3600));
    row(
        out,
        "energy, estimated",
        String.format(Locale.ROOT, "%.3f kWh at %.0f W", effort.kiloWattHours(watts), watts));
    effort
        .loss()
        .ifPresent(loss ->
            row(out, "last training loss", String.format(Locale.ROOT, "%.4f nats a token", loss)));
    out.append("\n## Scores\n\n");
    if (scores.isEmpty()) {
      out.append("None were measured.\n");
    } else {
      out.append("By `puna eval`, as lm-evaluation-harness defines them.\n\n");
      out.append("| task | metric | value |\n|---|---|---|\n");
      scores.forEach((task, metrics) -> scores(out, task, metrics));
    }
    out.append("\n## Licence\n\n").append(licence).append("\n\n");
    out.append("## Recipe\n\n```yaml\n").append(recipe.stripTrailing()).append("\n```\n");
    return out.toString();
  }

  private static void row(StringBuilder out, String name, String value) {
    out.append("| ").append(name).append(" | ").append(value.replace("|", "\\|")).append(" |\n");
  }

  private static void scores(StringBuilder out, String task, Map<String, Double> metrics) {
    metrics.forEach((metric, value) -> {
      if (metric.endsWith("_stderr") || metric.equals("items")) return;
      String error =
          Optional.ofNullable(metrics.get(metric + "_stderr"))
              .map(e -> String.format(Locale.ROOT, " ± %.4f", e))
              .orElse("");
      out.append(
          String.format(Locale.ROOT, "| %s | %s | %.4f%s |%n", task, metric, value, error)
              .replace("\r\n", "\n"));
    });
  }
}
