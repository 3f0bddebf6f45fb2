package org.puna.tensor.quant;

/**
 * The steps that the one-scale formats share when they encode, in the reference's order of
 * operations, so that the bytes are the reference's.
 */
final class SimpleScale {
  private SimpleScale() {}

  /** Returns the number of largest size, with its sign; the first of equals. */
  static float signedMax(float[] x, int at, int n) {
    float max = x[at];
    for (int i = 1; i < n; i++) {
      if (Math.abs(x[at + i]) > Math.abs(max)) max = x[at + i];
    }
    return max;
  }

  /** Returns the largest size. */
  static float absMax(float[] x, int at, int n) {
    float max = 0;
    for (int i = 0; i < n; i++) max = Math.max(max, Math.abs(x[at + i]));
    return max;
  }

  /** Returns the smallest number; the first of equals, so that a leading −0 keeps its sign. */
  static float min(float[] x, int at, int n) {
    float min = x[at];
    for (int i = 1; i < n; i++) {
      if (x[at + i] < min) min = x[at + i];
    }
    return min;
  }

  /** Returns the largest number. */
  static float max(float[] x, int at, int n) {
    float max = x[at];
    for (int i = 1; i < n; i++) {
      if (x[at + i] > max) max = x[at + i];
    }
    return max;
  }

  /** Returns {@code 1 / d} in single precision, and 0 for a zero scale. */
  static float inverse(float d) {
    return d == 0 ? 0 : 1 / d;
  }

  /**
   * Returns the code of a number around a middle code. The reference multiplies and adds in double
   * precision and rounds to single before it truncates.
   *
   * @param middle the middle code plus a half
   */
  static int centred(float x, double inverse, double middle, int maxCode) {
    return Math.min(Rounding.lowByte((float) (x * inverse + middle)), maxCode);
  }

  /** Returns the code of a number above a minimum, in single precision throughout. */
  static int aboveMin(float x, float min, float inverse, int maxCode) {
    return Math.min(Rounding.lowByte((x - min) * inverse + 0.5f), maxCode);
  }

  /** Returns the nearest signed integer code, halves away from zero. */
  static int nearest(float x, float inverse) {
    return (byte) Rounding.lowByte(Rounding.halfAway(x * inverse));
  }
}
