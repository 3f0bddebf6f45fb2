package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost product: six rows times up to {@link #WIDTH} columns, all sums in registers. Rows
 * are read number by number wherever they lie, stored by rows or by columns; columns as runs of
 * vectors.
 *
 * <p>With 512 bits the tile is 6 × 64: 24 sums of 16 lanes, 4 loads and 6 broadcasts for 24
 * multiply-adds in the 32 registers. Narrower machines may have 16 registers and take 12 sums.
 *
 * <p>The methods are long on purpose: what has more than 325 bytecodes is never compiled into a
 * caller, and so never comes upon the compiler's limit of nodes, past which vectors are boxed.
 */
final class Tile {
  /** Rows of a tile. */
  static final int ROWS = 6;

  private static final int N = Lanes.N;

  /** Most vectors of a tile's row. */
  static final int VECTORS = N == 16 ? 4 : 2;

  /** Most columns of a tile. */
  static final int WIDTH = VECTORS * N;

  private Tile() {}

  /**
   * Computes {@code c[6, columns] (+)= a[6, depth] · b[depth, columns]}.
   *
   * @param aRow distance of rows of {@code a}
   * @param aCol distance of columns of {@code a}: 1 where it is stored by rows, {@code aRow} being
   *     1 where it is stored by columns
   * @param bStep distance of rows of {@code b}, whose columns are neighbours
   * @param add whether to add to what {@code c} holds
   * @param cStep distance of rows of {@code c}
   * @param vectors columns, in whole vectors, from 1 to {@link #VECTORS}
   */
  static void multiply(
      float[] a,
      int aAt,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bStep,
      int depth,
      boolean add,
      float[] c,
      int cAt,
      int cStep,
      int vectors) {
    switch (vectors) {
      case 1 -> one(a, aAt, aRow, aCol, b, bAt, bStep, depth, add, c, cAt, cStep);
      case 2 -> two(a, aAt, aRow, aCol, b, bAt, bStep, depth, add, c, cAt, cStep);
      case 3 -> three(a, aAt, aRow, aCol, b, bAt, bStep, depth, add, c, cAt, cStep);
      default -> four(a, aAt, aRow, aCol, b, bAt, bStep, depth, add, c, cAt, cStep);
    }
  }

  /**
   * Computes the part of a tile that lies within the result: fewer rows than six, or columns that
   * fill no vector.
   *
   * @param a has six rows all the same, and {@code b} whole vectors; what lies beyond is not used
   * @param rows of the result, up to {@link #ROWS}
   * @param columns of the result, up to {@link #WIDTH}
   * @param tile scratch memory, [ROWS, WIDTH]
   */
  static void part(
      float[] a,
      int aAt,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bStep,
      int depth,
      boolean add,
      float[] c,
      int cAt,
      int cStep,
      int rows,
      int columns,
      float[] tile) {
    int vectors = Math.ceilDiv(columns, N);
    if (rows == ROWS && columns == vectors * N) {
      multiply(a, aAt, aRow, aCol, b, bAt, bStep, depth, add, c, cAt, cStep, vectors);
      return;
    }
    multiply(a, aAt, aRow, aCol, b, bAt, bStep, depth, false, tile, 0, WIDTH, vectors);
    for (int r = 0; r < rows; r++) {
      int from = r * WIDTH;
      int to = cAt + r * cStep;
      for (int j = 0; j < columns; j++) {
        c[to + j] = add ? c[to + j] + tile[from + j] : tile[from + j];
      }
    }
  }

  /** Returns what a sum starts from: what {@code c} holds, or zero. */
  static FloatVector start(boolean add, float[] c, int at) {
    return add ? FloatVector.fromArray(Lanes.F, c, at) : FloatVector.zero(Lanes.F);
  }

  private static void one(
      float[] a,
      int aAt,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bStep,
      int depth,
      boolean add,
      float[] c,
      int cAt,
      int cStep) {
    int a1 = aAt + aRow;
    int a2 = aAt + 2 * aRow;
    int a3 = aAt + 3 * aRow;
    int a4 = aAt + 4 * aRow;
    int a5 = aAt + 5 * aRow;
    FloatVector c00 = start(add, c, cAt);
    FloatVector c10 = start(add, c, cAt + cStep);
    FloatVector c20 = start(add, c, cAt + 2 * cStep);
    FloatVector c30 = start(add, c, cAt + 3 * cStep);
    FloatVector c40 = start(add, c, cAt + 4 * cStep);
    FloatVector c50 = start(add, c, cAt + 5 * cStep);
    for (int k = 0, o = 0, i = bAt; k < depth; k++, o += aCol, i += bStep) {
      FloatVector b0 = FloatVector.fromArray(Lanes.F, b, i);
      FloatVector x = FloatVector.broadcast(Lanes.F, a[aAt + o]);
      c00 = x.fma(b0, c00);
      x = FloatVector.broadcast(Lanes.F, a[a1 + o]);
      c10 = x.fma(b0, c10);
      x = FloatVector.broadcast(Lanes.F, a[a2 + o]);
      c20 = x.fma(b0, c20);
      x = FloatVector.broadcast(Lanes.F, a[a3 + o]);
      c30 = x.fma(b0, c30);
      x = FloatVector.broadcast(Lanes.F, a[a4 + o]);
      c40 = x.fma(b0, c40);
      x = FloatVector.broadcast(Lanes.F, a[a5 + o]);
      c50 = x.fma(b0, c50);
    }
    c00.intoArray(c, cAt);
    c10.intoArray(c, cAt + cStep);
    c20.intoArray(c, cAt + 2 * cStep);
    c30.intoArray(c, cAt + 3 * cStep);
    c40.intoArray(c, cAt + 4 * cStep);
    c50.intoArray(c, cAt + 5 * cStep);
  }

  private static void two(
      float[] a,
      int aAt,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bStep,
      int depth,
      boolean add,
      float[] c,
      int cAt,
      int cStep) {
    int a1 = aAt + aRow;
    int a2 = aAt + 2 * aRow;
    int a3 = aAt + 3 * aRow;
    int a4 = aAt + 4 * aRow;
    int a5 = aAt + 5 * aRow;
    FloatVector c00 = start(add, c, cAt);
    FloatVector c01 = start(add, c, cAt + N);
    FloatVector c10 = start(add, c, cAt + cStep);
    FloatVector c11 = start(add, c, cAt + cStep + N);
    FloatVector c20 = start(add, c, cAt + 2 * cStep);
    FloatVector c21 = start(add, c, cAt + 2 * cStep + N);
    FloatVector c30 = start(add, c, cAt + 3 * cStep);
    FloatVector c31 = start(add, c, cAt + 3 * cStep + N);
    FloatVector c40 = start(add, c, cAt + 4 * cStep);
    FloatVector c41 = start(add, c, cAt + 4 * cStep + N);
    FloatVector c50 = start(add, c, cAt + 5 * cStep);
    FloatVector c51 = start(add, c, cAt + 5 * cStep + N);
    for (int k = 0, o = 0, i = bAt; k < depth; k++, o += aCol, i += bStep) {
      FloatVector b0 = FloatVector.fromArray(Lanes.F, b, i);
      FloatVector b1 = FloatVector.fromArray(Lanes.F, b, i + N);
      FloatVector x = FloatVector.broadcast(Lanes.F, a[aAt + o]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(Lanes.F, a[a1 + o]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(Lanes.F, a[a2 + o]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(Lanes.F, a[a3 + o]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(Lanes.F, a[a4 + o]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(Lanes.F, a[a5 + o]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + N);
    c10.intoArray(c, cAt + cStep);
    c11.intoArray(c, cAt + cStep + N);
    c20.intoArray(c, cAt + 2 * cStep);
    c21.intoArray(c, cAt + 2 * cStep + N);
    c30.intoArray(c, cAt + 3 * cStep);
    c31.intoArray(c, cAt + 3 * cStep + N);
    c40.intoArray(c, cAt + 4 * cStep);
    c41.intoArray(c, cAt + 4 * cStep + N);
    c50.intoArray(c, cAt + 5 * cStep);
    c51.intoArray(c, cAt + 5 * cStep + N);
  }

  private static void three(
      float[] a,
      int aAt,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bStep,
      int depth,
      boolean add,
      float[] c,
      int cAt,
      int cStep) {
    int a1 = aAt + aRow;
    int a2 = aAt + 2 * aRow;
    int a3 = aAt + 3 * aRow;
    int a4 = aAt + 4 * aRow;
    int a5 = aAt + 5 * aRow;
    FloatVector c00 = start(add, c, cAt);
    FloatVector c01 = start(add, c, cAt + N);
    FloatVector c02 = start(add, c, cAt + 2 * N);
    FloatVector c10 = start(add, c, cAt + cStep);
    FloatVector c11 = start(add, c, cAt + cStep + N);
    FloatVector c12 = start(add, c, cAt + cStep + 2 * N);
    FloatVector c20 = start(add, c, cAt + 2 * cStep);
    FloatVector c21 = start(add, c, cAt + 2 * cStep + N);
    FloatVector c22 = start(add, c, cAt + 2 * cStep + 2 * N);
    FloatVector c30 = start(add, c, cAt + 3 * cStep);
    FloatVector c31 = start(add, c, cAt + 3 * cStep + N);
    FloatVector c32 = start(add, c, cAt + 3 * cStep + 2 * N);
    FloatVector c40 = start(add, c, cAt + 4 * cStep);
    FloatVector c41 = start(add, c, cAt + 4 * cStep + N);
    FloatVector c42 = start(add, c, cAt + 4 * cStep + 2 * N);
    FloatVector c50 = start(add, c, cAt + 5 * cStep);
    FloatVector c51 = start(add, c, cAt + 5 * cStep + N);
    FloatVector c52 = start(add, c, cAt + 5 * cStep + 2 * N);
    for (int k = 0, o = 0, i = bAt; k < depth; k++, o += aCol, i += bStep) {
      FloatVector b0 = FloatVector.fromArray(Lanes.F, b, i);
      FloatVector b1 = FloatVector.fromArray(Lanes.F, b, i + N);
      FloatVector b2 = FloatVector.fromArray(Lanes.F, b, i + 2 * N);
      FloatVector x = FloatVector.broadcast(Lanes.F, a[aAt + o]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      c02 = x.fma(b2, c02);
      x = FloatVector.broadcast(Lanes.F, a[a1 + o]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      c12 = x.fma(b2, c12);
      x = FloatVector.broadcast(Lanes.F, a[a2 + o]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      c22 = x.fma(b2, c22);
      x = FloatVector.broadcast(Lanes.F, a[a3 + o]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      c32 = x.fma(b2, c32);
      x = FloatVector.broadcast(Lanes.F, a[a4 + o]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      c42 = x.fma(b2, c42);
      x = FloatVector.broadcast(Lanes.F, a[a5 + o]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      c52 = x.fma(b2, c52);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + N);
    c02.intoArray(c, cAt + 2 * N);
    c10.intoArray(c, cAt + cStep);
    c11.intoArray(c, cAt + cStep + N);
    c12.intoArray(c, cAt + cStep + 2 * N);
    c20.intoArray(c, cAt + 2 * cStep);
    c21.intoArray(c, cAt + 2 * cStep + N);
    c22.intoArray(c, cAt + 2 * cStep + 2 * N);
    c30.intoArray(c, cAt + 3 * cStep);
    c31.intoArray(c, cAt + 3 * cStep + N);
    c32.intoArray(c, cAt + 3 * cStep + 2 * N);
    c40.intoArray(c, cAt + 4 * cStep);
    c41.intoArray(c, cAt + 4 * cStep + N);
    c42.intoArray(c, cAt + 4 * cStep + 2 * N);
    c50.intoArray(c, cAt + 5 * cStep);
    c51.intoArray(c, cAt + 5 * cStep + N);
    c52.intoArray(c, cAt + 5 * cStep + 2 * N);
  }

  private static void four(
      float[] a,
      int aAt,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bStep,
      int depth,
      boolean add,
      float[] c,
      int cAt,
      int cStep) {
    int a1 = aAt + aRow;
    int a2 = aAt + 2 * aRow;
    int a3 = aAt + 3 * aRow;
    int a4 = aAt + 4 * aRow;
    int a5 = aAt + 5 * aRow;
    FloatVector c00 = start(add, c, cAt);
    FloatVector c01 = start(add, c, cAt + N);
    FloatVector c02 = start(add, c, cAt + 2 * N);
    FloatVector c03 = start(add, c, cAt + 3 * N);
    FloatVector c10 = start(add, c, cAt + cStep);
    FloatVector c11 = start(add, c, cAt + cStep + N);
    FloatVector c12 = start(add, c, cAt + cStep + 2 * N);
    FloatVector c13 = start(add, c, cAt + cStep + 3 * N);
    FloatVector c20 = start(add, c, cAt + 2 * cStep);
    FloatVector c21 = start(add, c, cAt + 2 * cStep + N);
    FloatVector c22 = start(add, c, cAt + 2 * cStep + 2 * N);
    FloatVector c23 = start(add, c, cAt + 2 * cStep + 3 * N);
    FloatVector c30 = start(add, c, cAt + 3 * cStep);
    FloatVector c31 = start(add, c, cAt + 3 * cStep + N);
    FloatVector c32 = start(add, c, cAt + 3 * cStep + 2 * N);
    FloatVector c33 = start(add, c, cAt + 3 * cStep + 3 * N);
    FloatVector c40 = start(add, c, cAt + 4 * cStep);
    FloatVector c41 = start(add, c, cAt + 4 * cStep + N);
    FloatVector c42 = start(add, c, cAt + 4 * cStep + 2 * N);
    FloatVector c43 = start(add, c, cAt + 4 * cStep + 3 * N);
    FloatVector c50 = start(add, c, cAt + 5 * cStep);
    FloatVector c51 = start(add, c, cAt + 5 * cStep + N);
    FloatVector c52 = start(add, c, cAt + 5 * cStep + 2 * N);
    FloatVector c53 = start(add, c, cAt + 5 * cStep + 3 * N);
    for (int k = 0, o = 0, i = bAt; k < depth; k++, o += aCol, i += bStep) {
      FloatVector b0 = FloatVector.fromArray(Lanes.F, b, i);
      FloatVector b1 = FloatVector.fromArray(Lanes.F, b, i + N);
      FloatVector b2 = FloatVector.fromArray(Lanes.F, b, i + 2 * N);
      FloatVector b3 = FloatVector.fromArray(Lanes.F, b, i + 3 * N);
      FloatVector x = FloatVector.broadcast(Lanes.F, a[aAt + o]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      c02 = x.fma(b2, c02);
      c03 = x.fma(b3, c03);
      x = FloatVector.broadcast(Lanes.F, a[a1 + o]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      c12 = x.fma(b2, c12);
      c13 = x.fma(b3, c13);
      x = FloatVector.broadcast(Lanes.F, a[a2 + o]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      c22 = x.fma(b2, c22);
      c23 = x.fma(b3, c23);
      x = FloatVector.broadcast(Lanes.F, a[a3 + o]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      c32 = x.fma(b2, c32);
      c33 = x.fma(b3, c33);
      x = FloatVector.broadcast(Lanes.F, a[a4 + o]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      c42 = x.fma(b2, c42);
      c43 = x.fma(b3, c43);
      x = FloatVector.broadcast(Lanes.F, a[a5 + o]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      c52 = x.fma(b2, c52);
      c53 = x.fma(b3, c53);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + N);
    c02.intoArray(c, cAt + 2 * N);
    c03.intoArray(c, cAt + 3 * N);
    c10.intoArray(c, cAt + cStep);
    c11.intoArray(c, cAt + cStep + N);
    c12.intoArray(c, cAt + cStep + 2 * N);
    c13.intoArray(c, cAt + cStep + 3 * N);
    c20.intoArray(c, cAt + 2 * cStep);
    c21.intoArray(c, cAt + 2 * cStep + N);
    c22.intoArray(c, cAt + 2 * cStep + 2 * N);
    c23.intoArray(c, cAt + 2 * cStep + 3 * N);
    c30.intoArray(c, cAt + 3 * cStep);
    c31.intoArray(c, cAt + 3 * cStep + N);
    c32.intoArray(c, cAt + 3 * cStep + 2 * N);
    c33.intoArray(c, cAt + 3 * cStep + 3 * N);
    c40.intoArray(c, cAt + 4 * cStep);
    c41.intoArray(c, cAt + 4 * cStep + N);
    c42.intoArray(c, cAt + 4 * cStep + 2 * N);
    c43.intoArray(c, cAt + 4 * cStep + 3 * N);
    c50.intoArray(c, cAt + 5 * cStep);
    c51.intoArray(c, cAt + 5 * cStep + N);
    c52.intoArray(c, cAt + 5 * cStep + 2 * N);
    c53.intoArray(c, cAt + 5 * cStep + 3 * N);
  }
}
