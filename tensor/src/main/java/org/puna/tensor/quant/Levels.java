package org.puna.tensor.quant;

/**
 * The values that the codes of a format stand for before scaling: whole numbers in rising order,
 * evenly spaced or not.
 */
final class Levels {
  /** The sixteen levels of IQ4_NL and IQ4_XS: denser around zero, as weights are. */
  static final Levels NON_LINEAR =
      new Levels(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

  private final float[] values;
  private final byte[] nearest;
  private final int first;

  Levels(int... values) {
    this.values = new float[values.length];
    for (int i = 0; i < values.length; i++) this.values[i] = values[i];
    // Midpoints of whole numbers are multiples of a half: a table in halves finds the nearest.
    first = values[0] * 2;
    nearest = new byte[values[values.length - 1] * 2 - first + 1];
    int code = 0;
    for (int i = 0; i < nearest.length; i++) {
      float x = (first + i) / 2f;
      while (code + 1 < values.length && x >= (values[code] + values[code + 1]) / 2f) code++;
      nearest[i] = (byte) code;
    }
  }

  /** Returns the levels from {@code low} to {@code high}, each whole number one. */
  static Levels even(int low, int high) {
    int[] v = new int[high - low + 1];
    for (int i = 0; i < v.length; i++) v[i] = low + i;
    return new Levels(v);
  }

  /** Returns the value of a code. */
  float value(int code) {
    return values[code];
  }

  /** Returns the lowest value. */
  float low() {
    return values[0];
  }

  /** Returns the highest value. */
  float high() {
    return values[values.length - 1];
  }

  /** Returns the distance of the two lowest values, the widest of all. */
  float widestGap() {
    return values[1] - values[0];
  }

  /** Returns the code of the value nearest to {@code x}; NaN counts as 0. */
  int nearest(float x) {
    int i = (int) Math.floor(x * 2) - first;
    return nearest[Math.clamp(i, 0, nearest.length - 1)];
  }
}
