package org.puna.train.loss;

/**
 * What a teacher said to some rows, shortened to its likeliest tokens: their log-probabilities at
 * some temperature, and that of all others together.
 *
 * @param k tokens of a row
 * @param ids [rows, k], rising in each row
 * @param logProbs [rows, k], in nats
 * @param rest [rows], negative infinity where k is the whole vocabulary
 */
public record TopK(int k, int[] ids, float[] logProbs, float[] rest) {
  /** Checks the sizes. */
  public TopK {
    if (ids.length != logProbs.length || ids.length != (long) rest.length * k) {
      throw new IllegalArgumentException(
          "top-k: " + ids.length + " ids, " + logProbs.length + ", " + rest.length + " rows");
    }
  }

  /** Room for some rows. */
  public static TopK room(int k, int rows) {
    return new TopK(k, new int[rows * k], new float[rows * k], new float[rows]);
  }

  /** Returns the number of rows. */
  public int rows() {
    return rest.length;
  }

  /**
   * Computes the logarithm of {@code Σ exp(logit / temperature)} over the tokens that a row does
   * not name.
   *
   * @param from where the logits of the row begin
   * @return negative infinity where it names all
   */
  double outside(int row, float[] logits, int from, int vocab, double temperature) {
    double max = Double.NEGATIVE_INFINITY;
    int named = row * k;
    int end = named + k;
    for (int i = 0; i < vocab; i++) {
      if (named < end && ids[named] == i) named++;
      else max = Math.max(max, logits[from + i]);
    }
    if (max == Double.NEGATIVE_INFINITY) return max;
    double sum = 0;
    named = row * k;
    for (int i = 0; i < vocab; i++) {
      if (named < end && ids[named] == i) named++;
      else sum += Math.exp((logits[from + i] - max) / temperature);
    }
    return Math.log(sum) + max / temperature;
  }
}
