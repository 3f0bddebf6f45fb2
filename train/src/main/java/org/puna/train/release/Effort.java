package org.puna.train.release;

import java.util.List;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;

/**
 * What a run took, added up from its journal.
 *
 * @param steps steps that were made
 * @param tokens tokens that were trained on
 * @param flops floating-point operations, forward and backward, by the model's formulas
 * @param seconds time in steps
 * @param loss mean loss of the last steps, nats per token
 */
public record Effort(long steps, long tokens, double flops, double seconds, OptionalDouble loss) {
  /** Steps over which the last loss is averaged. */
  private static final int LAST = 20;

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
    List<JsonNode> withLoss = metrics.stream().filter(m -> m.has("loss")).toList();
    OptionalDouble loss =
        withLoss.subList(Math.max(0, withLoss.size() - LAST), withLoss.size()).stream()
            .mapToDouble(m -> m.path("loss").asDouble())
            .average();
    return new Effort(steps, tokens, flops, seconds, loss);
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
