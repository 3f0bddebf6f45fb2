package org.puna.tensor.cpu.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.puna.tensor.cpu.Team;

/**
 * Products of float matrices in any orientation, both operands packed for {@link Tile}. Each number
 * of the result is summed in the same order whatever the team.
 */
final class Gemm {
  /** Inner numbers that are packed at a time: a packed column panel stays in the cache. */
  private static final int DEPTH = 512;

  /** Most rows that a piece of work packs, a multiple of the tile. */
  private static final int BLOCK_ROWS = 120;

  /** Pieces for each member, so that the last ones even out. */
  private static final int PIECES = 4;

  private static final int N = Lanes.N;
  private static final int ROWS = Tile.ROWS;
  private static final int WIDTH = Tile.WIDTH;

  /** A load of eight floats holds the six rows of a tile, where the machine has such vectors. */
  private static final VectorSpecies<Float> EIGHT = FloatVector.SPECIES_256;

  private static final int OVERLAP = 8;

  private float[] columns = new float[0];
  private Scratch[] members = new Scratch[0];

  private static final class Scratch {
    final float[] rows = new float[BLOCK_ROWS * DEPTH + OVERLAP];
    final float[] tile = new float[ROWS * WIDTH];
  }

  /**
   * A matrix in an array.
   *
   * @param x numbers
   * @param at index of the first
   * @param row distance of rows
   * @param col distance of columns; one of the two is 1
   */
  record Matrix(float[] x, int at, int row, int col) {
    /** A matrix stored row by row. */
    static Matrix rows(float[] x, int at, int cols) {
      return new Matrix(x, at, cols, 1);
    }

    Matrix transposed() {
      return new Matrix(x, at, col, row);
    }
  }

  /**
   * Computes {@code c[m, n] (+)= a[m, k] · b[k, n]}.
   *
   * @param cStep distance of the result's rows
   */
  void run(
      Team team,
      int m,
      int n,
      int k,
      Matrix a,
      Matrix b,
      boolean add,
      float[] c,
      int cAt,
      int cStep) {
    grow(team.size());
    int panels = Math.ceilDiv(n, WIDTH);
    int blockRows = blockRows(m, team.size());
    int blocks = Math.ceilDiv(m, blockRows);
    int groups = Math.clamp(Math.ceilDiv(PIECES * team.size(), blocks), 1, panels);
    for (int from = 0; from < k; from += DEPTH) {
      int first = from;
      int depth = Math.min(DEPTH, k - from);
      int size = panels * depth * WIDTH;
      if (columns.length < size) columns = new float[size];
      team.run(
          panels,
          (p, _) -> {
            int j = p * WIDTH;
            packColumns(b, first, depth, j, Math.min(WIDTH, n - j), p * depth * WIDTH);
          });
      boolean more = add || first > 0;
      team.run(
          blocks * groups,
          (piece, member) -> {
            Scratch s = members[member];
            int row = piece / groups * blockRows;
            int rows = Math.min(blockRows, m - row);
            int panel = (int) ((long) panels * (piece % groups) / groups);
            int end = (int) ((long) panels * (piece % groups + 1) / groups);
            packRows(a, row, rows, first, depth, s.rows);
            for (; panel < end; panel++) {
              int j = panel * WIDTH;
              for (int r = 0; r < rows; r += ROWS) {
                Tile.multiply(s.rows, r * depth, columns, panel * depth * WIDTH, depth, s.tile);
                Tile.store(
                    s.tile,
                    Math.min(ROWS, rows - r),
                    Math.min(WIDTH, n - j),
                    more,
                    c,
                    cAt + (row + r) * cStep + j,
                    cStep);
              }
            }
          });
    }
  }

  private void grow(int size) {
    if (members.length >= size) return;
    int from = members.length;
    members = Arrays.copyOf(members, size);
    for (int i = from; i < size; i++) members[i] = new Scratch();
  }

  private static int blockRows(int m, int members) {
    int even = Math.ceilDiv(Math.ceilDiv(m, PIECES * members), ROWS) * ROWS;
    return Math.clamp(even, ROWS, BLOCK_ROWS);
  }

  /** Packs columns: WIDTH numbers for each of {@code depth} rows, 0 where columns are missing. */
  private void packColumns(Matrix b, int first, int depth, int column, int width, int to) {
    float[] dst = columns;
    float[] x = b.x;
    int src = b.at + first * b.row + column * b.col;
    if (width < WIDTH) Arrays.fill(dst, to, to + depth * WIDTH, 0);
    if (b.col != 1) {
      turn(x, src, b.col, width, depth, dst, to);
      return;
    }
    if (width < WIDTH) {
      for (int i = 0; i < depth; i++) {
        System.arraycopy(x, src + i * b.row, dst, to + i * WIDTH, width);
      }
      return;
    }
    for (int i = 0; i < depth; i++) {
      int f = src + i * b.row;
      int t = to + i * WIDTH;
      for (int j = 0; j < WIDTH; j += N) {
        FloatVector.fromArray(Lanes.F, x, f + j).intoArray(dst, t + j);
      }
    }
  }

  /** Turns rows into columns, in squares that the first-level cache holds. */
  private static void turn(
      float[] x, int src, int step, int width, int depth, float[] dst, int to) {
    int square = 16;
    for (int k = 0; k < depth; k += square) {
      int end = Math.min(depth, k + square);
      for (int c = 0; c < width; c++) {
        int f = src + c * step;
        for (int i = k; i < end; i++) dst[to + i * WIDTH + c] = x[f + i];
      }
    }
  }

  /** Packs rows: for each group of six, six numbers for each of {@code depth} columns. */
  private static void packRows(Matrix a, int row, int rows, int first, int depth, float[] dst) {
    for (int r = 0; r < rows; r += ROWS) {
      int src = a.at + (row + r) * a.row + first * a.col;
      int to = r * depth;
      if (rows - r < ROWS) {
        few(a, src, rows - r, depth, dst, to);
      } else if (a.col == 1) {
        six(a.x, src, a.row, depth, dst, to);
      } else {
        runs(a, src, depth, dst, to);
      }
    }
  }

  private static void six(float[] x, int src, int step, int depth, float[] dst, int to) {
    int s1 = src + step;
    int s2 = s1 + step;
    int s3 = s2 + step;
    int s4 = s3 + step;
    int s5 = s4 + step;
    for (int i = 0, t = to; i < depth; i++, t += ROWS) {
      dst[t] = x[src + i];
      dst[t + 1] = x[s1 + i];
      dst[t + 2] = x[s2 + i];
      dst[t + 3] = x[s3 + i];
      dst[t + 4] = x[s4 + i];
      dst[t + 5] = x[s5 + i];
    }
  }

  /** Six neighbours at a time; what is copied beyond them is overwritten by the next. */
  private static void runs(Matrix a, int src, int depth, float[] dst, int to) {
    float[] x = a.x;
    int i = 0;
    if (N >= OVERLAP) {
      for (; i < depth && src + i * a.col + OVERLAP <= x.length; i++) {
        FloatVector.fromArray(EIGHT, x, src + i * a.col).intoArray(dst, to + i * ROWS);
      }
    }
    for (; i < depth; i++) {
      for (int r = 0; r < ROWS; r++) dst[to + i * ROWS + r] = x[src + i * a.col + r];
    }
  }

  private static void few(Matrix a, int src, int rows, int depth, float[] dst, int to) {
    Arrays.fill(dst, to, to + depth * ROWS, 0);
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < depth; i++) {
        dst[to + i * ROWS + r] = a.x[src + r * a.row + i * a.col];
      }
    }
  }
}
