package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Turns rows into columns. With 512 bits in squares of 16 × 16, by exchanging halves, then
 * quarters, down to single numbers, of pairs of rows.
 *
 * @see "Eklundh 1972, A Fast Computer Method for Matrix Transposing"
 */
final class Turn {
  private static final int N = Lanes.N;

  /** Side of a square. */
  private static final int SIDE = 16;

  private static final boolean SQUARES = N == SIDE;

  private static final VectorShuffle<Float> SWAP8 = swap(8);
  private static final VectorShuffle<Float> SWAP4 = swap(4);
  private static final VectorShuffle<Float> SWAP2 = swap(2);
  private static final VectorShuffle<Float> SWAP1 = swap(1);
  private static final VectorMask<Float> HIGH8 = high(8);
  private static final VectorMask<Float> HIGH4 = high(4);
  private static final VectorMask<Float> HIGH2 = high(2);
  private static final VectorMask<Float> HIGH1 = high(1);

  private Turn() {}

  private static VectorShuffle<Float> swap(int distance) {
    return VectorShuffle.fromOp(Lanes.F, i -> (i ^ distance) % N);
  }

  /** The lanes whose number has a bit set. */
  private static VectorMask<Float> high(int bit) {
    boolean[] set = new boolean[N];
    for (int i = 0; i < N; i++) set[i] = (i & bit) != 0;
    return VectorMask.fromArray(Lanes.F, set, 0);
  }

  /**
   * Sets {@code to[toAt + c · toStep + r] = from[fromAt + r · fromStep + c]} for all rows r and
   * columns c.
   *
   * @param square scratch memory for {@value #SIDE} · {@value #SIDE} numbers
   */
  static void turn(
      float[] from,
      int fromAt,
      int fromStep,
      int rows,
      int cols,
      float[] to,
      int toAt,
      int toStep,
      float[] square) {
    int wholeRows = SQUARES ? rows - rows % SIDE : 0;
    int wholeCols = SQUARES ? cols - cols % SIDE : 0;
    for (int r = 0; r < wholeRows; r += SIDE) {
      for (int c = 0; c < wholeCols; c += SIDE) {
        far(from, fromAt + r * fromStep + c, fromStep, square);
        near(square, to, toAt + c * toStep + r, toStep);
      }
    }
    for (int c = 0; c < cols; c++) {
      for (int r = c < wholeCols ? wholeRows : 0; r < rows; r++) {
        to[toAt + c * toStep + r] = from[fromAt + r * fromStep + c];
      }
    }
  }

  /** Exchanges halves of rows eight apart and quarters of rows four apart. */
  private static void far(float[] from, int at, int step, float[] square) {
    for (int i = 0; i < 4; i++) {
      int row = at + i * step;
      FloatVector a = FloatVector.fromArray(Lanes.F, from, row);
      FloatVector b = FloatVector.fromArray(Lanes.F, from, row + 4 * step);
      FloatVector c = FloatVector.fromArray(Lanes.F, from, row + 8 * step);
      FloatVector d = FloatVector.fromArray(Lanes.F, from, row + 12 * step);
      FloatVector a8 = a.blend(c.rearrange(SWAP8), HIGH8);
      FloatVector c8 = a.rearrange(SWAP8).blend(c, HIGH8);
      FloatVector b8 = b.blend(d.rearrange(SWAP8), HIGH8);
      FloatVector d8 = b.rearrange(SWAP8).blend(d, HIGH8);
      int to = i * SIDE;
      a8.blend(b8.rearrange(SWAP4), HIGH4).intoArray(square, to);
      a8.rearrange(SWAP4).blend(b8, HIGH4).intoArray(square, to + 4 * SIDE);
      c8.blend(d8.rearrange(SWAP4), HIGH4).intoArray(square, to + 8 * SIDE);
      c8.rearrange(SWAP4).blend(d8, HIGH4).intoArray(square, to + 12 * SIDE);
    }
  }

  /** Exchanges pairs of rows two apart and numbers of neighbouring rows. */
  private static void near(float[] square, float[] to, int at, int step) {
    for (int i = 0; i < SIDE; i += 4) {
      int from = i * SIDE;
      FloatVector a = FloatVector.fromArray(Lanes.F, square, from);
      FloatVector b = FloatVector.fromArray(Lanes.F, square, from + SIDE);
      FloatVector c = FloatVector.fromArray(Lanes.F, square, from + 2 * SIDE);
      FloatVector d = FloatVector.fromArray(Lanes.F, square, from + 3 * SIDE);
      FloatVector a2 = a.blend(c.rearrange(SWAP2), HIGH2);
      FloatVector c2 = a.rearrange(SWAP2).blend(c, HIGH2);
      FloatVector b2 = b.blend(d.rearrange(SWAP2), HIGH2);
      FloatVector d2 = b.rearrange(SWAP2).blend(d, HIGH2);
      int row = at + i * step;
      a2.blend(b2.rearrange(SWAP1), HIGH1).intoArray(to, row);
      a2.rearrange(SWAP1).blend(b2, HIGH1).intoArray(to, row + step);
      c2.blend(d2.rearrange(SWAP1), HIGH1).intoArray(to, row + 2 * step);
      c2.rearrange(SWAP1).blend(d2, HIGH1).intoArray(to, row + 3 * step);
    }
  }
}
