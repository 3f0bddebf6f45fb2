package org.puna.train.tape;

/**
 * What one micro-batch computes: whole sequences, row by row, each from position 0 and blind to the
 * others, and which rows' results are asked for. Several documents packed into one row of a batch
 * are as many sequences.
 *
 * @param ids token ids of all rows
 * @param bounds sequence i is rows {@code bounds[i]} (inclusive) to {@code bounds[i + 1]}
 *     (exclusive); begins with 0 and ends with the number of rows
 * @param outputs rows whose results are asked for, rising
 * @param segments the segment of each row, 0 where a model knows one only
 */
public record Rows(int[] ids, int[] bounds, int[] outputs, int[] segments) {
  /** Checks that the sequences cover the rows. */
  public Rows {
    boolean rising = bounds.length > 1 && bounds[0] == 0 && bounds[bounds.length - 1] == ids.length;
    for (int i = 1; rising && i < bounds.length; i++) rising = bounds[i] > bounds[i - 1];
    if (!rising) throw new IllegalArgumentException("rows: sequences do not cover the rows");
    for (int i = 0; i < outputs.length; i++) {
      if (outputs[i] < 0 || outputs[i] >= ids.length || (i > 0 && outputs[i] <= outputs[i - 1])) {
        throw new IllegalArgumentException("rows: bad output row " + outputs[i]);
      }
    }
    if (segments.length != ids.length) {
      throw new IllegalArgumentException(
          "rows: " + ids.length + " rows, " + segments.length + " segments");
    }
  }

  /** Rows of one segment. */
  public Rows(int[] ids, int[] bounds, int[] outputs) {
    this(ids, bounds, outputs, new int[ids.length]);
  }

  /** Returns sequences of {@code length} rows each, with all rows asked for. */
  public static Rows equal(int[] ids, int length) {
    int[] bounds = new int[ids.length / length + 1];
    for (int i = 0; i < bounds.length; i++) bounds[i] = i * length;
    int[] outputs = new int[ids.length];
    for (int i = 0; i < outputs.length; i++) outputs[i] = i;
    return new Rows(ids, bounds, outputs);
  }

  /** Returns the number of sequences. */
  public int sequences() {
    return bounds.length - 1;
  }

  /** Returns for each row its position in its sequence. */
  int[] positions() {
    int[] p = new int[ids.length];
    for (int s = 0; s < sequences(); s++) {
      for (int r = bounds[s]; r < bounds[s + 1]; r++) p[r] = r - bounds[s];
    }
    return p;
  }
}
