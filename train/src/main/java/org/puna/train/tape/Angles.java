package org.puna.train.tape;

import org.puna.tensor.RopeTable;

/** Cosines and sines of a step's positions, [rows, pairs]. */
final class Angles {
  private final RopeTable table;
  final float[] cos;
  final float[] sin;
  final float[] minusSin;
  private int[] last = new int[0];

  Angles(RopeTable table, int maxRows) {
    this.table = table;
    cos = new float[maxRows * table.frequencies()];
    sin = new float[maxRows * table.frequencies()];
    minusSin = new float[maxRows * table.frequencies()];
  }

  /** Fills the angles, unless the sequences are those of the last step. */
  void fill(Rows rows) {
    if (java.util.Arrays.equals(last, rows.bounds())) return;
    int[] positions = rows.positions();
    int n = table.frequencies();
    for (int r = 0; r < positions.length; r++) table.fill(positions[r], cos, sin, r * n);
    for (int i = 0; i < positions.length * n; i++) minusSin[i] = -sin[i];
    last = rows.bounds().clone();
  }
}
