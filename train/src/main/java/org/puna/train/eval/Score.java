package org.puna.train.eval;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a model reaches in a task.
 *
 * @param task name of the task
 * @param items items that were scored
 * @param metrics values by name: {@code acc}, {@code acc_norm}, {@code exact_match}, {@code
 *     perplexity}, {@code bits_per_byte}, each followed by its standard error {@code …_stderr}
 */
public record Score(String task, int items, Map<String, Double> metrics) {
  /** Copies the map, keeping its order. */
  public Score {
    metrics = new LinkedHashMap<>(metrics);
  }

  /**
   * Returns the standard error of a mean of zeros and ones: {@code sqrt(p (1 − p) / (n − 1))}, as
   * lm-evaluation-harness has it.
   */
  static double standardError(double mean, int n) {
    return n > 1 ? Math.sqrt(mean * (1 - mean) / (n - 1)) : 0;
  }
}
