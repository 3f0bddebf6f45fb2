package org.puna.app.serve;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.puna.app.cli.Units;

/**
 * What a soak found.
 *
 * @param streams streams at the same time
 * @param seconds how long
 * @param whole answers that were the same as alone
 * @param wrong answers that were not
 * @param failed requests that failed
 * @param refused requests that were sent away with a 429
 * @param left streams that were left midway on purpose
 * @param tokensPerSecond over all streams
 * @param firstToken time to the first token
 * @param betweenTokens time between two pieces of an answer
 * @param meanBatch answers that the model worked on, on average
 * @param heapEarlyBytes least heap in the first third
 * @param heapLateBytes least heap in the last third
 * @param modelEarlyBytes least memory of models in the first third
 * @param modelLateBytes least memory of models in the last third
 * @param remainingAnswers answers that the model still works on at the end
 * @param remainingPages cache pages that are still held at the end
 * @param examples of what went wrong
 */
record SoakReport(
    int streams,
    double seconds,
    long whole,
    long wrong,
    long failed,
    long refused,
    long left,
    double tokensPerSecond,
    Spread firstToken,
    Spread betweenTokens,
    double meanBatch,
    long heapEarlyBytes,
    long heapLateBytes,
    long modelEarlyBytes,
    long modelLateBytes,
    int remainingAnswers,
    int remainingPages,
    List<String> examples) {

  /**
   * Percentiles.
   *
   * @param p50Millis the median
   * @param p95Millis above 95 of 100
   * @param p99Millis above 99 of 100
   */
  record Spread(double p50Millis, double p95Millis, double p99Millis) {
    static Spread of(Collection<Integer> micros) {
      double[] sorted = Soak.sorted(micros, micros.size());
      return new Spread(at(sorted, 0.5), at(sorted, 0.95), at(sorted, 0.99));
    }

    private static double at(double[] sorted, double share) {
      if (sorted.length == 0) return 0;
      return sorted[(int) Math.min(sorted.length - 1, Math.floor(share * sorted.length))] / 1000;
    }

    private String text() {
      return String.format(
          Locale.ROOT, "p50 %.0f ms, p95 %.0f ms, p99 %.0f ms", p50Millis, p95Millis, p99Millis);
    }
  }

  /** Whether every answer was right and nothing is left over. */
  boolean clean() {
    return wrong == 0 && failed == 0 && whole > 0 && remainingAnswers == 0 && remainingPages == 0;
  }

  /** Returns the report for people. */
  List<String> lines() {
    List<String> out = new ArrayList<>();
    out.add(String.format(Locale.ROOT, "%d streams for %.0f s", streams, seconds));
    out.add(
        String.format(
            Locale.ROOT,
            "answers: %d the same as alone, %d wrong, %d failed; %d sent away (429), %d left"
                + " midway",
            whole,
            wrong,
            failed,
            refused,
            left));
    out.add(
        String.format(
            Locale.ROOT,
            "tokens: %.0f a second, batch %.1f on average",
            tokensPerSecond,
            meanBatch));
    out.add("first token: " + firstToken.text());
    out.add("between pieces: " + betweenTokens.text());
    out.add(
        "heap, first and last third: "
            + Units.bytes(heapEarlyBytes)
            + " and "
            + Units.bytes(heapLateBytes)
            + "; models: "
            + Units.bytes(modelEarlyBytes)
            + " and "
            + Units.bytes(modelLateBytes));
    out.add(
        "left over at the end: "
            + remainingAnswers
            + " answers, "
            + remainingPages
            + " cache pages");
    examples.forEach(e -> out.add("for example: " + e));
    return out;
  }
}
