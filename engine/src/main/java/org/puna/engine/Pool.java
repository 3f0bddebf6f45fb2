package org.puna.engine;

import java.util.Arrays;
import org.puna.model.Pooling;

/** Makes one vector of rows that come one after another, summing in double. */
final class Pool {
  private final Pooling pooling;
  private final double[] sums;
  private int rows;

  Pool(Pooling pooling, int columns) {
    this.pooling = pooling;
    sums = new double[columns];
    if (pooling == Pooling.MAX) Arrays.fill(sums, Double.NEGATIVE_INFINITY);
  }

  void add(float[] row) {
    rows++;
    for (int i = 0; i < sums.length; i++) {
      switch (pooling) {
        case MEAN, MEAN_SQRT, CLS, LAST -> sums[i] += row[i];
        case WEIGHTED_MEAN -> sums[i] += (double) rows * row[i];
        case MAX -> sums[i] = Math.max(sums[i], row[i]);
      }
    }
  }

  float[] vector() {
    double divisor =
        switch (pooling) {
          case MEAN -> rows;
          case MEAN_SQRT -> Math.sqrt(rows);
          case WEIGHTED_MEAN -> rows * (rows + 1.0) / 2;
          case CLS, LAST, MAX -> 1;
        };
    float[] out = new float[sums.length];
    for (int i = 0; i < out.length; i++) out[i] = (float) (sums[i] / divisor);
    return out;
  }
}
