package org.puna.tensor.cpu.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.puna.tensor.cpu.Team;

/**
 * Products of float matrices in any orientation. Columns are packed into panels for {@link Tile};
 * rows are read where they lie, or copied by columns where their numbers are no neighbours. Each
 * number of the result is summed in the same order whatever the team.
 *
 * <p>Members share the work by what is largest: blocks of rows with columns packed once for all;
 * panels of columns, each packed by whoever multiplies it; or, for a long inner dimension and a
 * small result, ranges of that dimension, whose results are added at the end.
 */
final class Gemm {
  /** Inner numbers that are packed at a time: a packed panel stays in the second-level cache. */
  private static final int DEPTH = 512;

  /** Distance of packed rows: not a power of two, which would share few lines of the cache. */
  private static final int STEP = DEPTH + 16;

  /** Most rows of a piece of work, a multiple of the tile: they stay in the second-level cache. */
  private static final int BLOCK_ROWS = 120;

  /** Inner numbers of a piece of packing. */
  private static final int PACKED = 128;

  /** Pieces for each member, so that the last ones even out. */
  private static final int PIECES = 4;

  /** Ranges of the inner dimension that are summed apart, so many whatever the team. */
  private static final int RANGES = 4;

  /** Largest result that is summed in ranges. */
  private static final int SMALL = 1 << 20;

  private static final int N = Lanes.N;
  private static final int ROWS = Tile.ROWS;
  private static final int WIDTH = Tile.WIDTH;

  private float[] columns = new float[0];
  private float[] ranges = new float[0];
  private final Members<Scratch> members = new Members<>(Scratch::new);

  private static final class Scratch {
    final float[] rows = new float[BLOCK_ROWS * STEP];
    final float[] tile = new float[ROWS * WIDTH];
    final float[] square = new float[256];
    float[] columns = new float[0];
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
    members.reserve(team.size());
    if ((long) m * n <= SMALL && k >= RANGES * DEPTH && a.col != 1) {
      byRanges(team, m, n, k, a, b, add, c, cAt, cStep);
    } else if (n > 2 * m && a.col == 1) {
      byPanels(team, m, n, k, a, b, add, c, cAt, cStep);
    } else {
      byRows(team, m, n, k, a, b, add, c, cAt, cStep);
    }
  }

  private void byRows(
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
    int panels = Math.ceilDiv(n, WIDTH);
    int blockRows = blockRows(m, team.size());
    int blocks = Math.ceilDiv(m, blockRows);
    int groups = Math.clamp(Math.ceilDiv(PIECES * team.size(), blocks), 1, panels);
    for (int from = 0; from < k; from += DEPTH) {
      int first = from;
      int depth = Math.min(DEPTH, k - from);
      int size = panels * depth * WIDTH;
      if (columns.length < size) columns = new float[size];
      float[] packed = columns;
      int cuts = Math.ceilDiv(depth, PACKED);
      team.run(
          cuts,
          (cut, member) -> {
            int i = cut * PACKED;
            int some = Math.min(PACKED, depth - i);
            packColumns(b, first + i, some, 0, n, packed, i * WIDTH, depth, members.of(member));
          });
      boolean more = add || first > 0;
      team.run(
          blocks * groups,
          (piece, member) -> {
            int row = piece / groups * blockRows;
            int rows = Math.min(blockRows, m - row);
            int panel = (int) ((long) panels * (piece % groups) / groups);
            int end = (int) ((long) panels * (piece % groups + 1) / groups);
            int columns = Math.min(n, end * WIDTH) - panel * WIDTH;
            int at = panel * depth * WIDTH;
            int to = cAt + row * cStep + panel * WIDTH;
            Scratch s = members.of(member);
            block(s, a, row, rows, first, depth, packed, at, columns, more, c, to, cStep);
          });
    }
  }

  private void byPanels(
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
    team.run(
        Math.ceilDiv(n, WIDTH),
        (panel, member) -> {
          Scratch s = members.of(member);
          if (s.columns.length < DEPTH * WIDTH) s.columns = new float[DEPTH * WIDTH];
          int j = panel * WIDTH;
          int width = Math.min(WIDTH, n - j);
          for (int first = 0; first < k; first += DEPTH) {
            int depth = Math.min(DEPTH, k - first);
            packColumns(b, first, depth, j, width, s.columns, 0, depth, s);
            boolean more = add || first > 0;
            block(s, a, 0, m, first, depth, s.columns, 0, width, more, c, cAt + j, cStep);
          }
        });
  }

  private void byRanges(
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
    int size = m * n;
    if (ranges.length < RANGES * size) ranges = new float[RANGES * size];
    float[] sums = ranges;
    team.run(
        RANGES,
        (range, member) -> {
          Scratch s = members.of(member);
          int from = (int) ((long) k * range / RANGES);
          int end = (int) ((long) k * (range + 1) / RANGES);
          int columns = Math.ceilDiv(n, WIDTH) * WIDTH * DEPTH;
          if (s.columns.length < columns) s.columns = new float[columns];
          for (int first = from; first < end; first += DEPTH) {
            int depth = Math.min(DEPTH, end - first);
            packColumns(b, first, depth, 0, n, s.columns, 0, depth, s);
            for (int row = 0; row < m; row += BLOCK_ROWS) {
              int rows = Math.min(BLOCK_ROWS, m - row);
              int to = range * size + row * n;
              boolean more = first > from;
              block(s, a, row, rows, first, depth, s.columns, 0, n, more, sums, to, n);
            }
          }
        });
    team.run(
        m,
        (row, _) -> {
          int to = cAt + row * cStep;
          if (!add) Arrays.fill(c, to, to + n, 0);
          for (int r = 0; r < RANGES; r++) add(c, to, sums, r * size + row * n, n);
        });
  }

  private static void add(float[] y, int yAt, float[] x, int xAt, int n) {
    int i = 0;
    for (; i <= n - N; i += N) {
      FloatVector v = FloatVector.fromArray(Lanes.F, x, xAt + i);
      v.add(FloatVector.fromArray(Lanes.F, y, yAt + i)).intoArray(y, yAt + i);
    }
    for (; i < n; i++) y[yAt + i] += x[xAt + i];
  }

  /** Multiplies rows with packed columns, a panel at a time. */
  private static void block(
      Scratch s,
      Matrix a,
      int row,
      int rows,
      int first,
      int depth,
      float[] packed,
      int at,
      int columns,
      boolean add,
      float[] c,
      int cAt,
      int cStep) {
    int src = a.at + row * a.row + first * a.col;
    boolean byColumns = a.col != 1;
    int whole = byColumns ? 0 : rows - rows % ROWS;
    // The tile reads six rows: the last few are copied, lest it read beyond the array.
    if (byColumns) copy(a.x, src, a.col, depth, rows, s.rows, 0, BLOCK_ROWS);
    else copy(a.x, src + whole * a.row, a.row, rows - whole, depth, s.rows, 0, STEP);
    int copiedRow = byColumns ? 1 : STEP;
    int copiedCol = byColumns ? BLOCK_ROWS : 1;
    for (int j = 0; j < columns; j += WIDTH) {
      int width = Math.min(WIDTH, columns - j);
      for (int r = 0; r < rows; r += ROWS) {
        boolean there = r < whole;
        Tile.part(
            there ? a.x : s.rows,
            there ? src + r * a.row : (r - whole) * copiedRow,
            there ? a.row : copiedRow,
            there ? 1 : copiedCol,
            packed,
            at + j * depth,
            WIDTH,
            depth,
            add,
            c,
            cAt + r * cStep + j,
            cStep,
            Math.min(ROWS, rows - r),
            width,
            s.tile);
      }
    }
  }

  private static int blockRows(int m, int members) {
    int even = Math.ceilDiv(Math.ceilDiv(m, PIECES * members), ROWS) * ROWS;
    return Math.clamp(even, ROWS, BLOCK_ROWS);
  }

  /**
   * Packs columns into panels: for each of {@code depth} rows WIDTH numbers, of which those behind
   * the last column are not used.
   *
   * @param panelDepth rows that a panel has in all
   */
  private static void packColumns(
      Matrix b,
      int first,
      int depth,
      int column,
      int width,
      float[] to,
      int toAt,
      int panelDepth,
      Scratch s) {
    int src = b.at + first * b.row + column * b.col;
    if (b.col == 1) {
      for (int i = 0; i < depth; i++) {
        for (int j = 0; j < width; j += WIDTH) {
          int n = Math.min(WIDTH, width - j);
          System.arraycopy(b.x, src + i * b.row + j, to, toAt + j * panelDepth + i * WIDTH, n);
        }
      }
      return;
    }
    for (int j = 0; j < width; j += WIDTH) {
      int n = Math.min(WIDTH, width - j);
      int at = toAt + j * panelDepth;
      Turn.turn(b.x, src + j * b.col, b.col, n, depth, to, at, WIDTH, s.square);
    }
  }

  private static void copy(
      float[] from, int at, int step, int rows, int cols, float[] to, int toAt, int toStep) {
    for (int r = 0; r < rows; r++) {
      System.arraycopy(from, at + r * step, to, toAt + r * toStep, cols);
    }
  }
}
