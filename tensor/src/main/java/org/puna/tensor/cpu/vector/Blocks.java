package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;

/**
 * Products of small matrices that lie in the cache as they are: four rows at a time times up to
 * four vectors of columns.
 */
final class Blocks {
  /** Rows of a block: sizes are padded to multiples of it. */
  static final int ROWS = 4;

  private static final int N = Lanes.N;

  private Blocks() {}

  /**
   * Computes {@code c[rows, cols] (+)= a[rows, depth] · b[depth, cols]}.
   *
   * @param aRow distance of rows of {@code a}
   * @param aCol distance of its columns
   * @param bRow distance of rows of {@code b}, whose columns are neighbours
   * @param rows a multiple of {@link #ROWS}
   * @param cols a multiple of the vector
   * @param cRow distance of rows of {@code c}, whose columns are neighbours
   */
  static void multiply(
      float[] a,
      int aAt,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bRow,
      int rows,
      int cols,
      int depth,
      boolean add,
      float[] c,
      int cAt,
      int cRow) {
    for (int j = 0; j < cols; ) {
      int vectors = Math.min(4, (cols - j) / N);
      for (int i = 0; i < rows; i += ROWS) {
        int x = aAt + i * aRow;
        int y = cAt + i * cRow + j;
        switch (vectors) {
          case 1 -> one(a, x, aRow, aCol, b, bAt + j, bRow, depth, add, c, y, cRow);
          case 2, 3 -> two(a, x, aRow, aCol, b, bAt + j, bRow, depth, add, c, y, cRow);
          default -> four(a, x, aRow, aCol, b, bAt + j, bRow, depth, add, c, y, cRow);
        }
      }
      j += (vectors == 3 ? 2 : vectors) * N;
    }
  }

  private static FloatVector at(float[] x, int i) {
    return FloatVector.fromArray(Lanes.F, x, i);
  }

  private static FloatVector all(float x) {
    return FloatVector.broadcast(Lanes.F, x);
  }

  private static FloatVector start(boolean add, float[] c, int i) {
    return add ? at(c, i) : FloatVector.zero(Lanes.F);
  }

  private static void one(
      float[] a,
      int x,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bRow,
      int depth,
      boolean add,
      float[] c,
      int y,
      int cRow) {
    FloatVector c0 = start(add, c, y);
    FloatVector c1 = start(add, c, y + cRow);
    FloatVector c2 = start(add, c, y + 2 * cRow);
    FloatVector c3 = start(add, c, y + 3 * cRow);
    for (int k = 0; k < depth; k++) {
      FloatVector v = at(b, bAt + k * bRow);
      int i = x + k * aCol;
      c0 = v.fma(all(a[i]), c0);
      c1 = v.fma(all(a[i + aRow]), c1);
      c2 = v.fma(all(a[i + 2 * aRow]), c2);
      c3 = v.fma(all(a[i + 3 * aRow]), c3);
    }
    c0.intoArray(c, y);
    c1.intoArray(c, y + cRow);
    c2.intoArray(c, y + 2 * cRow);
    c3.intoArray(c, y + 3 * cRow);
  }

  private static void two(
      float[] a,
      int x,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bRow,
      int depth,
      boolean add,
      float[] c,
      int y,
      int cRow) {
    int y1 = y + cRow;
    int y2 = y1 + cRow;
    int y3 = y2 + cRow;
    FloatVector c00 = start(add, c, y);
    FloatVector c01 = start(add, c, y + N);
    FloatVector c10 = start(add, c, y1);
    FloatVector c11 = start(add, c, y1 + N);
    FloatVector c20 = start(add, c, y2);
    FloatVector c21 = start(add, c, y2 + N);
    FloatVector c30 = start(add, c, y3);
    FloatVector c31 = start(add, c, y3 + N);
    for (int k = 0; k < depth; k++) {
      int j = bAt + k * bRow;
      FloatVector v0 = at(b, j);
      FloatVector v1 = at(b, j + N);
      int i = x + k * aCol;
      FloatVector w = all(a[i]);
      c00 = w.fma(v0, c00);
      c01 = w.fma(v1, c01);
      w = all(a[i + aRow]);
      c10 = w.fma(v0, c10);
      c11 = w.fma(v1, c11);
      w = all(a[i + 2 * aRow]);
      c20 = w.fma(v0, c20);
      c21 = w.fma(v1, c21);
      w = all(a[i + 3 * aRow]);
      c30 = w.fma(v0, c30);
      c31 = w.fma(v1, c31);
    }
    c00.intoArray(c, y);
    c01.intoArray(c, y + N);
    c10.intoArray(c, y1);
    c11.intoArray(c, y1 + N);
    c20.intoArray(c, y2);
    c21.intoArray(c, y2 + N);
    c30.intoArray(c, y3);
    c31.intoArray(c, y3 + N);
  }

  private static void four(
      float[] a,
      int x,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bRow,
      int depth,
      boolean add,
      float[] c,
      int y,
      int cRow) {
    int y1 = y + cRow;
    int y2 = y1 + cRow;
    int y3 = y2 + cRow;
    FloatVector c00 = start(add, c, y);
    FloatVector c01 = start(add, c, y + N);
    FloatVector c02 = start(add, c, y + 2 * N);
    FloatVector c03 = start(add, c, y + 3 * N);
    FloatVector c10 = start(add, c, y1);
    FloatVector c11 = start(add, c, y1 + N);
    FloatVector c12 = start(add, c, y1 + 2 * N);
    FloatVector c13 = start(add, c, y1 + 3 * N);
    FloatVector c20 = start(add, c, y2);
    FloatVector c21 = start(add, c, y2 + N);
    FloatVector c22 = start(add, c, y2 + 2 * N);
    FloatVector c23 = start(add, c, y2 + 3 * N);
    FloatVector c30 = start(add, c, y3);
    FloatVector c31 = start(add, c, y3 + N);
    FloatVector c32 = start(add, c, y3 + 2 * N);
    FloatVector c33 = start(add, c, y3 + 3 * N);
    for (int k = 0; k < depth; k++) {
      int j = bAt + k * bRow;
      FloatVector v0 = at(b, j);
      FloatVector v1 = at(b, j + N);
      FloatVector v2 = at(b, j + 2 * N);
      FloatVector v3 = at(b, j + 3 * N);
      int i = x + k * aCol;
      FloatVector w = all(a[i]);
      c00 = w.fma(v0, c00);
      c01 = w.fma(v1, c01);
      c02 = w.fma(v2, c02);
      c03 = w.fma(v3, c03);
      w = all(a[i + aRow]);
      c10 = w.fma(v0, c10);
      c11 = w.fma(v1, c11);
      c12 = w.fma(v2, c12);
      c13 = w.fma(v3, c13);
      w = all(a[i + 2 * aRow]);
      c20 = w.fma(v0, c20);
      c21 = w.fma(v1, c21);
      c22 = w.fma(v2, c22);
      c23 = w.fma(v3, c23);
      w = all(a[i + 3 * aRow]);
      c30 = w.fma(v0, c30);
      c31 = w.fma(v1, c31);
      c32 = w.fma(v2, c32);
      c33 = w.fma(v3, c33);
    }
    c00.intoArray(c, y);
    c01.intoArray(c, y + N);
    c02.intoArray(c, y + 2 * N);
    c03.intoArray(c, y + 3 * N);
    c10.intoArray(c, y1);
    c11.intoArray(c, y1 + N);
    c12.intoArray(c, y1 + 2 * N);
    c13.intoArray(c, y1 + 3 * N);
    c20.intoArray(c, y2);
    c21.intoArray(c, y2 + N);
    c22.intoArray(c, y2 + 2 * N);
    c23.intoArray(c, y2 + 3 * N);
    c30.intoArray(c, y3);
    c31.intoArray(c, y3 + N);
    c32.intoArray(c, y3 + 2 * N);
    c33.intoArray(c, y3 + 3 * N);
  }
}
