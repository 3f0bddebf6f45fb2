package org.puna.train.release;

import java.util.List;
import java.util.Optional;
import org.puna.train.run.LastLoss;
import tools.jackson.databind.JsonNode;

/**
 * What a run took, added up from its journal.
 *
 * @param steps steps that were made
 * @param tokens tokens that were trained on
 * @param flops floating-point operations, forward and backward, by the model's formulas
 * @param seconds time in steps
 * @param loss of the last steps, nats per token; empty for a run without steps
 */
public record Effort(
    long steps, long tokens, double flops, double seconds, Optional<LastLoss> loss) {
  private static final double JOULES_PER_KWH = 3.6e6;

  /** Adds up the lines of {@code metrics.jsonl}. */
  public static Effort of(List<JsonNode> metrics) {
    long steps = 0;
    long tokens = 0;
    double flops = 0;
    double seconds = 0;
    for (JsonNode m : metrics) {
      if (!m.has("loss")) continue;
      steps++;
      tokens = Math.max(tokens, m.path("tokens").asLong());
      double s = m.path("seconds").asDouble();
      seconds += s;
      flops += s * m.path("flops_per_second").asDouble();
    }
    return new Effort(steps, tokens, flops, seconds, LastLoss.of(metrics));
  }

  /**
   * Returns the energy at a power, kWh.
   *
   * @param watts power of the machine while it trains
   */
  public double kiloWattHours(double watts) {
    return watts * seconds / JOULES_PER_KWH;
  }
}
