package org.puna.train.release;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;
import org.puna.train.run.Inputs;
import tools.jackson.databind.json.JsonMapper;

/**
 * A model's card in Markdown, with the head that model hubs read.
 *
 * @param name the model's name
 * @param config its shape
 * @param effort what its run took
 * @param recipe the resolved recipe, YAML
 * @param data what it was trained on, in words
 * @param licence an SPDX name in lower case, such as apache-2.0; empty for one that nobody said,
 *     since a model made from another is under the other's, too
 * @param inputs what a run of further training was given
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
    Optional<String> licence,
    Optional<Inputs> inputs,
    String intendedUse,
    double watts,
    Map<String, Map<String, Double>> scores) {
  /** Texts that YAML takes for something else. */
  private static final Set<String> WORDS =
      Set.of("true", "false", "yes", "no", "on", "off", "y", "n", "null");

  /** Returns the card's text. */
  public String text() {
    StringBuilder out = new StringBuilder();
    out.append("---\n");
    licence.ifPresent(l -> out.append("license: ").append(quoted(l)).append('\n'));
    inputs.ifPresent(i -> out.append("base_model: ").append(quoted(i.model())).append('\n'));
    out.append("pipeline_tag: text-generation\n");
    out.append("tags: [puna, ").append(config.architecture()).append("]\n");
    out.append("---\n\n");
    out.append("# ").append(line(name)).append("\n\n");
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
    inputs.ifPresent(i -> {
      row(out, "base model", i.model());
      i.adapter().ifPresent(a -> row(out, "adapters to begin with", a));
      i.teacher().ifPresent(t -> row(out, "teacher", t));
    });
    row(out, "data", data);
    row(out, "steps", Long.toString(effort.steps()));
    row(out, "tokens", String.format(Locale.ROOT, "%,d", effort.tokens()));
    row(out, "floating-point operations", String.format(Locale.ROOT, "%.2e", effort.flops()));
    row(out, "hours", String.format(Locale.ROOT, "%.2f", effort.seconds() / 3600));
    row(
        out,
        "energy, estimated",
        String.format(Locale.ROOT, "%.3f kWh at %.0f W", effort.kiloWattHours(watts), watts));
    effort.loss().ifPresent(loss -> row(out, loss.label(), loss.number() + " nats a token"));
    out.append("\n## Scores\n\n");
    if (scores.isEmpty()) {
      out.append("None were measured.\n");
    } else {
      out.append("By `puna eval`, as lm-evaluation-harness defines them.\n\n");
      out.append("| task | metric | value |\n|---|---|---|\n");
      scores.forEach((task, metrics) -> scores(out, task, metrics));
    }
    out.append("\n## Licence\n\n");
    out.append(
        licence
            .map(ModelCard::line)
            .orElse(
                "Not stated. The model was made from another one, whose licence applies to it as"
                    + " well."));
    out.append("\n\n");
    out.append("## Recipe\n\n```yaml\n").append(recipe.stripTrailing()).append("\n```\n");
    return out.toString();
  }

  private static void row(StringBuilder out, String name, String value) {
    String cell = line(value).replace("|", "\\|");
    out.append("| ").append(name).append(" | ").append(cell).append(" |\n");
  }

  /** Returns a text on one line. */
  private static String line(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  /** Returns a value of the head: as it is where YAML reads it so, otherwise between quotes. */
  private static String quoted(String value) {
    if (value.matches("[A-Za-z][A-Za-z0-9._/-]*")
        && !WORDS.contains(value.toLowerCase(Locale.ROOT))) {
      return value;
    }
    // What JSON quotes is quoted in YAML, too.
    return JsonMapper.shared().writeValueAsString(value);
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
