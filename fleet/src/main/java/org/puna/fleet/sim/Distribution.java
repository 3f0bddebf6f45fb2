package org.puna.fleet.sim;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A sample in a few figures. Percentiles are by nearest rank: the smallest value that at least that
 * share of the sample does not exceed.
 *
 * @param n values; all other figures are 0 if there are none
 * @param mean arithmetic mean
 * @param p50 median
 * @param p90 90th percentile
 * @param p95 95th percentile
 * @param p99 99th percentile
 * @param max largest value
 */
public record Distribution(
    int n, double mean, double p50, double p90, double p95, double p99, double max) {

  /**
   * The figures of a sample.
   *
   * @param values in any order
   */
  public static Distribution of(double[] values) {
    if (values.length == 0) return new Distribution(0, 0, 0, 0, 0, 0, 0);
    double[] v = values.clone();
    Arrays.sort(v);
    double sum = 0;
    for (double x : v) sum += x;
    return new Distribution(
        v.length,
        sum / v.length,
        rank(v, 0.5),
        rank(v, 0.9),
        rank(v, 0.95),
        rank(v, 0.99),
        v[v.length - 1]);
  }

  /**
   * The values at equal steps of the cumulative share, for plotting a distribution.
   *
   * @param values in any order
   * @param steps points; the last is the maximum
   * @return at most {@code steps} values that ascend; empty for an empty sample
   */
  public static List<Double> quantiles(double[] values, int steps) {
    if (values.length == 0) return List.of();
    double[] v = values.clone();
    Arrays.sort(v);
    return IntStream.rangeClosed(0, steps).mapToObj(i -> rank(v, (double) i / steps)).toList();
  }

  private static double rank(double[] sorted, double share) {
    int i = (int) Math.ceil(share * sorted.length) - 1;
    return sorted[Math.clamp(i, 0, sorted.length - 1)];
  }
}
