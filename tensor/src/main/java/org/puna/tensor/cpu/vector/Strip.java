package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;

/**
 * A product of few rows with two vectors of columns, all sums in registers: for the few queries
 * that one token has for a head of keys, where {@link Tile} would multiply rows that are not there.
 */
final class Strip {
  private static final int N = Lanes.N;

  /** Columns of a strip. */
  static final int WIDTH = 2 * N;

  private Strip() {}

  /**
   * Computes {@code c[rows, WIDTH] (+)= a[rows, depth] · b[depth, WIDTH]}.
   *
   * @param aStep distance of rows of {@code a}, whose columns are neighbours
   * @param rows any number; four at a time are fastest
   * @param bStep distance of rows of {@code b}, whose columns are neighbours
   * @param add whether to add to what {@code c} holds
   * @param cStep distance of rows of {@code c}
   */
  static void multiply(
      float[] a,
      int aAt,
      int aStep,
      int rows,
      float[] b,
      int bAt,
      int bStep,
      int depth,
      boolean add,
      float[] c,
      int cAt,
      int cStep) {
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      four(a, aAt + r * aStep, aStep, b, bAt, bStep, depth, add, c, cAt + r * cStep, cStep);
    }
    if (r + 2 <= rows) {
      two(a, aAt + r * aStep, aStep, b, bAt, bStep, depth, add, c, cAt + r * cStep, cStep);
      r += 2;
    }
    if (r < rows) one(a, aAt + r * aStep, b, bAt, bStep, depth, add, c, cAt + r * cStep);
  }

  /**
   * Multiplies with two matrices side by side: {@code c[rows, WIDTH] = a · b} and the same with
   * {@code far} at {@code farAt}. Memory is read as two streams, which is faster than one after the
   * other.
   *
   * @param rows any number; four at a time are fastest
   * @param far has the layout of {@code b}
   * @param cFar where the second product goes
   */
  static void beside(
      float[] a,
      int aAt,
      int aStep,
      int rows,
      float[] b,
      float[] far,
      int bAt,
      int bStep,
      int depth,
      float[] c,
      int cAt,
      int cFar,
      int cStep) {
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      int at = r * cStep;
      fourBeside(
          a, aAt + r * aStep, aStep, b, far, bAt, bStep, depth, c, cAt + at, cFar + at, cStep);
    }
    if (r == rows) return;
    int from = aAt + r * aStep;
    multiply(a, from, aStep, rows - r, b, bAt, bStep, depth, false, c, cAt + r * cStep, cStep);
    multiply(a, from, aStep, rows - r, far, bAt, bStep, depth, false, c, cFar + r * cStep, cStep);
  }

  /**
   * Adds two products: {@code c[rows, WIDTH] += a · b + a' · far}, read as two streams.
   *
   * @param aFar where {@code a'} starts in {@code a}
   * @param rows any number; four at a time are fastest
   * @param far has the layout of {@code b}
   */
  static void addBoth(
      float[] a,
      int aAt,
      int aFar,
      int aStep,
      int rows,
      float[] b,
      float[] far,
      int bAt,
      int bStep,
      int depth,
      float[] c,
      int cAt,
      int cStep) {
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      int at = r * aStep;
      fourBoth(a, aAt + at, aFar + at, aStep, b, far, bAt, bStep, depth, c, cAt + r * cStep, cStep);
    }
    if (r == rows) return;
    int at = r * aStep;
    int to = cAt + r * cStep;
    multiply(a, aAt + at, aStep, rows - r, b, bAt, bStep, depth, true, c, to, cStep);
    multiply(a, aFar + at, aStep, rows - r, far, bAt, bStep, depth, true, c, to, cStep);
  }

  private static void four(
      float[] a,
      int aAt,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      int depth,
      boolean add,
      float[] c,
      int cAt,
      int cStep) {
    FloatVector c00 = Tile.start(add, c, cAt);
    FloatVector c01 = Tile.start(add, c, cAt + N);
    FloatVector c10 = Tile.start(add, c, cAt + cStep);
    FloatVector c11 = Tile.start(add, c, cAt + cStep + N);
    FloatVector c20 = Tile.start(add, c, cAt + 2 * cStep);
    FloatVector c21 = Tile.start(add, c, cAt + 2 * cStep + N);
    FloatVector c30 = Tile.start(add, c, cAt + 3 * cStep);
    FloatVector c31 = Tile.start(add, c, cAt + 3 * cStep + N);
    int a1 = aAt + aStep;
    int a2 = aAt + 2 * aStep;
    int a3 = aAt + 3 * aStep;
    for (int k = 0, i = bAt; k < depth; k++, i += bStep) {
      FloatVector b0 = FloatVector.fromArray(Lanes.F, b, i);
      FloatVector b1 = FloatVector.fromArray(Lanes.F, b, i + N);
      FloatVector x = Lanes.all(a[aAt + k]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = Lanes.all(a[a1 + k]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = Lanes.all(a[a2 + k]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = Lanes.all(a[a3 + k]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + N);
    c10.intoArray(c, cAt + cStep);
    c11.intoArray(c, cAt + cStep + N);
    c20.intoArray(c, cAt + 2 * cStep);
    c21.intoArray(c, cAt + 2 * cStep + N);
    c30.intoArray(c, cAt + 3 * cStep);
    c31.intoArray(c, cAt + 3 * cStep + N);
  }

  private static void fourBeside(
      float[] a,
      int aAt,
      int aStep,
      float[] b,
      float[] far,
      int bAt,
      int bStep,
      int depth,
      float[] c,
      int cAt,
      int cFar,
      int cStep) {
    FloatVector c00 = FloatVector.zero(Lanes.F);
    FloatVector c01 = c00;
    FloatVector c02 = c00;
    FloatVector c03 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c12 = c00;
    FloatVector c13 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c22 = c00;
    FloatVector c23 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    FloatVector c32 = c00;
    FloatVector c33 = c00;
    int a1 = aAt + aStep;
    int a2 = aAt + 2 * aStep;
    int a3 = aAt + 3 * aStep;
    for (int k = 0, i = bAt; k < depth; k++, i += bStep) {
      FloatVector b0 = FloatVector.fromArray(Lanes.F, b, i);
      FloatVector b1 = FloatVector.fromArray(Lanes.F, b, i + N);
      FloatVector b2 = FloatVector.fromArray(Lanes.F, far, i);
      FloatVector b3 = FloatVector.fromArray(Lanes.F, far, i + N);
      FloatVector x = Lanes.all(a[aAt + k]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      c02 = x.fma(b2, c02);
      c03 = x.fma(b3, c03);
      x = Lanes.all(a[a1 + k]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      c12 = x.fma(b2, c12);
      c13 = x.fma(b3, c13);
      x = Lanes.all(a[a2 + k]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      c22 = x.fma(b2, c22);
      c23 = x.fma(b3, c23);
      x = Lanes.all(a[a3 + k]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      c32 = x.fma(b2, c32);
      c33 = x.fma(b3, c33);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + N);
    c02.intoArray(c, cFar);
    c03.intoArray(c, cFar + N);
    c10.intoArray(c, cAt + cStep);
    c11.intoArray(c, cAt + cStep + N);
    c12.intoArray(c, cFar + cStep);
    c13.intoArray(c, cFar + cStep + N);
    c20.intoArray(c, cAt + 2 * cStep);
    c21.intoArray(c, cAt + 2 * cStep + N);
    c22.intoArray(c, cFar + 2 * cStep);
    c23.intoArray(c, cFar + 2 * cStep + N);
    c30.intoArray(c, cAt + 3 * cStep);
    c31.intoArray(c, cAt + 3 * cStep + N);
    c32.intoArray(c, cFar + 3 * cStep);
    c33.intoArray(c, cFar + 3 * cStep + N);
  }

  private static void fourBoth(
      float[] a,
      int aAt,
      int aFar,
      int aStep,
      float[] b,
      float[] far,
      int bAt,
      int bStep,
      int depth,
      float[] c,
      int cAt,
      int cStep) {
    FloatVector c00 = FloatVector.fromArray(Lanes.F, c, cAt);
    FloatVector e00 = FloatVector.zero(Lanes.F);
    FloatVector c01 = FloatVector.fromArray(Lanes.F, c, cAt + N);
    FloatVector e01 = FloatVector.zero(Lanes.F);
    FloatVector c10 = FloatVector.fromArray(Lanes.F, c, cAt + cStep);
    FloatVector e10 = FloatVector.zero(Lanes.F);
    FloatVector c11 = FloatVector.fromArray(Lanes.F, c, cAt + cStep + N);
    FloatVector e11 = FloatVector.zero(Lanes.F);
    FloatVector c20 = FloatVector.fromArray(Lanes.F, c, cAt + 2 * cStep);
    FloatVector e20 = FloatVector.zero(Lanes.F);
    FloatVector c21 = FloatVector.fromArray(Lanes.F, c, cAt + 2 * cStep + N);
    FloatVector e21 = FloatVector.zero(Lanes.F);
    FloatVector c30 = FloatVector.fromArray(Lanes.F, c, cAt + 3 * cStep);
    FloatVector e30 = FloatVector.zero(Lanes.F);
    FloatVector c31 = FloatVector.fromArray(Lanes.F, c, cAt + 3 * cStep + N);
    FloatVector e31 = FloatVector.zero(Lanes.F);
    int a1 = aAt + aStep;
    int a2 = aAt + 2 * aStep;
    int a3 = aAt + 3 * aStep;
    int apart = aFar - aAt;
    for (int k = 0, i = bAt; k < depth; k++, i += bStep) {
      FloatVector b0 = FloatVector.fromArray(Lanes.F, b, i);
      FloatVector b1 = FloatVector.fromArray(Lanes.F, b, i + N);
      FloatVector far0 = FloatVector.fromArray(Lanes.F, far, i);
      FloatVector far1 = FloatVector.fromArray(Lanes.F, far, i + N);
      FloatVector x = Lanes.all(a[aAt + k]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = Lanes.all(a[aAt + apart + k]);
      e00 = x.fma(far0, e00);
      e01 = x.fma(far1, e01);
      x = Lanes.all(a[a1 + k]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = Lanes.all(a[a1 + apart + k]);
      e10 = x.fma(far0, e10);
      e11 = x.fma(far1, e11);
      x = Lanes.all(a[a2 + k]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = Lanes.all(a[a2 + apart + k]);
      e20 = x.fma(far0, e20);
      e21 = x.fma(far1, e21);
      x = Lanes.all(a[a3 + k]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = Lanes.all(a[a3 + apart + k]);
      e30 = x.fma(far0, e30);
      e31 = x.fma(far1, e31);
    }
    c00.add(e00).intoArray(c, cAt);
    c01.add(e01).intoArray(c, cAt + N);
    c10.add(e10).intoArray(c, cAt + cStep);
    c11.add(e11).intoArray(c, cAt + cStep + N);
    c20.add(e20).intoArray(c, cAt + 2 * cStep);
    c21.add(e21).intoArray(c, cAt + 2 * cStep + N);
    c30.add(e30).intoArray(c, cAt + 3 * cStep);
    c31.add(e31).intoArray(c, cAt + 3 * cStep + N);
  }

  private static void two(
      float[] a,
      int aAt,
      int aStep,
      float[] b,
      int bAt,
      int bStep,
      int depth,
      boolean add,
      float[] c,
      int cAt,
      int cStep) {
    FloatVector c00 = Tile.start(add, c, cAt);
    FloatVector c01 = Tile.start(add, c, cAt + N);
    FloatVector c10 = Tile.start(add, c, cAt + cStep);
    FloatVector c11 = Tile.start(add, c, cAt + cStep + N);
    int a1 = aAt + aStep;
    for (int k = 0, i = bAt; k < depth; k++, i += bStep) {
      FloatVector b0 = FloatVector.fromArray(Lanes.F, b, i);
      FloatVector b1 = FloatVector.fromArray(Lanes.F, b, i + N);
      FloatVector x = Lanes.all(a[aAt + k]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = Lanes.all(a[a1 + k]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + N);
    c10.intoArray(c, cAt + cStep);
    c11.intoArray(c, cAt + cStep + N);
  }

  private static void one(
      float[] a,
      int aAt,
      float[] b,
      int bAt,
      int bStep,
      int depth,
      boolean add,
      float[] c,
      int cAt) {
    FloatVector c00 = Tile.start(add, c, cAt);
    FloatVector c01 = Tile.start(add, c, cAt + N);
    for (int k = 0, i = bAt; k < depth; k++, i += bStep) {
      FloatVector b0 = FloatVector.fromArray(Lanes.F, b, i);
      FloatVector b1 = FloatVector.fromArray(Lanes.F, b, i + N);
      FloatVector x = Lanes.all(a[aAt + k]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + N);
  }
}
