package org.puna.tensor;

import java.util.Arrays;

/**
 * Frequencies of a rotary embedding. Angles are products in float32, as the reference libraries
 * compute them; cosines and sines are those of that float32 angle.
 *
 * @param inverseFrequencies radians per position, one for each rotating pair
 * @param factor multiplies cosines and sines, 1 but for YaRN and LongRoPE
 */
public record RopeTable(float[] inverseFrequencies, float factor) {
  /** Copies the frequencies. */
  public RopeTable {
    inverseFrequencies = inverseFrequencies.clone();
  }

  @Override
  public float[] inverseFrequencies() {
    return inverseFrequencies.clone();
  }

  /** Returns the number of rotating pairs. */
  public int frequencies() {
    return inverseFrequencies.length;
  }

  /**
   * Writes cosines and sines of one position.
   *
   * @param position at least 0
   * @param cos receives {@code frequencies()} numbers from {@code at}
   * @param sin receives as many
   */
  public void fill(int position, float[] cos, float[] sin, int at) {
    for (int i = 0; i < inverseFrequencies.length; i++) {
      float angle = position * inverseFrequencies[i];
      cos[at + i] = (float) Math.cos(angle) * factor;
      sin[at + i] = (float) Math.sin(angle) * factor;
    }
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof RopeTable t
        && factor == t.factor
        && Arrays.equals(inverseFrequencies, t.inverseFrequencies);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(inverseFrequencies) + Float.hashCode(factor);
  }
}
