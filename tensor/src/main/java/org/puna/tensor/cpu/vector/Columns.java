package org.puna.tensor.cpu.vector;

/** Turns decoded rows into the packed columns of {@link Tile}. */
final class Columns {
  private static final int WIDTH = Tile.WIDTH;

  private Columns() {}

  /**
   * Packs {@code columns} rows of {@code depth} numbers: {@code dst[k · WIDTH + c] = src[c · step +
   * k]}, and 0 for the columns that are missing.
   *
   * <p>Writes run after run: the long inner loop over columns, strided in what it reads, is three
   * times as fast as one over short squares.
   */
  static void pack(float[] src, int step, int columns, int depth, float[] dst) {
    for (int k = 0; k < depth; k++) {
      int to = k * WIDTH;
      for (int c = 0; c < columns; c++) dst[to + c] = src[c * step + k];
      for (int c = columns; c < WIDTH; c++) dst[to + c] = 0;
    }
  }
}
