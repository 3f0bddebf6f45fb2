package org.puna.tensor.cpu.vector;

import java.util.Arrays;

/** Turns decoded rows into the packed columns of {@link Tile}. */
final class Columns {
  private static final int WIDTH = Tile.WIDTH;

  /** Rows and numbers of a row that are turned at a time: what the first-level cache holds. */
  private static final int SQUARE = 16;

  private Columns() {}

  /**
   * Packs {@code columns} rows of {@code depth} numbers: {@code dst[k · WIDTH + c] = src[c · step +
   * k]}, and 0 for the columns that are missing.
   */
  static void pack(float[] src, int step, int columns, int depth, float[] dst) {
    if (columns < WIDTH) Arrays.fill(dst, 0, depth * WIDTH, 0);
    for (int k = 0; k < depth; k += SQUARE) {
      int kEnd = Math.min(depth, k + SQUARE);
      for (int c = 0; c < columns; c++) {
        int from = c * step;
        for (int i = k; i < kEnd; i++) dst[i * WIDTH + c] = src[from + i];
      }
    }
  }
}
