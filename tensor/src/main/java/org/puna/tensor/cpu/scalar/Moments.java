package org.puna.tensor.cpu.scalar;

/**
 * What a layer norm needs to know of a row.
 *
 * @param mean mean of its numbers
 * @param inverse 1 / √(variance + eps)
 */
record Moments(float mean, float inverse) {
  static Moments of(float[] x, int at, int n, float eps) {
    float sum = 0;
    for (int i = at; i < at + n; i++) sum += x[i];
    float mean = sum / n;
    float squares = 0;
    for (int i = at; i < at + n; i++) squares = Math.fma(x[i] - mean, x[i] - mean, squares);
    return new Moments(mean, (float) (1 / Math.sqrt(squares / n + eps)));
  }
}
