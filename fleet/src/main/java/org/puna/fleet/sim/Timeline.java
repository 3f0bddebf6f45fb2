package org.puna.fleet.sim;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Quantities over time in at most {@value #BINS} bins: each bin holds the integral of a value over
 * its span. When time passes the last bin, pairs are merged and bins get twice as wide, so that
 * memory and the shape of a plot do not depend on how long a simulation lasts.
 */
final class Timeline {
  /** Bins that are kept; at the end between half of them and all are used. */
  static final int BINS = 512;

  private final double[][] sums;
  private long width = 60_000;

  /**
   * An empty timeline.
   *
   * @param series quantities
   */
  Timeline(int series) {
    sums = new double[series][BINS];
  }

  /** Adds a value that holds from one time to another. */
  void add(int series, long from, long to, double value) {
    if (to <= from || value == 0) return;
    reach(to);
    double[] bins = sums[series];
    for (long t = from; t < to; ) {
      int bin = (int) (t / width);
      long end = Math.min(to, (bin + 1) * width);
      bins[bin] += value * (end - t);
      t = end;
    }
  }

  /** Counts one occurrence. */
  void count(int series, long at) {
    reach(at + 1);
    sums[series][(int) (at / width)]++;
  }

  private void reach(long to) {
    while (to > BINS * width) {
      for (double[] bins : sums) {
        for (int i = 0; i < BINS / 2; i++) bins[i] = bins[2 * i] + bins[2 * i + 1];
        Arrays.fill(bins, BINS / 2, BINS, 0);
      }
      width *= 2;
    }
  }

  long widthMillis() {
    return width;
  }

  /** Mean value in each bin up to the end of the simulation. */
  List<Double> means(int series, long end) {
    return values(series, end, true);
  }

  /** Occurrences in each bin up to the end of the simulation. */
  List<Double> counts(int series, long end) {
    return values(series, end, false);
  }

  private List<Double> values(int series, long end, boolean mean) {
    int used = Math.clamp((end - 1) / width + 1, 1, BINS);
    return IntStream.range(0, used)
        .mapToObj(i -> {
          long span = Math.min(width, end - i * width);
          double v = sums[series][i] / (mean ? Math.max(1, span) : 1);
          return Math.rint(v * 1000) / 1000;
        })
        .toList();
  }
}
