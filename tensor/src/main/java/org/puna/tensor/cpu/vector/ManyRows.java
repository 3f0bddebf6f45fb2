package org.puna.tensor.cpu.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.Team;

/**
 * Products of many rows of activations: the weights are decoded, {@link Tile#WIDTH} rows at a time,
 * into packed columns and multiplied tile by tile.
 */
final class ManyRows {
  /** Numbers of a row that are packed at a time: packed columns stay in the second-level cache. */
  private static final int DEPTH = 512;

  /** Rows that are packed at a time, a multiple of the tile. */
  private static final int BLOCK_ROWS = 768;

  /**
   * Distance of decoded and of packed rows: not a power of two, which would share few lines of the
   * cache.
   */
  private static final int STEP = DEPTH + 16;

  private static final int WIDTH = Tile.WIDTH;
  private static final int ROWS = Tile.ROWS;

  private final Members<Scratch> members;
  private float[] packed = new float[0];

  /** Memory of one member of the team. */
  private static final class Scratch {
    final RowScratch scales = new RowScratch();
    final float[] decoded = new float[WIDTH * STEP];
    final float[] columns = new float[WIDTH * DEPTH];
    final float[] tile = new float[ROWS * WIDTH];
    final float[] square = new float[256];
    final NativeCopy copy;

    Scratch(Arena arena) {
      copy = new NativeCopy(arena);
    }
  }

  /**
   * @param arena for copies of weights that lie in arrays
   */
  ManyRows(Arena arena) {
    members = new Members<>(() -> new Scratch(arena));
  }

  /** Computes {@code y[rows, n] = x[rows, k] · wᵀ + bias}. */
  void multiply(
      Team team,
      StoredRows stored,
      float[] x,
      int rows,
      Tensor w,
      float @Nullable [] bias,
      float[] y) {
    members.reserve(team.size());
    int n = Math.toIntExact(w.dim(0));
    int k = w.rowElements();
    // Blocks of equal size: the weights are decoded once for each.
    int blocks = Math.ceilDiv(rows, BLOCK_ROWS);
    int step = Math.ceilDiv(Math.ceilDiv(rows, blocks), ROWS) * ROWS;
    for (int from = 0; from < rows; from += step) {
      int first = from;
      int count = Math.min(step, rows - from);
      int padded = Math.ceilDiv(count, ROWS) * ROWS;
      int size = Math.ceilDiv(k, DEPTH) * padded * STEP;
      if (packed.length < size) packed = new float[size];
      team.run(count, (r, _) -> pack(x, (first + r) * k, k, r, padded));
      team.run(
          (n + WIDTH - 1) / WIDTH,
          (panel, member) -> panel(stored, members.of(member), w, panel, first, count, bias, y));
    }
  }

  /** Copies a row of {@code x}: for each run of DEPTH columns, the rows one after the other. */
  private void pack(float[] x, int at, int k, int row, int padded) {
    for (int i = 0; i < k; i += DEPTH) {
      int to = i / DEPTH * padded * STEP + row * STEP;
      System.arraycopy(x, at + i, packed, to, Math.min(DEPTH, k - i));
    }
  }

  /** Computes WIDTH columns of the result for a block of rows. */
  private void panel(
      StoredRows stored,
      Scratch s,
      Tensor w,
      int panel,
      int first,
      int count,
      float @Nullable [] bias,
      float[] y) {
    int n = (int) w.dim(0);
    int k = w.rowElements();
    long rowBytes = w.rowBytes();
    int column = panel * WIDTH;
    int columns = Math.min(WIDTH, n - column);
    int padded = Math.ceilDiv(count, ROWS) * ROWS;
    MemorySegment data = s.copy.rows(w, column, column + columns);
    long start = NativeCopy.start(w, column);
    for (int i = 0; i < k; i += DEPTH) {
      int depth = Math.min(DEPTH, k - i);
      for (int c = 0; c < columns; c++) {
        long at = start + c * rowBytes + w.format().bytes(i);
        stored.readScales(data, at, depth, s.scales);
        stored.decode(data, at, s.decoded, c * STEP, depth, s.scales);
      }
      Turn.turn(s.decoded, 0, STEP, columns, depth, s.columns, 0, WIDTH, s.square);
      for (int r = 0; r < count; r += ROWS) {
        Tile.part(
            packed,
            (i / DEPTH * padded + r) * STEP,
            STEP,
            1,
            s.columns,
            0,
            WIDTH,
            depth,
            i > 0,
            y,
            (first + r) * n + column,
            n,
            Math.min(ROWS, count - r),
            columns,
            s.tile);
      }
    }
    if (bias != null) {
      for (int t = first; t < first + count; t++) {
        for (int c = 0; c < columns; c++) y[t * n + column + c] += bias[column + c];
      }
    }
  }
}
