package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost product: six rows times {@link #WIDTH} columns, all sums in registers. Both
 * operands are packed so that a step of the inner loop reads one run of each.
 *
 * <p>With 512 bits the tile is 6 × 64: 24 sums of 16 lanes, 4 loads and 6 broadcasts for 24
 * multiply-adds in the 32 registers. Narrower machines may have 16 registers and take 12 sums.
 */
final class Tile {
  /** Rows of a tile. */
  static final int ROWS = 6;

  private static final int N = Lanes.N;

  /** Whether a tile row is four vectors; otherwise two. */
  private static final boolean WIDE = N == 16;

  /** Columns of a tile. */
  static final int WIDTH = (WIDE ? 4 : 2) * N;

  private Tile() {}

  /**
   * Computes {@code c[i, j] = Σ a[k, i] · b[k, j]} for a whole tile.
   *
   * @param a packed rows from {@code aAt}: ROWS numbers for each k
   * @param b packed columns from {@code bAt}: WIDTH numbers for each k
   * @param depth number of k
   * @param c receives [ROWS, WIDTH]
   */
  static void multiply(float[] a, int aAt, float[] b, int bAt, int depth, float[] c) {
    if (WIDE) wide(a, aAt, b, bAt, depth, c);
    else narrow(a, aAt, b, bAt, depth, c);
  }

  /** Adds the part of a tile that lies within the result, or puts it there. */
  static void store(
      float[] tile, int rows, int columns, boolean add, float[] y, int yAt, int yStep) {
    for (int r = 0; r < rows; r++) {
      int from = r * WIDTH;
      int to = yAt + r * yStep;
      int j = 0;
      for (; j <= columns - N; j += N) {
        FloatVector v = FloatVector.fromArray(Lanes.F, tile, from + j);
        if (add) v = v.add(FloatVector.fromArray(Lanes.F, y, to + j));
        v.intoArray(y, to + j);
      }
      for (; j < columns; j++) y[to + j] = add ? y[to + j] + tile[from + j] : tile[from + j];
    }
  }

  private static void wide(float[] a, int aAt, float[] b, int bAt, int depth, float[] c) {
    FloatVector zero = FloatVector.zero(Lanes.F);
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector c02 = zero;
    FloatVector c03 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector c12 = zero;
    FloatVector c13 = zero;
    FloatVector c20 = zero;
    FloatVector c21 = zero;
    FloatVector c22 = zero;
    FloatVector c23 = zero;
    FloatVector c30 = zero;
    FloatVector c31 = zero;
    FloatVector c32 = zero;
    FloatVector c33 = zero;
    FloatVector c40 = zero;
    FloatVector c41 = zero;
    FloatVector c42 = zero;
    FloatVector c43 = zero;
    FloatVector c50 = zero;
    FloatVector c51 = zero;
    FloatVector c52 = zero;
    FloatVector c53 = zero;
    int ai = aAt;
    int bi = bAt;
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = FloatVector.fromArray(Lanes.F, b, bi);
      FloatVector b1 = FloatVector.fromArray(Lanes.F, b, bi + N);
      FloatVector b2 = FloatVector.fromArray(Lanes.F, b, bi + 2 * N);
      FloatVector b3 = FloatVector.fromArray(Lanes.F, b, bi + 3 * N);
      FloatVector x = FloatVector.broadcast(Lanes.F, a[ai]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      c02 = x.fma(b2, c02);
      c03 = x.fma(b3, c03);
      x = FloatVector.broadcast(Lanes.F, a[ai + 1]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      c12 = x.fma(b2, c12);
      c13 = x.fma(b3, c13);
      x = FloatVector.broadcast(Lanes.F, a[ai + 2]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      c22 = x.fma(b2, c22);
      c23 = x.fma(b3, c23);
      x = FloatVector.broadcast(Lanes.F, a[ai + 3]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      c32 = x.fma(b2, c32);
      c33 = x.fma(b3, c33);
      x = FloatVector.broadcast(Lanes.F, a[ai + 4]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      c42 = x.fma(b2, c42);
      c43 = x.fma(b3, c43);
      x = FloatVector.broadcast(Lanes.F, a[ai + 5]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      c52 = x.fma(b2, c52);
      c53 = x.fma(b3, c53);
      ai += ROWS;
      bi += WIDTH;
    }
    c00.intoArray(c, 0);
    c01.intoArray(c, N);
    c02.intoArray(c, 2 * N);
    c03.intoArray(c, 3 * N);
    c10.intoArray(c, 4 * N);
    c11.intoArray(c, 5 * N);
    c12.intoArray(c, 6 * N);
    c13.intoArray(c, 7 * N);
    c20.intoArray(c, 8 * N);
    c21.intoArray(c, 9 * N);
    c22.intoArray(c, 10 * N);
    c23.intoArray(c, 11 * N);
    c30.intoArray(c, 12 * N);
    c31.intoArray(c, 13 * N);
    c32.intoArray(c, 14 * N);
    c33.intoArray(c, 15 * N);
    c40.intoArray(c, 16 * N);
    c41.intoArray(c, 17 * N);
    c42.intoArray(c, 18 * N);
    c43.intoArray(c, 19 * N);
    c50.intoArray(c, 20 * N);
    c51.intoArray(c, 21 * N);
    c52.intoArray(c, 22 * N);
    c53.intoArray(c, 23 * N);
  }

  private static void narrow(float[] a, int aAt, float[] b, int bAt, int depth, float[] c) {
    FloatVector zero = FloatVector.zero(Lanes.F);
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector c20 = zero;
    FloatVector c21 = zero;
    FloatVector c30 = zero;
    FloatVector c31 = zero;
    FloatVector c40 = zero;
    FloatVector c41 = zero;
    FloatVector c50 = zero;
    FloatVector c51 = zero;
    int ai = aAt;
    int bi = bAt;
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = FloatVector.fromArray(Lanes.F, b, bi);
      FloatVector b1 = FloatVector.fromArray(Lanes.F, b, bi + N);
      FloatVector x = FloatVector.broadcast(Lanes.F, a[ai]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(Lanes.F, a[ai + 1]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(Lanes.F, a[ai + 2]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(Lanes.F, a[ai + 3]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(Lanes.F, a[ai + 4]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(Lanes.F, a[ai + 5]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      ai += ROWS;
      bi += WIDTH;
    }
    c00.intoArray(c, 0);
    c01.intoArray(c, N);
    c10.intoArray(c, 2 * N);
    c11.intoArray(c, 3 * N);
    c20.intoArray(c, 4 * N);
    c21.intoArray(c, 5 * N);
    c30.intoArray(c, 6 * N);
    c31.intoArray(c, 7 * N);
    c40.intoArray(c, 8 * N);
    c41.intoArray(c, 9 * N);
    c50.intoArray(c, 10 * N);
    c51.intoArray(c, 11 * N);
  }
}
