package org.puna.tensor.cpu.scalar;

/** The error function. */
final class Erf {
  private Erf() {}

  /**
   * Returns {@code 2/√π ∫₀ˣ exp(−t²) dt} to about 1e-15: its Taylor series near zero, the continued
   * fraction of the complement elsewhere.
   *
   * @see "Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.5 and 7.1.14"
   */
  static double erf(double x) {
    double a = Math.abs(x);
    if (Double.isNaN(x)) return x;
    if (a > 6) return Math.signum(x);
    double r;
    if (a < 2.5) {
      double term = a;
      double sum = a;
      for (int n = 1; Math.abs(term) > 1e-17 * sum && n < 100; n++) {
        term *= -a * a / n;
        sum += term / (2 * n + 1);
      }
      r = 2 / Math.sqrt(Math.PI) * sum;
    } else {
      double f = a;
      for (int n = 60; n > 0; n--) f = a + n / 2.0 / f;
      r = 1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / f;
    }
    return Math.signum(x) * r;
  }
}
