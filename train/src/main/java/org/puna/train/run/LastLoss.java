package org.puna.train.run;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * What the training loss of a run came to: a mean over its last steps, since that of one step says
 * more about its texts than about the model.
 *
 * @param mean of the losses
 * @param steps how many
 */
public record LastLoss(double mean, int steps) {
  private static final int MOST = 20;

  /** Returns that of the lines of {@code metrics.jsonl}, where one has a loss. */
  public static Optional<LastLoss> of(List<JsonNode> metrics) {
    List<JsonNode> all = metrics.stream().filter(m -> m.path("loss").isNumber()).toList();
    List<JsonNode> last = all.subList(Math.max(0, all.size() - MOST), all.size());
    if (last.isEmpty()) return Optional.empty();
    double mean = last.stream().mapToDouble(m -> m.path("loss").doubleValue()).average().orElse(0);
    return Optional.of(new LastLoss(mean, last.size()));
  }

  /** Returns what tables call it. */
  public String label() {
    return steps == 1
        ? "training loss, last step"
        : "training loss, mean of last " + steps + " steps";
  }

  /** Returns the number as tables show it. */
  public String number() {
    return String.format(Locale.ROOT, "%.4f", mean);
  }
}
