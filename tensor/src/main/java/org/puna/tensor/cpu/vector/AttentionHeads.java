package org.puna.tensor.cpu.vector;

import java.util.Arrays;
import org.puna.tensor.AttentionShape;

/**
 * The query heads of a sequence that share a head of keys and values, and where their numbers lie.
 * Positions are counted from the sequence's beginning, in groups of {@link Tile#ROWS} queries and
 * panels of {@link Tile#WIDTH} keys.
 *
 * @param from first row of the sequence
 * @param to row after its last
 * @param kvHead the shared head
 */
record AttentionHeads(AttentionShape shape, int from, int to, int kvHead) {
  private static final int N = Lanes.N;
  private static final int ROWS = Tile.ROWS;
  private static final int WIDTH = Tile.WIDTH;

  /** Queries and keys. */
  int rows() {
    return to - from;
  }

  /** Queries in whole groups. */
  int groupedRows() {
    return Math.ceilDiv(rows(), ROWS) * ROWS;
  }

  int panels() {
    return Math.ceilDiv(rows(), WIDTH);
  }

  int d() {
    return shape.headDim();
  }

  /** A head's numbers in whole vectors. */
  int paddedD() {
    return Math.ceilDiv(d(), N) * N;
  }

  int group() {
    return shape.nHeads() / shape.nKvHeads();
  }

  /** Number of the i-th query head. */
  int head(int i) {
    return kvHead * group() + i;
  }

  /** Where the i-th query head's numbers of a position lie in queries and results. */
  int qAt(int i, int position) {
    return (from + position) * shape.qCols() + head(i) * d();
  }

  /** Where a position's key or value lies. */
  int kvAt(int position) {
    return (from + position) * shape.kvCols() + kvHead * d();
  }

  /** First key that a query sees. */
  int first(int position) {
    return Math.min(shape.firstVisible(position), rows());
  }

  /** Key after the last that a query sees; none for queries behind the sequence's end. */
  int end(int position) {
    return position < rows() ? Math.min(shape.endVisible(position, rows()), rows()) : 0;
  }

  /** First key that one of a group of queries sees. */
  int firstOfGroup(int position) {
    return first(position);
  }

  /** Key after the last that one of a group of queries sees. */
  int endOfGroup(int position) {
    return end(Math.min(position + ROWS, rows()) - 1);
  }

  /** Returns an array of at least {@code n} numbers: the given one where it is long enough. */
  static float[] room(float[] x, int n) {
    return x.length < n ? new float[n] : x;
  }

  /** Copies the i-th query head's numbers to [groupedRows, d], zeros below. */
  void queries(float[] x, int i, float[] to) {
    int d = d();
    for (int r = 0; r < rows(); r++) System.arraycopy(x, qAt(i, r), to, r * d, d);
    Arrays.fill(to, rows() * d, groupedRows() * d, 0);
  }

  /** Turns keys or values to panels of [d, WIDTH], zeros behind. */
  void panels(float[] x, float[] to, float[] square) {
    for (int p = 0; p < panels(); p++) {
      int count = Math.min(WIDTH, rows() - p * WIDTH);
      int at = p * d() * WIDTH;
      if (count < WIDTH) Arrays.fill(to, at, at + d() * WIDTH, 0);
      Turn.turn(x, kvAt(p * WIDTH), shape.kvCols(), count, d(), to, at, WIDTH, square);
    }
  }

  /** Copies keys or values to [panels · WIDTH, paddedD], zeros around. */
  void straight(float[] x, float[] to) {
    int dp = paddedD();
    if (dp > d() || rows() % WIDTH != 0) Arrays.fill(to, 0, panels() * WIDTH * dp, 0);
    for (int r = 0; r < rows(); r++) System.arraycopy(x, kvAt(r), to, r * dp, d());
  }
}
