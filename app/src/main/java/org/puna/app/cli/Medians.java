package org.puna.app.cli;

import java.util.Arrays;
import java.util.Collection;

/** The middle of several measurements. */
public final class Medians {
  private Medians() {}

  /** Returns the middle number, the mean of the two in the middle where their count is even. */
  public static double of(Collection<Double> x) {
    return of(x.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** Returns the middle number, the mean of the two in the middle where their count is even. */
  public static double of(double[] x) {
    if (x.length == 0) throw new IllegalArgumentException("nothing has no middle");
    double[] sorted = x.clone();
    Arrays.sort(sorted);
    return (sorted[(x.length - 1) / 2] + sorted[x.length / 2]) / 2;
  }
}
