package org.puna.fleet.estimate;

/** Solves small dense systems by Gaussian elimination with row pivots. */
final class LinearSystem {
  private LinearSystem() {}

  /**
   * The x of a · x = b.
   *
   * @param a a square matrix, overwritten
   * @param b the right side, kept
   */
  static double[] solve(double[][] a, double[] b) {
    int n = b.length;
    double[] x = b.clone();
    for (int i = 0; i < n; i++) {
      int pivot = i;
      for (int r = i + 1; r < n; r++) {
        if (Math.abs(a[r][i]) > Math.abs(a[pivot][i])) pivot = r;
      }
      double[] row = a[i];
      a[i] = a[pivot];
      a[pivot] = row;
      double value = x[i];
      x[i] = x[pivot];
      x[pivot] = value;
      for (int r = i + 1; r < n; r++) {
        double f = a[r][i] / a[i][i];
        x[r] -= f * x[i];
        for (int c = i; c < n; c++) a[r][c] -= f * a[i][c];
      }
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int c = i + 1; c < n; c++) x[i] -= a[i][c] * x[c];
      x[i] /= a[i][i];
    }
    return x;
  }
}
